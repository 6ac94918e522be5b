"""What a run was expected to take and bring, and how far off that was, as values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import NormalDist

from crawler.reasons import Outcome, ReasonCode

CONFIDENCE = 0.8
BOUND = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)
"""How many standard deviations from the middle a bound is."""

PART_SPREAD = 0.15
"""How far a part of a night is off its share, as a deviation of the logarithm for each e-th of it."""

MINUTE_DIGITS = 6
"""So many that a time in seconds is told alike here and elsewhere."""

DEVIATIONS_MAX = 3.0
"""What lies farther off tells no more than that."""

FORESEEN = (
    ReasonCode.CALL_CAP, ReasonCode.DAY_CAP, ReasonCode.BUDGET, ReasonCode.BUDGET_PER_DAY, ReasonCode.UNTIL,
)  # fmt: skip
"""Ends of a run that its forecast takes into account."""


def bound_of(told_by: float) -> float:
    """The same where only so many nights tell the deviation: the quantile of Student's t, by the first terms
    of its expansion in powers of 1 / nights."""
    z = BOUND
    first, second = (z**3 + z) / 4, (5 * z**5 + 16 * z**3 + 3 * z) / 96
    return z + first / told_by + second / told_by**2


@dataclass(frozen=True, slots=True)
class Interval:
    """An expected value, None where nothing is known, and bounds that hold in 80 % of the nights."""

    expected: float | None
    low: float
    high: float

    def within(self, cap: Interval | float | None) -> Interval:
        """The same where no more than `cap` is allowed."""
        if cap is None:
            return self
        most = cap if isinstance(cap, Interval) else Interval(cap, cap, cap)
        known = self.expected
        if most.expected is not None and (known is not None or most.expected <= self.low):
            known = most.expected if known is None else min(most.expected, known)
        return Interval(known, min(most.low, self.low), min(most.high, self.high))

    @property
    def whole(self) -> Interval:
        """The same in whole numbers, as counts are shown."""
        expected, low, high = (each and float(round(each)) for each in (self.expected, self.low, self.high))
        return Interval(expected, low or 0.0, high or 0.0)

    def times(self, factor: float) -> Interval:
        """The same in another unit."""
        known = None if self.expected is None else self.expected * factor
        return Interval(known, self.low * factor, self.high * factor)

    def spread(self, sigma: float, told_by: float = math.inf) -> Interval:
        """The same where what it is measured by is known only so well, as a deviation of its logarithm that
        so many nights tell; deviations add up as independent ones do."""
        off, middle = bound_of(told_by) * sigma, self.expected
        if not middle:
            return Interval(middle, self.low * math.exp(-off), self.high * math.exp(off))
        below = math.log(max(1.0, middle / self.low)) if self.low > 0 else math.inf
        above = math.log(max(1.0, self.high / middle))
        return Interval(
            middle, middle * math.exp(-math.hypot(off, below)), middle * math.exp(math.hypot(off, above))
        )

    def stretched(self, factor: float) -> Interval:
        """The same so many times as wide, in logarithms."""
        middle = self.expected
        if not middle or not 0 < self.low <= middle <= self.high:
            return self
        return Interval(
            middle, middle * (self.low / middle) ** factor, middle * (self.high / middle) ** factor
        )


def exactly(amount: float | Decimal) -> Interval:
    """What nothing is uncertain of."""
    known = float(amount)
    return Interval(known, known, known)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a run will take and bring, as far as its caps let it. `calls` are charged ones, `calls_in_full`
    what they would be without a cap; `creators` are those new to the database, None where nothing is known of
    them. `growth` says how many of these so many calls bring: (calls, creators), rising."""

    calls: Interval
    calls_in_full: Interval
    minutes: Interval
    creators: Interval | None
    growth: tuple[tuple[float, float], ...] = ()

    def creators_of_first(self, calls: int) -> Interval | None:
        """What was forecast of the first so many calls: for a run that something unforeseen cut short."""
        whole = self.creators
        if whole is None or not whole.expected or not self.growth or not self.growth[-1][1]:
            return whole
        middle = whole.expected * grown(self.growth, calls) / self.growth[-1][1]
        return _of_part(whole, whole.expected, middle)


