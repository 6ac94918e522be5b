"""How long calls take where accounts stop before the run does, and what a cap of the day leaves beyond it."""

from __future__ import annotations

import math

import pytest

from crawler.forecast import Interval, exactly
from crawler.planning.day_caps import over_midnight
from crawler.planning.pace import Pace, PaceFrom, Part

NEVER = exactly(math.inf)


def pace(*parts, sent_per_charged=1.0):
    whole = sum(part.calls_per_minute for part in parts)
    ceiling = sum(part.ceiling for part in parts)
    return Pace(whole, PaceFrom.RATE, 0.0, 1.0, ceiling, sent_per_charged, parts)


def part(per_minute, calls_left=None, ceiling=None):
    return Part(per_minute, ceiling or per_minute, None if calls_left is None else exactly(calls_left))


@pytest.mark.parametrize(
    ("parts", "calls", "minutes"),
    [
        ([part(60), part(60)], 240, 2),
        ([part(60, 60), part(60)], 240, 3),
        ([part(90, 30), part(60, 60), part(30)], 150, 2),
        ([part(60, 10), part(60, 20)], 240, 20 / 60),
        ([part(60, 0), part(60)], 60, 1),
        ([part(math.inf, 40), part(60)], 100, 1),
        ([part(math.inf), part(60)], 100, 0),
        ([part(60, 60)], 0, 0),
    ],
)
def test_an_account_that_has_made_its_calls_makes_the_others_no_faster(parts, calls, minutes):
    took = pace(*parts).minutes(exactly(calls))
    assert (took.low, took.expected, took.high) == pytest.approx((minutes,) * 3)


def test_free_failures_take_their_time_but_count_against_no_cap():
    assert pace(part(60, 30), part(60), sent_per_charged=2.0).minutes(exactly(60)).expected == 1


@pytest.mark.parametrize(("minutes", "calls"), [(0, 0), (1, 90), (2, 150)])
def test_so_many_minutes_are_enough_for_what_is_left_of_each(minutes, calls):
    assert pace(part(60, 30), part(60)).calls(minutes).expected == calls


def test_at_most_it_takes_as_long_as_by_the_accounts_that_are_sure_to_go_on():
    unsure = Part(60, 60, Interval(60, 30, 300))
    minutes = pace(unsure, part(60)).minutes(Interval(200, 100, 240))
    assert minutes.high == pytest.approx(210 / 60)
    assert minutes.low == pytest.approx(100 / 120)


def test_what_has_yet_to_find_its_pace_may_be_as_fast_as_is_allowed():
    minutes = pace(part(40, 30, ceiling=120), part(40, ceiling=120)).minutes(exactly(150))
    assert minutes.low == pytest.approx(1)
    assert minutes.high == pytest.approx(3)


@pytest.mark.parametrize(
    ("left", "each_day", "today", "later", "allowed"),
    [
        (50, 100, exactly(60), exactly(900), exactly(50)),
        (50, 100, exactly(40), exactly(900), exactly(140)),
        (50, 100, exactly(40), exactly(90), NEVER),
        (0, 100, exactly(0), exactly(900), exactly(0)),
        (50, 100, Interval(45, 40, 60), exactly(900), Interval(145, 50, 150)),
        (50, 100, Interval(55, 40, 60), exactly(900), Interval(50, 50, 150)),
        (50, 100, Interval(40, 35, 45), Interval(100, 90, 110), Interval(140, 135, math.inf)),
    ],
)
def test_a_cap_of_the_day_begins_anew_at_midnight_only_for_a_run_that_it_did_not_end_before(
    left, each_day, today, later, allowed
):
    assert over_midnight(exactly(left), exactly(each_day), today, later) == allowed


def test_however_long_it_takes_no_more_calls_are_made_than_are_left_and_no_fewer():
    unsure = Pace(60, PaceFrom.RATE, 0.05, 0.5, 60, 1.0, (part(60, 6),))
    assert unsure.calls(10_000) == exactly(6)
    assert unsure.calls(0.1).low < unsure.calls(0.1).expected == 6
