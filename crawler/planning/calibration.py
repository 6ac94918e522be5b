"""How much wider or narrower the intervals of a database have to be, by how far its forecasts were off."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from crawler.forecast import Comparison
from crawler.store.forecasts import latest_forecast_accuracy

RUNS = 12
"""The latest runs, whose forecasts are looked at."""

AS_SAID_RUNS = 4.0
"""As how many runs it counts that intervals are as wide as they should be."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """By how much intervals of charged calls and of new creators are stretched, in logarithms."""

    calls: float
    creators: float


def read_stretch(connection: sqlite3.Connection) -> Stretch:
    """As the latest forecasts and what came of them have it."""
    past = latest_forecast_accuracy(connection, RUNS)
    return Stretch(
        stretch_of(one.calls for one in past), stretch_of(one.creators for one in past if one.creators)
    )


def stretch_of(past: Iterable[Comparison]) -> float:
    """The root of the mean square of how many standard deviations each was off, shrunk towards one."""
    off = [one.deviations for one in past]
    squares = [each**2 for each in off if each is not None]
    return math.sqrt((sum(squares) + AS_SAID_RUNS) / (len(squares) + AS_SAID_RUNS))