def grown(growth: Sequence[tuple[float, float]], calls: float) -> float:
    """The creators that so many calls bring, between the points of `growth`."""
    before = (0.0, 0.0)
    for at, creators in growth:
        if calls <= at:
            part = (calls - before[0]) / (at - before[0]) if at > before[0] else 1.0
            return before[1] + part * (creators - before[1])
        before = (at, creators)
    return before[1]


def _of_part(whole: Interval, expected: float, middle: float) -> Interval:
    """The interval of a part: as wide as that of the whole, and wider by the noise of its smaller count and
    by how little is known of when in a night newcomers come."""
    above = math.log(max(1.0, whole.high / expected)) / BOUND
    below = math.log(max(1.0, expected / max(whole.low, 1e-9))) / BOUND
    noise = 1 / max(1.0, middle) - 1 / max(1.0, expected)
    noise += (PART_SPREAD * math.log(max(1e-3, middle / expected))) ** 2
    low = middle * math.exp(-BOUND * math.sqrt(max(0.0, below**2 + noise)))
    return Interval(middle, low, middle * math.exp(BOUND * math.sqrt(max(0.0, above**2 + noise))))


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came beside what was expected of it; `held` is whether it lies within the bounds, None for what a
    run that was cut short cannot tell."""

    expected: float | None
    low: float
    high: float
    came: float
    held: bool | None

    def times(self, factor: float) -> Comparison:
        """The same in another unit."""
        said = Interval(self.expected, self.low, self.high).times(factor)
        return Comparison(said.expected, said.low, said.high, self.came * factor, self.held)

    @property
    def deviations(self) -> float | None:
        """How many of its standard deviations it was off, at most DEVIATIONS_MAX; None where it was exact or
        tells nothing."""
        expected = self.expected
        if self.held is None or not expected or not 0 < self.low < expected < self.high:
            return None
        log = math.log(max(self.came, 0.5) / expected)
        bound = self.high / expected if log > 0 else expected / self.low
        return min(DEVIATIONS_MAX, abs(log) * BOUND / math.log(bound))


@dataclass(frozen=True, slots=True)
class ForecastAccuracy:
    """How far a forecast was off. A run that something unforeseen `cut_short` (quota, signal, outage) tells
    nothing of the calls and the minutes in all; its creators are then beside what was forecast of as many
    calls as it made. `calls_in_full` is what was expected without a cap."""

    cut_short: bool
    calls: Comparison
    minutes: Comparison
    creators: Comparison | None
    calls_in_full: Interval


def compare_forecast(
    forecast: Forecast, *, outcome: str, reason: str | None, charged: int, seconds: float, creators: int
) -> ForecastAccuracy | None:
    """A run beside its forecast: how it ended, its charged calls, its time and its new creators. None where
    it was stopped before a call was charged: that tells nothing."""
    ended = outcome in (Outcome.DONE, Outcome.FAILED)
    if not ended and not charged:
        return None
    cut_short = not ended and reason not in FORESEEN
    said = forecast.creators_of_first(charged) if cut_short else forecast.creators
    return ForecastAccuracy(
        cut_short,
        _compared(forecast.calls, charged, 0, judged=not cut_short),
        _compared(forecast.minutes, round(seconds / 60, MINUTE_DIGITS), MINUTE_DIGITS, judged=not cut_short),
        None if said is None else _compared(said, creators, 0, judged=True),
        forecast.calls_in_full,
    )


def _compared(said: Interval, came: float, digits: int, *, judged: bool) -> Comparison:
    """Bounds hold as they are shown: of counts they are whole numbers."""
    low, high = round(said.low, digits), round(said.high, digits)
    return Comparison(said.expected, low, high, came, low <= came <= high if judged else None)
