"""What the next call brings: the creators new to the database that each page is expected to have.

A page that was looked at before is expected to bring

    base × neighbours × keyword × days since its last look × tonight

and one never looked at what the keyword's other such pages brought. Each factor is a gamma–Poisson posterior,
`(c + found) / (c + expected)`: it starts at 1 and moves as far as the counts carry it. The first page, the
last one and those between have a base and a factor of the neighbours each; `tonight` is what this night
brought so far, of the neighbours (up: the niche is busy; down: they found the same ones) and of the keyword.
A page that came after the end since that was seen counts as a last one, looked at then. See docs/yield.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import NamedTuple

from crawler.engine.keyword_history import (
    AIMS,
    PAGE_SIZE,
    Aim,
    Explanation,
    FreshKeyword,
    KeywordHistory,
    Look,
)
from crawler.engine.yield_pages import RENEWING, Depth, KeywordPages, Rates, Sum

LUCK, NEIGHBOURS_LUCK = 4.0, 8.0
"""`c` of a night's luck, of one keyword and of its neighbours: the variance of a gamma factor is 1 / c."""
KEYWORD_SPREAD, NEIGHBOURS_SPREAD, UNREAD_SPREAD = 2.0, 1.0, 2.0
"""`c` of how keywords differ before the history says so."""
PAIRS_BELIEVED = 8.0
"""As many keywords' counts move such a `c`, or a base, half of the way."""
BASE_ROUNDS = 2
"""How often a base is found anew from the factors that it gave."""
AHEAD_MAX = 20
"""Pages looked ahead at most: a poor page may lead to a good one."""


START = ((1.0, 2.0), (0.7, 2.0), (0.7, 2.0), (0.8 * PAGE_SIZE, 1.0))
"""By depth, what a look is expected to bring before anything is known, and as how many looks that counts."""


class Revisit(NamedTuple):
    """A look at a page that had been looked at `days` before."""

    keyword_id: int
    depth: Depth
    new: float
    days: float
    nights_ago: int


def concentration(sums: Iterable[Sum], start: float) -> float:
    """`c` of the gamma factors behind the counts, by their excess variance, shrunk to `start`."""
    pairs = [(one.found, one.expected) for one in sums if one.expected]
    squares = sum(expected * expected for _found, expected in pairs)
    excess = sum((found - expected) ** 2 - expected for found, expected in pairs)
    weight = PAIRS_BELIEVED * max(0.25, squares / len(pairs) if pairs else 1.0)
    return 1 / min(20.0, max(0.02, (excess + weight / start) / (squares + weight)))


