"""What is wrong with keyword files, told by commands that read them and make no call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from crawler.cli.output import say
from crawler.i18n.problems import problem_text
from crawler.model import Keyword, Problem


def usable(items: Iterable[Keyword | Problem]) -> Iterator[Keyword]:
    """The keywords; each problem is said on standard error as it is met."""
    for item in items:
        if isinstance(item, Problem):
            say(problem_text(item), err=True)
        else:
            yield item
