"""How far a forecast was off, as values: bounds, caps, and runs that something cut short."""

from __future__ import annotations

import math

import pytest

from crawler.expectation import FORESEEN, Forecast, Interval, grown, look_back
from crawler.reasons import ENDINGS, Outcome, ReasonCode

FORECAST = Forecast(
    calls=Interval(100, 90, 110),
    calls_in_full=Interval(400, 380, 420),
    minutes=Interval(10, 8, 12),
    creators=Interval(60, 30, 120),
    growth=((20, 40), (50, 70), (100, 100)),
)


def ended(outcome="done", reason=None, charged=100, seconds=600.0, creators=60):
    return look_back(
        FORECAST, outcome=outcome, reason=reason, charged=charged, seconds=seconds, creators=creators
    )


@pytest.mark.parametrize(
    ("charged", "held"), [(89, False), (90, True), (100, True), (110, True), (111, False)]
)
def test_a_bound_is_within(charged, held):
    assert ended(charged=charged).calls.held is held


def test_bounds_of_counts_hold_as_they_are_shown():
    said = Forecast(Interval(3, 2.6, 3.4), Interval(3, 2.6, 3.4), Interval(1, 1, 1), Interval(0.2, 0.1, 0.4))
    back = look_back(said, outcome="done", reason=None, charged=3, seconds=60, creators=0)
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
    back = look_back(said, outcome="done", reason=None, charged=7, seconds=120, creators=90)
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