class YieldModel:
    """What each page of each keyword is expected to bring, from its history and this night so far."""

    def __init__(self, histories: Iterable[KeywordHistory], aim: Aim = AIMS["both"]) -> None:
        self.aim = aim
        self.pages: dict[int, KeywordPages] = {}
        self._group: dict[int, int] = {}
        self._of_neighbours: dict[tuple[int, Depth], Sum] = defaultdict(Sum)
        self._of_keyword: dict[int, Sum] = defaultdict(Sum)
        self._neighbours_c: dict[Depth, float] = {}
        self._found_rates: dict[int, Rates] = {}
        self._tonight: dict[int, Sum] = {}
        self._tonight_of_neighbours: dict[int, Sum] = {}
        relooks = [relook for history in histories for relook in self._read(history)]
        self.base = [self._base(depth, relooks) for depth in Depth]
        self._fit(relooks)
        for _round in range(BASE_ROUNDS):
            self._center(relooks)
            self._fit(relooks)

    def _read(self, history: KeywordHistory) -> Iterator[Revisit]:
        pages = self.pages[history.keyword_id] = KeywordPages(history)
        if history.group is not None:
            self._group[history.keyword_id] = history.group
        for look in history.looks:
            before = pages.seen_days_ago(look.page)
            if before is None:
                pages.unread.add(look.new, 1)
            elif before > look.days_ago:
                days, night = before - look.days_ago, round(look.days_ago)
                yield Revisit(history.keyword_id, pages.depth(look.page), look.new, days, night)
            pages.take(look)

    def _base(self, depth: Depth, relooks: Sequence[Revisit]) -> float:
        mean, weight = START[depth]
        if depth is Depth.UNREAD:
            found = sum(pages.unread.found for pages in self.pages.values())
            looks = sum(pages.unread.expected for pages in self.pages.values())
        else:
            found = sum(look.new for look in relooks if look.depth is depth)
            looks = sum(look.days for look in relooks if look.depth is depth)
        return (found + mean * weight) / (looks + weight)

    def _center(self, relooks: Sequence[Revisit]) -> None:
        """Makes a base the mean of keywords, not of looks: those that bring much are looked at more often."""
        for depth in RENEWING:
            looked = {look.keyword_id for look in relooks if look.depth is depth}
            factors = sum(self.neighbours(one, depth) * self.keyword(one) for one in sorted(looked))
            self.base[depth] *= (PAIRS_BELIEVED + factors) / (PAIRS_BELIEVED + len(looked))

    def _fit(self, relooks: Sequence[Revisit]) -> None:
        """The factors, one after the other: each explains what those before it leave. A night's luck makes
        many counts of one keyword say less than as many nights would."""
        nights: dict[tuple[int, int], float] = defaultdict(float)
        for look in relooks:
            nights[look.keyword_id, look.nights_ago] += self.base[look.depth] * look.days
        weighed = [(look, 1 / (1 + nights[look.keyword_id, look.nights_ago] / LUCK)) for look in relooks]
        self._of_neighbours.clear()
        self._of_keyword.clear()
        for depth in RENEWING:
            for look, weight in weighed:
                group = self._group.get(look.keyword_id)
                if look.depth is depth and group is not None:
                    expected = weight * self.base[depth] * look.days
                    if depth is Depth.LAST:
                        expected *= self.neighbours(look.keyword_id, Depth.DEEPER)
                    self._of_neighbours[group, depth].add(weight * look.new, expected)
            sums = (one for (_group, at), one in self._of_neighbours.items() if at is depth)
            self._neighbours_c[depth] = concentration(sums, NEIGHBOURS_SPREAD)
        for look, weight in weighed:
            expected = weight * self.base[look.depth] * look.days
            expected *= self.neighbours(look.keyword_id, look.depth)
            self._of_keyword[look.keyword_id].add(weight * look.new, expected)
        self._keyword_c = concentration(self._of_keyword.values(), KEYWORD_SPREAD)

    def neighbours(self, keyword_id: int, depth: Depth) -> float:
        """How much faster than all others its neighbours renew at that depth. The last page is compared with
        the deeper ones, of which more is known."""
        found = self._of_neighbours.get((self._group.get(keyword_id, -1), depth))
        factor = 1.0 if found is None else found.factor(self._neighbours_c[depth])
        return factor * self.neighbours(keyword_id, Depth.DEEPER) if depth is Depth.LAST else factor

    def keyword(self, keyword_id: int) -> float:
        """How much faster than its neighbours a keyword renews."""
        found = self._of_keyword.get(keyword_id)
        return 1.0 if found is None else found.factor(self._keyword_c)

    def draw(self, keyword_id: int, rng: Random) -> float:
        """What the keyword's factor might be, as a share of its mean: little is known of what varies much."""
        found = self._of_keyword.get(keyword_id)
        shape = self._keyword_c + (0.0 if found is None else found.found)
        return rng.gammavariate(shape, 1 / shape)

    def tonight(self, keyword_id: int) -> float:
        """What this night brought so far, of the neighbours and of the keyword, beside what was expected."""
        neighbours = self._tonight_of_neighbours.get(self._group.get(keyword_id, -1))
        factor = 1.0 if neighbours is None else neighbours.factor(NEIGHBOURS_LUCK)
        own = self._tonight.get(keyword_id)
        return factor if own is None else factor * (LUCK + own.found) / (LUCK + own.expected * factor)

    def expected(self, keyword_id: int, page: int) -> float:
        """How many creators new to the database that page is expected to bring now."""
        return min(PAGE_SIZE, self.without_tonight(keyword_id, page) * self.tonight(keyword_id))

    def without_tonight(self, keyword_id: int, page: int) -> float:
        """The same before this night began, as far as that matters: of unread pages tonight's count too."""
        pages = self.pages.get(keyword_id)
        if pages is None:
            return self.base[Depth.UNREAD]
        return self._of_page(pages, page, self._rates(keyword_id))

    def _rates(self, keyword_id: int) -> Rates:
        """How fast the keyword's pages renew: no page of tonight changes that."""
        rates = self._found_rates.get(keyword_id)
        if rates is None:
            keyword = self.keyword(keyword_id)
            rates = Rates(
                *(self.base[depth] * self.neighbours(keyword_id, depth) * keyword for depth in RENEWING)
            )
            self._found_rates[keyword_id] = rates
        return rates

    def _of_page(self, pages: KeywordPages, page: int, rates: Rates) -> float:
        if pages.end is not None and page > pages.end:
            return pages.beyond(page, rates)
        days = pages.seen_days_ago(page)
        if days is None:
            base, seen = self.base[Depth.UNREAD], pages.unread
            return base * (UNREAD_SPREAD + seen.found) / (UNREAD_SPREAD + seen.expected * base)
        if page == 1:
            return min(PAGE_SIZE, rates.first * days)
        # Newcomers in front push those before them down.
        above = rates.first * days - PAGE_SIZE * (page - 1)
        rate = rates.last if pages.is_at_end(page) else rates.deeper
        return min(PAGE_SIZE, rate * days + min(PAGE_SIZE, max(0.0, above)))

    def saw(self, keyword_id: int, look: Look, options: KeywordHistory | FreshKeyword) -> None:
        """Takes up what a page brought tonight."""
        pages = self.pages.get(keyword_id)
        if pages is None:
            pages = self.pages[keyword_id] = KeywordPages(options)
        if pages.seen_days_ago(look.page) is None:
            pages.unread.add(look.new, 1)
        elif look.entries:
            expected = self.without_tonight(keyword_id, look.page)
            self._tonight.setdefault(keyword_id, Sum()).add(look.new, expected)
            group = self._group.get(keyword_id)
            if group is not None:
                weight = 1 / (1 + expected / LUCK)
                of_all = self._tonight_of_neighbours.setdefault(group, Sum())
                of_all.add(weight * look.new, weight * expected)
        pages.take(look)

    def explain(self, keyword_id: int, page: int) -> Explanation:
        """The factors of what a page is expected to bring."""
        pages = self.pages.get(keyword_id)
        days = None if pages is None else pages.seen_days_ago(page)
        depth = Depth.UNREAD if pages is None or days is None else pages.depth(page)
        looks = () if pages is None or isinstance(pages.options, FreshKeyword) else pages.options.looks
        relooked = depth is not Depth.UNREAD
        return Explanation(
            keyword_id, page, self.value(keyword_id, page), self.expected(keyword_id, page),
            self.base[depth], self.neighbours(keyword_id, depth) if relooked else 1.0,
            self.keyword(keyword_id) if relooked else 1.0, days, self.tonight(keyword_id),
            len(looks), sum(look.new for look in looks),
            0.0 if pages is None else pages.days_of_facts(page, self.expected(keyword_id, page)),
        )  # fmt: skip

    def value(self, keyword_id: int, page: int, *, chance: float = 1.0, aim: Aim | None = None) -> float:
        """What a call is worth, reading on from there as far as that pays: as `aim` counts, the model's own
        by default; `chance` is how much faster it may renew than is expected."""
        pages, aim = self.pages.get(keyword_id), aim or self.aim
        if pages is None:
            return aim.new * self.expected(keyword_id, page)
        last = page + 3 if pages.end is None else max(page, pages.end + 1)
        best = total = 0.0
        tonight, rates = self.tonight(keyword_id), self._rates(keyword_id)
        for count, ahead in enumerate(
            range(page, min(last, pages.options.pages_max, page + AHEAD_MAX) + 1), 1
        ):
            expected = min(PAGE_SIZE, self._of_page(pages, ahead, rates) * tonight)
            total += aim.new * expected * chance + aim.fresh * pages.days_of_facts(ahead, expected)
            best = max(best, total / count)
        return best

    def new_needed(self, keyword_id: int, page: int, entries: int, worth: float) -> int:
        """How many creators new to the database that page must bring, with so many entries, for a call for
        the next one to be worth so much; one more than there are entries where nothing would do."""
        least, most = 0, entries + 1
        while least < most:
            middle = (least + most) // 2
            if self._value_after(keyword_id, Look(page, 0.0, middle, entries)) >= worth:
                most = middle
            else:
                least = middle + 1
        return least

    def _value_after(self, keyword_id: int, look: Look) -> float:
        """What the next page would be worth after that look."""
        kept, group = self.pages[keyword_id], self._group.get(keyword_id, -1)
        own, neighbours = self._tonight.get(keyword_id), self._tonight_of_neighbours.get(group)
        self.pages[keyword_id] = kept.copy()
        for sums, key, before in (
            (self._tonight, keyword_id, own),
            (self._tonight_of_neighbours, group, neighbours),
        ):
            if before is not None:
                sums[key] = before.copy()
        self.saw(keyword_id, look, kept.options)
        value = self.value(keyword_id, look.page + 1)
        self.pages[keyword_id] = kept
        for sums, key, before in (
            (self._tonight, keyword_id, own),
            (self._tonight_of_neighbours, group, neighbours),
        ):
            if before is None:
                sums.pop(key, None)
            else:
                sums[key] = before
        return value
