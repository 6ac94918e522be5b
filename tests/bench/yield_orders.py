"""The orders that `make yield` compares, and how one is played over a world."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Protocol

from crawler.engine.keyword_history import AIMS, WORTHWHILE, FreshKeyword, KeywordHistory, Look
from crawler.engine.keyword_neighbours import neighbour_groups
from crawler.engine.yield_queue import YieldQueue
from tests.bench.yield_worlds import PAGE_SIZE, World


class Order(Protocol):
    """Says which page of which keyword is asked for next, and is told what it brought."""

    def next(self) -> tuple[int, int] | None: ...

    def saw(self, keyword: int, page: int, new: int, *, last: bool, entries: int) -> None: ...


@dataclass(slots=True)
class Played:
    """What one order did so far: whom it knows and every look it took."""

    world: World
    known: set[int] = field(default_factory=set)
    looks: list[list[tuple[int, int, int, bool, int]]] = field(
        default_factory=list
    )  # night, page, new, last, entries
    finders: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    found: list[int] = field(default_factory=list)
    calls: list[int] = field(default_factory=list)
    last_seen: dict[int, int] = field(default_factory=dict)  # creator, night

    def ask(self, night: int, keyword: int, page: int) -> tuple[int, int]:
        """How many of that page are new, who are known from now on, and how many it shows."""
        shown = self.world.page(night, keyword, page)
        new = len(set(shown) - self.known)
        self.known.update(shown)
        self.last_seen.update(dict.fromkeys(shown, night))
        for one in shown:
            finders = self.finders[one]
            if keyword not in finders:
                finders.append(keyword)
        self.looks[keyword].append((night, page, new, not shown, len(shown)))
        return new, len(shown)

    def histories(self, night: int) -> tuple[list[KeywordHistory], list[FreshKeyword]]:
        """What is known before `night`: keywords that were looked at, and those that were not."""
        group = neighbour_groups(self.finders.values())
        histories, fresh = [], []
        for keyword, looks in enumerate(self.looks):
            if looks:
                ended = any(last for _night, _page, _new, last, _entries in looks)
                deeper = None if ended else 1 + max(page for _night, page, *_rest in looks)
                told = [Look(page, float(night - at), new, n, last) for at, page, new, last, n in looks]
                histories.append(
                    KeywordHistory(
                        keyword, told, position=keyword, group=group.get(keyword), deeper_page=deeper
                    )
                )
            else:
                fresh.append(FreshKeyword(keyword, position=keyword))
        return histories, fresh


Maker = Callable[[Played, int, Random], Order]


def play(world: World, maker: Maker, share: float, random: Random) -> Played:
    """All nights of `world`, each with `share` of the full cost in calls; the first in full where it must."""
    played = Played(world, looks=[[] for _ in range(world.shape.keywords)])
    for night in range(world.shape.nights):
        calls = round(share * world.full_cost(night))
        if night == 0 and world.shape.first_full:
            order: Order = FileOrder(played, 0, random)
            calls = world.full_cost(0)
        else:
            order = maker(played, night, random)
        before = len(played.known)
        for _call in range(calls):
            asked = order.next()
            if asked is None:
                break
            new, entries = played.ask(night, *asked)
            order.saw(*asked, new, last=not entries, entries=entries)
        played.found.append(len(played.known) - before)
    return played


class FileOrder:
    """Keywords read in full: unfinished ones first, then new ones, then those read longest ago."""

    def __init__(self, played: Played, night: int, random: Random) -> None:
        self._played = played
        self._work = iter(sorted(range(len(played.looks)), key=self.due))
        self._at: tuple[int, int] | None = None

    def due(self, keyword: int) -> tuple[int, int, int]:
        """The least comes first."""
        looks = self._played.looks[keyword]
        if not looks:
            return 1, 0, keyword
        return (2, looks[-1][0], keyword) if looks[-1][3] else (0, 0, keyword)

    def next(self) -> tuple[int, int] | None:
        if self._at is None:
            keyword = next(self._work, None)
            if keyword is None:
                return None
            looks = self._played.looks[keyword]
            self._at = keyword, looks[-1][1] + 1 if looks and not looks[-1][3] else 1
        return self._at

    def saw(self, keyword: int, page: int, new: int, *, last: bool, entries: int) -> None:
        self._at = None if last else (keyword, page + 1)


class BreadthFirst:
    """The first pages of all keywords, then the second ones, and so on."""

    def __init__(self, played: Played, night: int, random: Random) -> None:
        self._heap = [(1, keyword) for keyword in range(len(played.looks))]

    def next(self) -> tuple[int, int] | None:
        if not self._heap:
            return None
        page, keyword = heapq.heappop(self._heap)
        return keyword, page

    def saw(self, keyword: int, page: int, new: int, *, last: bool, entries: int) -> None:
        if not last:
            heapq.heappush(self._heap, (page + 1, keyword))


class Informed:
    """The best average over the pages ahead first, by what `_value` knows of a page."""

    def __init__(self, played: Played, night: int, random: Random) -> None:
        self._played, self._night = played, night
        self._unread = {}
        for keyword, looks in enumerate(played.looks):
            if looks and not any(last for *_, last, _entries in looks):
                self._unread[keyword] = 1 + max(page for _night, page, *_ in looks)
        self._heap: list[tuple[float, int, int]] = []
        self._entered: dict[int, int] = {}
        for keyword in range(len(played.looks)):
            self._push(keyword, 1)
            if keyword in self._unread:
                self._push(keyword, self._unread[keyword])

    def next(self) -> tuple[int, int] | None:
        while self._heap:
            value, keyword, page = heapq.heappop(self._heap)
            if self._entered.get(keyword, page) != page:
                continue
            now = self._index(keyword, page)
            if now < -value - 1e-9:
                heapq.heappush(self._heap, (-now, keyword, page))
                continue
            self._entered[keyword] = page
            return keyword, page
        return None

    def saw(self, keyword: int, page: int, new: int, *, last: bool, entries: int) -> None:
        if not last:
            self._entered[keyword] = page + 1
            self._push(keyword, page + 1)

    def _push(self, keyword: int, page: int) -> None:
        heapq.heappush(self._heap, (-self._index(keyword, page), keyword, page))

    def _index(self, keyword: int, page: int) -> float:
        best = total = 0.0
        for count, ahead in enumerate(range(page, self._played.world.pages(self._night, keyword) + 1), 1):
            total += self._value(keyword, ahead)
            best = max(best, total / count)
        return best

    def _value(self, keyword: int, page: int) -> float:
        raise NotImplementedError


class TruthOrder(Informed):
    """Knows whom every page shows tonight."""

    def _value(self, keyword: int, page: int) -> float:
        known = self._played.known
        return sum(one not in known for one in self._played.world.page(self._night, keyword, page))


class SpeedsOrder(Informed):
    """Knows how fast every keyword renews and where, but not tonight's luck; what was never read is new."""

    def _value(self, keyword: int, page: int) -> float:
        world = self._played.world
        seen = [night for night, at, *_ in self._played.looks[keyword] if at == page]
        if not seen:
            return 0.8 * PAGE_SIZE
        listed = world.speed[keyword] * (self._night - max(seen))
        if world.at_end[keyword]:
            below = len(world.nights[self._night][keyword]) - page * PAGE_SIZE
            return min(PAGE_SIZE, max(0.0, listed - max(0, below)))
        if not world.front[keyword]:
            return min(PAGE_SIZE, listed / max(1, world.pages(self._night, keyword)))
        return min(PAGE_SIZE, max(0.0, listed - (page - 1) * PAGE_SIZE))


