"""How far a forecast was off, as values: bounds, caps, and runs that something cut short."""

from __future__ import annotations

import math

import pytest

from crawler.forecast import (
    BOUND,
    FORESEEN,
    Comparison,
    Forecast,
    Interval,
    bound_of,
    compare_forecast,
    grown,
)
from crawler.planning.calibration import stretch_of
from crawler.reasons import ENDINGS, Outcome, ReasonCode

FORECAST = Forecast(
    calls=Interval(100, 90, 110),
    calls_in_full=Interval(400, 380, 420),
    minutes=Interval(10, 8, 12),
    creators=Interval(60, 30, 120),
    growth=((20, 40), (50, 70), (100, 100)),
)


def ended(outcome="done", reason=None, charged=100, seconds=600.0, creators=60):
    return compare_forecast(
        FORECAST, outcome=outcome, reason=reason, charged=charged, seconds=seconds, creators=creators
    )


@pytest.mark.parametrize(
    ("charged", "held"), [(89, False), (90, True), (100, True), (110, True), (111, False)]
)
def test_a_bound_is_within(charged, held):
    assert ended(charged=charged).calls.held is held


@pytest.mark.parametrize("seconds", [4.52, 89.51, 0.5001])
def test_a_time_is_told_as_the_summary_tells_it(seconds):
    assert round(60 * ended(seconds=seconds).minutes.came) == round(seconds)


def test_bounds_of_counts_hold_as_they_are_shown():
    said = Forecast(Interval(3, 2.6, 3.4), Interval(3, 2.6, 3.4), Interval(1, 1, 1), Interval(0.2, 0.1, 0.4))
    back = compare_forecast(said, outcome="done", reason=None, charged=3, seconds=60, creators=0)
    assert (back.calls.low, back.calls.high, back.calls.held) == (3, 3, True)
    assert (back.creators.low, back.creators.high, back.creators.held) == (0, 0, True)


@pytest.mark.parametrize("reason", FORESEEN)
def test_a_cap_cuts_nothing_short_that_the_forecast_knew_of(reason):
    back = ended("stopped", reason, charged=80)
    assert (back.cut_short, back.calls.held, back.creators.expected) == (False, False, 60)


@pytest.mark.parametrize("reason", [code for code in ENDINGS if code not in FORESEEN])
def test_what_nobody_foresaw_tells_nothing_of_the_calls_in_all(reason):
    outcome = ENDINGS[reason].outcome
    back = ended(outcome, reason, charged=20)
    cut = outcome in (Outcome.STOPPED, Outcome.INTERRUPTED, Outcome.CRASHED)
    assert back.cut_short is cut
    assert (back.calls.held, back.minutes.held) == ((None, None) if cut else (False, True))
    assert back.creators.expected == pytest.approx(24 if cut else 60)


def test_creators_of_a_night_cut_short_are_beside_those_forecast_of_as_many_calls():
    """After 20 of 100 calls 40 % were to be there: what comes first brings most."""
    back = ended("stopped", ReasonCode.DAILY_QUOTA, charged=20, creators=30)
    assert back.creators.expected == pytest.approx(0.4 * 60)
    part = FORECAST.creators_of_first(20)
    assert part.low < 0.4 * 30, "the smaller count makes more noise"
    assert part.high > 0.4 * 120
    assert back.creators.held
    assert not ended("stopped", ReasonCode.DAILY_QUOTA, charged=20, creators=60).creators.held


def test_where_no_creators_could_be_forecast_none_are_compared():
    said = Forecast(Interval(None, 5, 50), Interval(None, 5, 50), Interval(None, 1, 9), None)
    back = compare_forecast(said, outcome="done", reason=None, charged=7, seconds=120, creators=90)
    assert (back.creators, back.calls.held, back.minutes.held) == (None, True, True)


def test_growth_is_read_between_its_points():
    assert [grown(FORECAST.growth, calls) for calls in (0, 10, 20, 35, 100, 500)] == [0, 20, 40, 55, 100, 100]
    assert grown((), 5) == 0


def test_a_cap_is_exact_once_it_is_sure_to_be_reached():
    unknown = Interval(None, 8, 400)
    assert unknown.within(5.0) == Interval(5.0, 5.0, 5.0)
    assert unknown.within(50.0) == Interval(None, 8, 50.0)
    assert Interval(20, 15, 25).within(Interval(18, 10, math.inf)) == Interval(18, 10, 25)
    assert Interval(20, 15, 25).within(None) == Interval(20, 15, 25)


@pytest.mark.parametrize(("nights", "quantile"), [(3, 1.638), (6, 1.440), (30, 1.310), (math.inf, 1.2816)])
def test_what_few_nights_tell_has_the_tails_of_students_t(nights, quantile):
    assert bound_of(nights) == pytest.approx(quantile, abs=0.02)


def test_deviations_add_up_as_independent_ones_do():
    three = Interval(100.0, 100 / math.exp(3 * BOUND), 100 * math.exp(3 * BOUND))
    five = three.spread(4.0)
    assert math.log(five.high / 100) == pytest.approx(5 * BOUND)
    assert math.log(100 / five.low) == pytest.approx(5 * BOUND)
    assert Interval(None, 10.0, 40.0).spread(0.0) == Interval(None, 10.0, 40.0)
    assert Interval(10.0, 0.0, 40.0).spread(1.0).low == 0


def beside(came, low=50.0, high=200.0, held=True):
    return Comparison(100.0, low, high, came, held)


def test_intervals_become_as_wide_as_past_forecasts_were_off():
    assert stretch_of([]) == 1
    assert stretch_of([beside(200.0)] * 12) == pytest.approx(((12 * BOUND**2 + 4) / 16) ** 0.5)
    assert stretch_of([beside(101.0)] * 12) == pytest.approx(0.5, abs=0.01)
    assert stretch_of([beside(1e9)] * 12) < 3  # one night of another kind is no rule
    assert stretch_of([beside(100.0, 100.0, 100.0), beside(3.0, held=None)]) == 1  # exact, cut short
    wide = Interval(100.0, 50.0, 200.0).stretched(2.0)
    assert (wide.low, wide.high) == pytest.approx((25.0, 400.0))
