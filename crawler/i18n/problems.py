"""What is wrong with a keyword file, in words."""

from __future__ import annotations

from crawler.i18n import _, as_it_stands
from crawler.i18n.formatting import also
from crawler.model import Problem


def problem_text(problem: Problem) -> str:
    """Where it is, what it is, and whether it costs the line its keyword."""
    told = as_it_stands("%s: %s") % (problem.source, problem.message)
    return also(told, _("the line is skipped")) if problem.line_skipped else told