class Learnt:
    """`--order yield`, from the looks of the nights before."""

    aim = AIMS["both"]

    def __init__(self, played: Played, night: int, random: Random) -> None:
        histories, fresh = played.histories(night)
        self._order = YieldQueue(histories, fresh, random, self.aim)

    def next(self) -> tuple[int, int] | None:
        return self._order.next()

    def saw(self, keyword: int, page: int, new: int, *, last: bool, entries: int) -> None:
        self._order.saw(keyword, page, new, entries=entries, last=last)


class NewOnly(Learnt):
    """`--aim new`."""

    aim = AIMS["new"]


class FreshOnly(Learnt):
    """`--aim fresh`."""

    aim = AIMS["fresh"]


def default_order(played: Played, night: int, random: Random) -> Order:
    """`--order auto`: the files' order until there is anything to learn from."""
    maker: Maker = Learnt if any(played.looks) else FileOrder
    return maker(played, night, random)


def play_refreshes(world: World, *, worthwhile: bool, random: Random) -> Played:
    """All nights of `world` without a cap: each reads every keyword to its end, or, after the first, no
    further than is worthwhile where it was complete within the keyword's own five to ten days."""
    played = Played(world, looks=[[] for _ in range(world.shape.keywords)])
    complete: dict[int, int] = {}
    for night in range(world.shape.nights):
        histories, fresh = played.histories(night)
        order = YieldQueue([replace(each, deeper_page=None) for each in histories], fresh, random)
        before, calls = len(played.known), 0
        while (asked := order.next()) is not None:
            keyword, page = asked
            new, entries = played.ask(night, *asked)
            calls += 1
            days = 5 + 5 * (keyword * 40503 % 65536) / 65536
            whole = not worthwhile or night - complete.get(keyword, -100) > days
            needed = 0 if whole else order.model.new_needed(keyword, page, entries, WORTHWHILE)
            if not entries:
                complete[keyword] = night
            order.saw(*asked, new, entries=entries, last=not entries or new < needed)
        played.found.append(len(played.known) - before)
        played.calls.append(calls)
    return played
