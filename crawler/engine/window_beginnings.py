"""Where a fixed window begins: between a call refused because it was full and the next one taken."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

REFUSING_SECONDS_MIN = 1.0
"""From here on, one call after another refused, it is no window of a second."""

BEGINNINGS_MAX = 3
DISORDER_SECONDS = 0.05
"""How much later than a call one may arrive that was sent before it."""

SURE_SECONDS = 10 * DISORDER_SECONDS
"""A shorter time of refusing may be disorder."""


class Refusing(NamedTuple):
    """When the first and the last of calls refused in a row were sent, and the next that was taken."""

    first: float
    last: float
    taken_at: float

    @property
    def long(self) -> bool:
        """Whether a window of a second would have taken one of them."""
        return self.last - self.first >= REFUSING_SECONDS_MIN

    @property
    def end(self) -> tuple[float, float]:
        """When it ended, and how much later or earlier that may have been."""
        return (self.last + self.taken_at) / 2, (self.taken_at - self.last) / 2


def refusing_times(refusals: list[float], taken: list[float]) -> Iterator[Refusing]:
    """All of them that are over, in order."""
    for number, refused in groupby(refusals, lambda at: bisect_right(taken, at)):
        times = list(refused)
        if number < len(taken):
            yield Refusing(times[0], times[-1], taken[number])


def beginnings(refusals: list[float], taken: list[float], seconds: float) -> list[tuple[float, float]]:
    """Where a fixed window may begin, the likeliest first, and how many seconds earlier or later."""
    times = list(refusing_times(refusals, taken))
    longest = sorted((each for each in times if each.long), key=lambda each: each.first - each.taken_at)
    return [narrowed(*each.end, times, seconds) for each in longest[:BEGINNINGS_MAX]]


def narrowed(
    begins_at: float, unsure_seconds: float, times: list[Refusing], seconds: float
) -> tuple[float, float]:
    """The beginning, with what those times say that agree with it."""
    low, high = begins_at - unsure_seconds, begins_at + unsure_seconds
    for each in times:
        if each.taken_at - each.first < SURE_SECONDS:
            continue
        windows = round((each.end[0] - begins_at) / seconds) * seconds
        lower = max(low, each.last - windows - DISORDER_SECONDS)
        higher = min(high, each.taken_at - windows + DISORDER_SECONDS)
        if lower < higher:
            low, high = lower, higher
    return (low + high) / 2, (high - low) / 2
