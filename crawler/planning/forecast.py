"""What a night will take and bring, as expected values with an interval, from what earlier nights did."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from random import Random
from typing import NamedTuple

from crawler.engine.keyword_history import AIMS, WORTHWHILE, Aim, FreshKeyword, KeywordHistory
from crawler.engine.yield_model import YieldModel
from crawler.engine.yield_queue import YieldQueue
from crawler.forecast import BOUND, Interval

NIGHTS_TESTED = 4
"""Earlier nights, the latest ones, that are forecast from what was known before them."""

NIGHT_BIAS, NIGHT_SPREAD, NIGHT_SPREAD_NIGHTS = -0.2, 0.45, 2.0
"""How far a night is off before nights say so, in logarithms, and as how many nights the spread counts."""

UNTESTED_BIAS, UNTESTED_SPREAD = -0.7, 0.9
"""The same as long as no night could be tested."""

DEPTH_SPREAD = 0.007
"""How far the length of all keywords moves together in a night, as a share, before nights say so."""

GROWTH_POINTS = 20
"""Points kept of how creators grow with calls."""

STEPS_MAX = 20_000
"""Calls that are played through at most; what comes after them is told by the rate of the last ones."""


@dataclass(frozen=True, slots=True)
class Due:
    """A keyword that is due, from `page` on; `history` is None for one nobody has looked at.
    `calls_worthwhile` are those that a refresh is expected to make that need not read it whole."""

    keyword_id: int
    page: int
    pages_max: int
    history: KeywordHistory | None = None
    calls_worthwhile: int | None = None


def readings(history: KeywordHistory) -> list[int]:
    """The calls of each complete reading of a keyword, the oldest first."""
    calls: list[int] = []
    whole = 0
    for look in history.looks:
        whole = 1 if look.page == 1 else whole + 1 if whole == look.page - 1 else 0
        if whole and (look.last or not look.entries or look.page >= history.pages_max):
            calls.append(whole)
            whole = 0
    return calls


@dataclass(frozen=True, slots=True)
class Depths:
    """How deep keywords go: the mean and the variance of a first reading, over `first` of them, and of the
    change from one reading to the next, over `again`."""

    first: int
    mean: float
    variance: float
    again: int
    change: float
    change_variance: float

    @classmethod
    def of(cls, histories: Iterable[KeywordHistory]) -> Depths:
        """As the histories have it."""
        firsts: list[int] = []
        changes: list[int] = []
        for history in histories:
            calls = readings(history)
            firsts += calls[:1]
            changes += [after - before for before, after in pairwise(calls)]
        mean, variance = _moments(firsts)
        change, change_variance = _moments(changes)
        return cls(len(firsts), mean, variance, len(changes), change, change_variance)


def _moments(values: Sequence[float]) -> tuple[float, float]:
    if not values:
        return 0.0, 0.0
    mean = sum(values) / len(values)
    return mean, sum((value - mean) ** 2 for value in values) / max(1, len(values) - 1)


def expected_calls(due: Due, depths: Depths) -> float | None:
    """The calls that reading on to the end is expected to take; None where nothing is known."""
    if due.calls_worthwhile is not None:
        return float(due.calls_worthwhile)
    before = [] if due.history is None else readings(due.history)
    if before:
        known = before[-1] + depths.change
    elif depths.first:
        seen = 0 if due.history is None else max(look.page for look in due.history.looks)
        known = max(depths.mean, seen + 1)
    else:
        return None
    return max(1.0, min(known, due.pages_max) - due.page + 1)


def worthwhile_calls(due: Due, model: YieldModel) -> int:
    """The calls of reading on as long as the next page is expected to be worthwhile; the first is made."""
    page = due.page + 1
    while page <= due.pages_max and model.value(due.keyword_id, page) >= WORTHWHILE:
        page += 1
    return page - due.page


def forecast_calls(due: Sequence[Due], depths: Depths, every: int = 1, stretch: float = 1.0) -> Interval:
    """The charged calls of reading all that is due to its end; `due` may be `every` so many-th of it. The
    interval is `stretch` times as wide as the keywords alone tell."""
    low, high = len(due) * every, sum(max(1, one.pages_max - one.page + 1) for one in due) * every
    each = [calls for one in due if (calls := expected_calls(one, depths)) is not None]
    if not due or len(each) < len(due):
        return Interval(0.0 if not due else None, low, high)
    total, keywords = sum(each) * every, len(due) * every
    fresh = sum(one.history is None for one in due) * every
    known = keywords - fresh
    change = depths.change_variance or 0.25
    variance = known * change + (known * change**0.5) ** 2 / max(1, depths.again)
    variance += fresh * depths.variance + fresh * fresh * depths.variance / max(1, depths.first)
    variance += (DEPTH_SPREAD * total) ** 2
    if every > 1:  # those passed over may differ from those looked at
        variance += keywords * keywords * _moments(each)[1] / len(each) * (1 - 1 / every)
    off = stretch * BOUND * variance**0.5
    return Interval(total, max(low, total - off), min(high, total + off))


@dataclass(frozen=True, slots=True)
class Tested:
    """How earlier nights went beside what would have been expected of them: mean and variance of the
    logarithm of found / expected, over `nights`."""

    nights: int
    mean: float
    variance: float

    def interval(self, expected: float) -> Interval:
        """What is expected, set right by how far earlier nights were off."""
        middle = expected * math.exp(self.mean)
        # The counts' own noise is small beside a night's, but for small counts.
        spread = (self.variance + 1 / max(1.0, middle)) ** 0.5
        return Interval(middle, middle, middle).spread(spread)


def test_nights(histories: Sequence[KeywordHistory]) -> Tested:
    """Forecasts each of the last nights from what was known before it.

    A night that read keywords to their end is forecast for the pages it looked at, one that stopped earlier
    for as many calls where they bring most. Before any page was looked at twice nothing can be tested.
    """
    logs: list[float] = []
    nights = sorted({round(look.days_ago) for history in histories for look in history.looks})
    for night in nights[:NIGHTS_TESTED]:
        before = [history for history in (_before(one, night) for one in histories) if history.looks]
        if not any(
            history.looks[-1].page in {look.page for look in history.looks[:-1]} for history in before
        ):
            break
        looks = [
            (history.keyword_id, look)
            for history in histories
            for look in history.looks
            if round(look.days_ago) == night
        ]
        found = sum(look.new for _keyword, look in looks)
        ended = sum(look.last or not look.entries for _keyword, look in looks)
        if 2 * ended > len({keyword_id for keyword_id, _look in looks}):
            model = YieldModel(before)
            expected = sum(model.without_tonight(keyword_id, look.page) for keyword_id, look in looks)
        else:
            known = {history.keyword_id for history in before}
            fresh = [FreshKeyword(one.keyword_id) for one in histories if one.keyword_id not in known]
            expected = expected_by_yield(before, fresh, len(looks), Random(night)).creators
        logs.append(math.log((found + 1) / (expected + 1)))
    if not logs:
        return Tested(0, UNTESTED_BIAS, UNTESTED_SPREAD**2)
    mean = (sum(logs) + NIGHT_BIAS) / (len(logs) + 1)
    squares = sum((log - mean) ** 2 for log in logs) + NIGHT_SPREAD_NIGHTS * NIGHT_SPREAD**2
    variance = squares / (len(logs) + NIGHT_SPREAD_NIGHTS) * (1 + 1 / (len(logs) + 1))
    return Tested(len(logs), mean, variance)


def _before(history: KeywordHistory, night: int) -> KeywordHistory:
    looks = [look._replace(days_ago=look.days_ago - night) for look in history.looks]
    return replace(history, looks=[look for look in looks if look.days_ago >= 0.5])


class Brought(NamedTuple):
    """What calls are expected to bring: creators new to the database, how many keywords were read (to their
    end where they are read in full), and the creators of the first so many calls: (calls, creators)."""

    creators: float
    keywords: int
    growth: tuple[tuple[float, float], ...]


def expected_in_full(due: Sequence[Due], depths: Depths, calls_max: float | None) -> Brought:
    """What reading keywords to their end brings, one after the other, as far as a cap lets it."""
    model = YieldModel([one.history for one in due if one.history is not None])
    new = spent = 0.0
    growth: list[tuple[float, float]] = []
    for place, one in enumerate(due):
        calls = expected_calls(one, depths) or 1.0
        for page in range(one.page, one.page + math.ceil(calls)):
            part = min(1.0, one.page + calls - page)
            if calls_max is not None and spent + part > calls_max:
                growth.append((spent, new))
                return Brought(new, place, _thinned(growth))
            new += part * model.without_tonight(one.keyword_id, page)
            spent += part
        growth.append((spent, new))
    return Brought(new, len(due), _thinned(growth))


def expected_by_yield(
    histories: Sequence[KeywordHistory],
    fresh: Iterable[FreshKeyword],
    calls: int,
    rng: Random,
    aim: Aim = AIMS["both"],
) -> Brought:
    """What so many calls where they bring most bring: the order is played, each page bringing what is
    expected of it."""
    order = YieldQueue(histories, fresh, rng, aim)
    asked: set[int] = set()
    new = last_hundred = 0.0
    growth: list[tuple[float, float]] = []
    for call in range(min(calls, STEPS_MAX)):
        chosen = order.next()
        if chosen is None:
            break
        keyword_id, page = chosen
        expected = order.expected_new(keyword_id, page)
        pages = order.model.pages.get(keyword_id)
        beyond = pages is not None and pages.end is not None and page > pages.end and expected < 1
        order.saw(keyword_id, page, expected, entries=0 if beyond else 20)
        asked.add(keyword_id)
        new += expected
        growth.append((call + 1, new))
        last_hundred = 0.99 * last_hundred + 0.01 * expected if call else expected
    if calls > STEPS_MAX:
        new += last_hundred * (calls - STEPS_MAX)
        growth.append((calls, new))
    return Brought(new, len(asked), _thinned(growth))


def _thinned(growth: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """As many points of it as are worth keeping, the last one among them."""
    every = math.ceil(len(growth) / GROWTH_POINTS) or 1
    return tuple(growth[::-every][::-1])
