"""What a night will bring: creators new to the database, from what earlier nights brought.

Each page is expected to bring what the model says of it (`engine/yield_model.py`). Several keywords show the
same newcomers, so that the first calls of a night bring more than later ones, and a night that ends early
more than its share; how much is learnt from the nights before it. See docs/yield.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import NamedTuple

from crawler.engine.keyword_history import AIMS, Aim, FreshKeyword, KeywordHistory, Look
from crawler.engine.yield_model import YieldModel
from crawler.engine.yield_queue import YieldQueue
from crawler.forecast import Interval
from crawler.planning.forecast import Depths, Due, expected_calls

NIGHTS_BACKTESTED = 4
"""Earlier nights, the latest ones, that are forecast from what was known before them."""

NIGHT_BIAS, NIGHT_SPREAD, NIGHT_SPREAD_NIGHTS = -0.2, 0.35, 2.0
"""How far a night is off before nights say so, in logarithms, and as how many nights the spread counts."""

UNTESTED_BIAS, UNTESTED_SPREAD = -0.9, 1.0
"""The same before any page was looked at twice."""

MIDDLE, MIDDLE_NIGHTS, MIDDLE_CREATORS = 0.45, 1.0, 20.0
"""Where in a night the middle one of its newcomers comes before nights say so, 0 to 1, as how many nights
that counts, and after how many newcomers a night says half of what it could."""

SIDE_BY_SIDE = 16
"""Keywords that a night in file order may leave half read where it ends."""

GROWTH_POINTS = 20
"""Points kept of how creators grow with calls."""

STEPS_MAX = 20_000
"""Calls that are played through at most; what comes after them is told by the rate of the last ones."""


class Brought(NamedTuple):
    """What calls are expected to bring: creators new to the database, how many keywords were read (to their
    end where they are read in full), and the creators of the first so many calls: (calls, creators)."""

    creators: float
    keywords: int
    growth: tuple[tuple[float, float], ...]


class Newcomers:
    """Adds up the creators that pages bring, of which each by itself is expected to bring some.

    Pages looked at before share the night's newcomers with others: of the `whole` that all of them would
    bring, those asked for first bring more than their share, by the exponent `first_come`. What pages never
    looked at bring is theirs.
    """

    def __init__(self, whole: float, first_come: float) -> None:
        self._whole = whole
        self._first_come = first_come
        self._again = self._unread = 0.0

    def add(self, expected: float, *, again: bool) -> None:
        """Counts a page, that is looked at `again` or not."""
        if again:
            self._again += expected
        else:
            self._unread += expected

    @property
    def creators(self) -> float:
        """What all pages so far bring."""
        part = self._again / self._whole if self._whole else 1.0
        return self._unread + (self._whole * part**self._first_come if 0 < part < 1 else self._again)


@dataclass(frozen=True, slots=True)
class Backtest:
    """How earlier nights went beside what would have been expected of them: mean and variance of the
    logarithm of found / expected, over `nights`; and the exponent by which the first calls of a night bring
    more than their share. Before any page was `looked_twice` at nothing is known of either."""

    nights: int
    mean: float
    variance: float
    first_come: float
    looked_twice: bool = True

    def interval(self, expected: float) -> Interval:
        """What is expected, set right by how far earlier nights were off."""
        middle = expected * math.exp(self.mean)
        # The counts' own noise is small beside a night's, but for small counts.
        spread = (self.variance + 1 / max(1.0, middle)) ** 0.5
        return Interval(middle, middle, middle).spread(spread)


class _Asked(NamedTuple):
    """A page as it was asked for in a night, and what was expected of it before."""

    keyword_id: int
    look: Look
    expected: float
    again: bool


class _Night(NamedTuple):
    """A night, page by page in the order of time, with what was known before it."""

    before: Sequence[KeywordHistory]
    model: YieldModel
    asked: Sequence[_Asked]


def backtest(histories: Sequence[KeywordHistory]) -> Backtest:
    """Forecasts each of the last nights from what was known before it.

    A night that read keywords to their end is forecast for the pages it looked at, one that stopped earlier
    for as many calls where they bring most. Before any page was looked at twice nothing can be tested.
    """
    nights = list(_nights(histories))
    first_come = _first_come(nights)
    if not any(map(_looked_twice, histories)):
        return Backtest(0, UNTESTED_BIAS, UNTESTED_SPREAD**2, first_come, looked_twice=False)
    logs = [_log(night, histories, first_come) for night in nights]
    mean = (sum(logs) + NIGHT_BIAS) / (len(logs) + 1)
    squares = sum((log - mean) ** 2 for log in logs) + NIGHT_SPREAD_NIGHTS * NIGHT_SPREAD**2
    variance = squares / (len(logs) + NIGHT_SPREAD_NIGHTS) * (1 + 1 / (len(logs) + 1))
    return Backtest(len(logs), mean, variance, first_come)


def _nights(histories: Sequence[KeywordHistory]) -> Iterator[_Night]:
    """The latest nights that can be tested."""
    nights = sorted({round(look.days_ago) for history in histories for look in history.looks})
    for night in nights[:NIGHTS_BACKTESTED]:
        before = [history for history in (_before(one, night) for one in histories) if history.looks]
        if not any(map(_looked_twice, before)):
            return
        model = YieldModel(before)
        asked = (
            _Asked(
                keyword_id := history.keyword_id,
                look,
                model.without_tonight(keyword_id, look.page),
                _again(model, keyword_id, look.page),
            )
            for history in histories
            for look in history.looks
            if round(look.days_ago) == night
        )
        yield _Night(before, model, sorted(asked, key=lambda one: -one.look.days_ago))


def _looked_twice(history: KeywordHistory) -> bool:
    """Whether the page that was looked at last had been looked at before."""
    return bool(history.looks) and history.looks[-1].page in {look.page for look in history.looks[:-1]}


def _first_come(nights: Sequence[_Night]) -> float:
    """The exponent that puts the middle newcomer where nights had it."""
    middles, weights = MIDDLE * MIDDLE_NIGHTS, MIDDLE_NIGHTS
    for night in nights:
        again = [one for one in night.asked if one.again]
        whole, found = sum(one.expected for one in again), sum(one.look.new for one in again)
        if not whole or not found:
            continue
        part = moment = 0.0
        for one in again:
            moment += one.look.new * (part + one.expected / 2) / whole
            part += one.expected
        weight = found / (found + MIDDLE_CREATORS)
        middles, weights = middles + weight * moment / found, weights + weight
    middle = middles / weights
    return min(1.0, middle / (1 - middle))


def _log(night: _Night, histories: Sequence[KeywordHistory], first_come: float) -> float:
    """The logarithm of what a night found beside what would have been expected of it."""
    keywords = {one.keyword_id for one in night.asked}
    ended = {one.keyword_id for one in night.asked if one.look.last or not one.look.entries}
    if 2 * len(ended) > len(keywords) or len(keywords) - len(ended) <= SIDE_BY_SIDE:
        sums = Newcomers(_whole(night.model), first_come)
        for one in night.asked:
            sums.add(one.expected, again=one.again)
        expected = sums.creators
    else:
        known = {history.keyword_id for history in night.before}
        fresh = [FreshKeyword(one.keyword_id) for one in histories if one.keyword_id not in known]
        depths, calls = Depths.of(night.before), len(night.asked)
        expected = expected_by_yield(night.before, fresh, depths, calls, first_come=first_come).creators
    return math.log((sum(one.look.new for one in night.asked) + 1) / (expected + 1))


def _before(history: KeywordHistory, night: int) -> KeywordHistory:
    looks = [look._replace(days_ago=look.days_ago - night) for look in history.looks]
    return replace(history, looks=[look for look in looks if look.days_ago >= 0.5])


def _again(model: YieldModel, keyword_id: int, page: int) -> bool:
    """Whether a page, or an end before it, was seen before."""
    pages = model.pages.get(keyword_id)
    return pages is not None and pages.seen_days_ago(page) is not None


def _whole(model: YieldModel) -> float:
    """What all pages that were looked at before are expected to bring."""
    return sum(
        model.without_tonight(keyword_id, page)
        for keyword_id, pages in model.pages.items()
        for page in pages.days_ago
    )


def expected_in_full(
    due: Sequence[Due], depths: Depths, calls_max: float | None, first_come: float = 1.0
) -> Brought:
    """What reading keywords to their end brings, one after the other, as far as a cap lets it."""
    model = YieldModel([one.history for one in due if one.history is not None])
    sums, spent = Newcomers(_whole(model), first_come), 0.0
    growth: list[tuple[float, float]] = []
    for place, one in enumerate(due):
        calls = expected_calls(one, depths) or 1.0
        for page in range(one.page, one.page + math.ceil(calls)):
            part = min(1.0, one.page + calls - page)
            if calls_max is not None and spent + part > calls_max:
                growth.append((spent, sums.creators))
                return Brought(sums.creators, place, _thinned(growth))
            again = _again(model, one.keyword_id, page)
            sums.add(part * model.without_tonight(one.keyword_id, page), again=again)
            spent += part
        growth.append((spent, sums.creators))
    return Brought(sums.creators, len(due), _thinned(growth))


def expected_by_yield(
    histories: Sequence[KeywordHistory],
    fresh: Iterable[FreshKeyword],
    depths: Depths,
    calls: int,
    aim: Aim = AIMS["both"],
    first_come: float = 1.0,
) -> Brought:
    """What so many calls where they bring most bring: the order is played, each page bringing what is
    expected of it, and keywords ending where they ended before, or where others do."""
    order = YieldQueue(histories, fresh, Random(0), aim)
    sums = Newcomers(_whole(order.model), first_come)
    asked: set[int] = set()
    before = last_hundred = 0.0
    growth: list[tuple[float, float]] = []
    for call in range(min(calls, STEPS_MAX)):
        chosen = order.next()
        if chosen is None:
            break
        keyword_id, page = chosen
        expected = order.expected_new(keyword_id, page)
        pages = order.model.pages.get(keyword_id)
        end = None if pages is None else pages.end
        sums.add(expected, again=_again(order.model, keyword_id, page))
        if end is not None and page > end:
            order.saw(keyword_id, page, expected, entries=round(expected), last=True)
        else:
            order.saw(keyword_id, page, expected, last=end is None and page >= depths.mean > 0)
        asked.add(keyword_id)
        new = sums.creators
        growth.append((call + 1, new))
        last_hundred = 0.99 * last_hundred + 0.01 * (new - before) if call else new
        before = new
    if calls > STEPS_MAX:
        before += last_hundred * (calls - STEPS_MAX)
        growth.append((calls, before))
    return Brought(before, len(asked), _thinned(growth))


def _thinned(growth: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """As many points of it as are worth keeping, the last one among them."""
    every = math.ceil(len(growth) / GROWTH_POINTS) or 1
    return tuple(growth[::-every][::-1])
