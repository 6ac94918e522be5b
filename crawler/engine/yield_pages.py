"""What is known of one keyword's pages, and counts beside what was expected of them."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from crawler.engine.keyword_history import PAGE_SIZE, FreshKeyword, KeywordHistory, Look

FACTS_DAYS_MAX = 60.0
"""Days that a creator's facts can be old; older ones count no more."""


class Sum:
    """What was found, and what was expected."""

    __slots__ = ("expected", "found")

    def __init__(self) -> None:
        self.found = self.expected = 0.0

    def add(self, found: float, expected: float) -> None:
        """Counts one more look."""
        self.found += found
        self.expected += expected

    def copy(self) -> Sum:
        """One that can change by itself."""
        other = Sum()
        other.add(self.found, self.expected)
        return other

    def factor(self, c: float) -> float:
        """The posterior mean of a factor that is 1 ± 1/√c beforehand."""
        return (c + self.found) / (c + self.expected)


class Depth(IntEnum):
    """Pages that renew at different speeds, and those that nobody has looked at. The last page, with what
    came after it, is apart from those between: some lists put newcomers at their end."""

    FIRST = 0
    DEEPER = 1
    LAST = 2
    UNREAD = 3


RENEWING = (Depth.FIRST, Depth.DEEPER, Depth.LAST)
"""Those of pages that were looked at before."""


class Rates(NamedTuple):
    """New creators a day of a keyword's first page, of one between, and of its last one."""

    first: float
    deeper: float
    last: float


class KeywordPages:
    """What is known of one keyword's pages: when each was last looked at, its entries, where the end is, and
    when an end was last seen, behind which there was nothing."""

    __slots__ = ("days_ago", "end", "ended", "entries", "options", "unread")

    def __init__(self, options: KeywordHistory | FreshKeyword) -> None:
        self.options = options
        self.days_ago: dict[int, float] = {}
        self.entries: dict[int, int] = {}
        self.end: int | None = None
        self.ended: float | None = None
        self.unread = Sum()

    def copy(self) -> KeywordPages:
        """One that can change by itself."""
        other = KeywordPages(self.options)
        other.days_ago, other.entries = dict(self.days_ago), dict(self.entries)
        other.end, other.ended, other.unread = self.end, self.ended, self.unread.copy()
        return other

    def seen_days_ago(self, page: int) -> float | None:
        """When who is on a page now may have been seen last: at a look at it, or, where there was none, when
        the list ended before it. None for a page nobody has come to."""
        return self.days_ago.get(page, self.ended)

    def is_at_end(self, page: int) -> bool:
        """Whether a page that was seen before is the last one, or came after it since."""
        return page not in self.days_ago or (self.end is not None and page >= self.end)

    def depth(self, page: int) -> Depth:
        """That of a page that was looked at before, as the keyword's end was then."""
        if page == 1:
            return Depth.FIRST
        return Depth.LAST if self.is_at_end(page) else Depth.DEEPER

    def days_of_facts(self, page: int, new: float) -> float:
        """The days that the facts of all creators on a page are old, taken together, where `new` of them are
        new to the database; 0 for a page nobody has looked at."""
        return max(0.0, self.entries.get(page, 0) - new) * min(self.days_ago.get(page, 0.0), FACTS_DAYS_MAX)

    def beyond(self, page: int, rates: Rates) -> float:
        """What a page after the last one should bring: it is there once newcomers have filled that up."""
        end = self.end or 0
        if page > end + 1:
            return 0.0
        days = self.seen_days_ago(page) or 0.0
        last = rates.last * days if end > 1 else 0.0
        grown = rates.first * days + rates.deeper * days * max(0, end - 2) + last
        room = PAGE_SIZE - self.entries.get(end, PAGE_SIZE // 2)
        return rates.last * days * min(1.0, max(0.0, (grown - room) / PAGE_SIZE))

    def take(self, look: Look) -> None:
        """Keeps where the keyword ends as of this look."""
        if look.last or not look.entries:
            self.end, self.ended = look.page if look.entries else look.page - 1, look.days_ago
        elif self.end is not None and look.page > self.end:
            self.end = None
        self.days_ago[look.page] = look.days_ago
        self.entries[look.page] = look.entries
