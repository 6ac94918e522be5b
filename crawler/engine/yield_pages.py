"""What is known of one keyword's pages, and counts beside what was expected of them."""

from __future__ import annotations

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


class Rates(NamedTuple):
    """New creators a day of a keyword's first page, and of a deeper one."""

    first: float
    deeper: float


class KeywordPages:
    """What is known of one keyword's pages: when each was last looked at, its entries, where the end is."""

    __slots__ = ("days_ago", "end", "entries", "options", "unread")

    def __init__(self, options: KeywordHistory | FreshKeyword) -> None:
        self.options = options
        self.days_ago: dict[int, float] = {}
        self.entries: dict[int, int] = {}
        self.end: int | None = None
        self.unread = Sum()

    def copy(self) -> KeywordPages:
        """One that can change by itself."""
        other = KeywordPages(self.options)
        other.days_ago, other.entries = dict(self.days_ago), dict(self.entries)
        other.end, other.unread = self.end, self.unread.copy()
        return other

    def days_of_facts(self, page: int, new: float) -> float:
        """The days that the facts of all creators on a page are old, taken together, where `new` of them are
        new to the database; 0 for a page nobody has looked at."""
        return max(0.0, self.entries.get(page, 0) - new) * min(self.days_ago.get(page, 0.0), FACTS_DAYS_MAX)

    def beyond(self, page: int, rates: Rates) -> float:
        """What a page after the last one should bring: it is there once newcomers have filled that up."""
        end = self.end or 0
        if page > end + 1:
            return 0.0
        days = self.days_ago.get(page, 1.0)
        deeper = rates.deeper * days
        grown = rates.first * days + deeper * max(0, end - 1)
        room = PAGE_SIZE - self.entries.get(end, PAGE_SIZE // 2)
        return deeper * min(1.0, max(0.0, (grown - room) / PAGE_SIZE))

    def take(self, look: Look) -> None:
        """Keeps where the keyword ends as of this look."""
        if look.last or not look.entries:
            self.end = look.page if look.entries else look.page - 1
        elif self.end is not None and look.page > self.end:
            self.end = None
        self.days_ago[look.page] = look.days_ago
        self.entries[look.page] = look.entries
