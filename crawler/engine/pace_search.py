"""How fast calls go while nothing is known of a limit: careful at first, then ever faster."""

from __future__ import annotations

import enum

from crawler.engine.pace_steps import STEP
from crawler.rate import LearntLimit

START_PER_SECOND = 40 / 60
"""What people found safe on this API (40 to 50 calls a minute); neither limit nor quota is published."""

SEARCH_CUBE_SECONDS = 200.0
"""The search adds (seconds since it began)^3 / SEARCH_CUBE_SECONDS calls per second: at 100 a second after 27
seconds, so that even thousands of calls a minute are used up, and known, within the first one."""

LATENCY_SECONDS_MIN = 0.6


class Phase(enum.StrEnum):
    """What the pace is doing."""

    SEARCHING = enum.auto()
    PROBING = enum.auto()
    STEADY = enum.auto()


def first_pace(learnt: LearntLimit | None) -> float:
    """Calls per second to begin with: below the limit where that is known."""
    if learnt is None:
        return START_PER_SECOND
    return learnt.per_second * (1 - STEP) if learnt.found else max(START_PER_SECOND, learnt.per_second / 2)


class Search:
    """The third power of the time, but no faster than e-fold in the time that an answer takes."""

    def __init__(self, per_second: float) -> None:
        self._began_per_second = per_second
        self._seconds = 0.0
        self._raised_at = float("-inf")

    def raised(self, per_second: float, now: float, latency_seconds: float, *, used: bool) -> float:
        """The pace from now on; time in which the one before was not `used` does not count."""
        seconds = min(1.0, now - self._raised_at)
        self._raised_at = now
        if not used:
            return per_second
        self._seconds += seconds
        cube = self._began_per_second + self._seconds**3 / SEARCH_CUBE_SECONDS
        return min(cube, per_second * (1 + seconds / max(latency_seconds, LATENCY_SECONDS_MIN)))
