"""The charged calls that a night will take, as an expected value with an interval, from earlier nights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from crawler.engine.keyword_history import WORTHWHILE, KeywordHistory
from crawler.engine.yield_model import YieldModel
from crawler.forecast import BOUND, Interval

DEPTH_SPREAD = 0.007
"""How far the length of all keywords moves together in a night, as a share, before nights say so."""


@dataclass(frozen=True, slots=True)
class Due:
    """A keyword that is due, from `page` on; `history` is None for one nobody has looked at.
    `calls_worthwhile` are those that a refresh is expected to make that need not read it whole."""

    keyword_id: int
    page: int
    pages_max: int
    history: KeywordHistory | None = None
    calls_worthwhile: int | None = None


class Reading(NamedTuple):
    """A complete reading of a keyword: its calls, and how many days ago it ended."""

    calls: int
    days_ago: float


def readings(history: KeywordHistory) -> list[Reading]:
    """The complete readings of a keyword, the oldest first."""
    found: list[Reading] = []
    whole = 0
    for look in history.looks:
        whole = 1 if look.page == 1 else whole + 1 if whole == look.page - 1 else 0
        if whole and (look.last or not look.entries or look.page >= history.pages_max):
            found.append(Reading(whole, look.days_ago))
            whole = 0
    return found


@dataclass(frozen=True, slots=True)
class Depths:
    """How deep keywords go: the mean and the variance of a first reading, over `first` of them, as far as so
    few tell it; over `again` readings that came after another, `nights` after it in all, how much deeper a
    keyword is each night, and the variance of what a reading is off that."""

    first: int
    mean: float
    variance: float
    again: int
    nights: int
    change: float
    change_variance: float

    @classmethod
    def of(cls, histories: Iterable[KeywordHistory]) -> Depths:
        """As the histories have it."""
        firsts: list[int] = []
        changes: list[tuple[int, int]] = []
        for history in histories:
            found = readings(history)
            firsts += [reading.calls for reading in found[:1]]
            changes += [
                (after.calls - before.calls, _nights(before.days_ago - after.days_ago))
                for before, after in pairwise(found)
            ]
        nights = sum(between for _change, between in changes)
        change = sum(each for each, _between in changes) / max(1, nights)
        squares = sum((each - change * between) ** 2 for each, between in changes)
        mean, variance = _moments(firsts)
        return cls(
            len(firsts),
            mean,
            _with_prior(variance, mean, len(firsts)),
            len(changes),
            nights,
            change,
            squares / max(1, len(changes) - 1),
        )


def _with_prior(variance: float, mean: float, readings: int) -> float:
    """The variance of first readings, to which it counts as one more that keywords differ as much as the mean
    is: two that took the same number of calls do not show that all others will."""
    return (max(0, readings - 1) * variance + mean * mean) / max(1, readings)


def _moments(values: Sequence[float]) -> tuple[float, float]:
    if not values:
        return 0.0, 0.0
    mean = sum(values) / len(values)
    return mean, sum((value - mean) ** 2 for value in values) / max(1, len(values) - 1)


def expected_calls(due: Due, depths: Depths) -> float | None:
    """The calls that reading on to the end is expected to take; None where nothing is known."""
    if due.calls_worthwhile is not None:
        return float(due.calls_worthwhile)
    before = _readings_of(due)
    if before:
        known = before[-1].calls + depths.change * _nights(before[-1].days_ago)
    elif depths.first:
        seen = 0 if due.history is None else max(look.page for look in due.history.looks)
        known = max(depths.mean, seen + 1)
    else:
        return None
    return max(1.0, min(known, due.pages_max) - due.page + 1)


def _readings_of(due: Due) -> list[Reading]:
    return [] if due.history is None else readings(due.history)


def _nights(days: float) -> int:
    """How many nights lie between two that came so many days after one another: one at least."""
    return max(1, round(days))


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
    sample = sum(_nights(found[-1].days_ago) for one in due if (found := _readings_of(one))) * every
    variance = known * change + sample**2 * change * max(1, depths.again) / max(1, depths.nights) ** 2
    variance += fresh * depths.variance + fresh * fresh * depths.variance / max(1, depths.first)
    variance += (DEPTH_SPREAD * total) ** 2
    if every > 1:  # those passed over may differ from those looked at
        variance += keywords * keywords * _moments(each)[1] / len(each) * (1 - 1 / every)
    off = stretch * BOUND * variance**0.5
    return Interval(total, max(low, total - off), min(high, total + off))
