"""Where a fixed window begins: between a call refused because it was full and the next one taken."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

REFUSING_SECONDS_MIN = 2.2
"""A short window refuses nothing for so long that single calls are asked then: it is a long one."""

BEGINNINGS_MAX = 3
DISORDER_SECONDS = 0.05
"""How much later than a call one may arrive that was sent before it."""


class Refusing(NamedTuple):
    """A time in which all calls were refused, and when the next was taken; as they were sent."""

    first: float
    last: float
    taken_at: float

    @property
    def seconds(self) -> float:
        """For how long."""
        return self.taken_at - self.first


def refusing_times(refusals: list[float], taken: list[float]) -> Iterator[Refusing]:
    """All of them that are over, in order."""
    for number, refused in groupby(refusals, lambda at: bisect_right(taken, at)):
        times = list(refused)
        if number < len(taken):
            yield Refusing(times[0], times[-1], taken[number])


def beginnings(refusals: list[float], taken: list[float], seconds: float) -> list[tuple[float, float]]:
    """Where a fixed window of so many seconds may begin, the likeliest first, and how much later or earlier."""
    times = list(refusing_times(refusals, taken))
    long = [each for each in times if each.seconds >= REFUSING_SECONDS_MIN]
    longest = sorted(long, key=lambda each: -each.seconds)[:BEGINNINGS_MAX]
    return [narrowed((each.last + each.taken_at) / 2, (each.taken_at - each.last) / 2, times, seconds) for each in longest]


def narrowed(
    begins_at: float, unsure_seconds: float, times: list[Refusing], seconds: float
) -> tuple[float, float]:
    """The beginning, with what those times say that agree with it."""
    low, high = begins_at - unsure_seconds, begins_at + unsure_seconds
    for each in times:
        if each.seconds < DISORDER_SECONDS * 10:
            continue
        windows = round(((each.last + each.taken_at) / 2 - begins_at) / seconds) * seconds
        lower = max(low, each.last - windows - DISORDER_SECONDS)
        higher = min(high, each.taken_at - windows + DISORDER_SECONDS)
        if lower < higher:
            low, high = lower, higher
    return (low + high) / 2, (high - low) / 2
