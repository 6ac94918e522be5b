"""Several databases into one: every creator once, everything that was paid for kept, nothing counted twice.

What it hides: rows get names that hold in every database (`sql`), equal ones are joined by rules that do not
depend on the order, and the result is numbered anew.
"""

from crawler.maintenance.merge.merge import merge
from crawler.maintenance.merge.steps import Merged

__all__ = ["Merged", "merge"]
