"""Proof that a database is complete, and the mending of what is not."""

from crawler.verify.checks import Findings, Gap, Totals, examine
from crawler.verify.mend import Mended, mend

__all__ = ["Findings", "Gap", "Mended", "Totals", "examine", "mend"]
