"""A limit in a window of time: what calls of one's own say of it, and how they are spread over it."""

from __future__ import annotations

from random import SystemRandom
from statistics import mean

import pytest

from crawler.engine.limit_window import END_PACE_MIN, LimitWindow
from crawler.engine.pace_steps import rise
from tests.engine.limited_service import Case, Others, play
from tests.engine.pace import log_of

FRESH = SystemRandom().randrange(10**9)
FIXED = LimitWindow(60.0, 60, begins_at=60.0, unsure_seconds=0.5)


def test_a_fixed_window_that_is_full_too_early_is_not_believed():
    log = log_of([number * 1.0 for number in range(60, 80)], [])
    assert FIXED.contradicted(log, 80.0, 1.0, 20.0, 60.0)
    assert not FIXED.contradicted(log, 80.0, 20 / 60, 20.0, 60.0)
    assert not LimitWindow(60.0, 60).contradicted(log, 80.0, 1.0, 20.0, 60.0)


def test_a_fixed_window_that_was_full_just_now_takes_nothing():
    log = log_of([number * 1.0 for number in range(60, 120)], [])
    assert FIXED.contradicted(log, 119.5, 1.0, 116.5, 3.0)
    assert not FIXED.contradicted(log, 119.5, 1.0, 118.2, 3.0)  # one may have been on its way
    assert not FIXED.contradicted(log, 119.5, 1.0, 59.5, 60.0)


def test_calls_that_are_answered_earlier_but_were_sent_later_do_not_speak_against_it():
    log = log_of([120.2, 120.4, 120.6], [119.9])  # the next window has begun at 120
    assert not FIXED.contradicted(log, 119.9, 1.0, 117.0, 3.0)


@pytest.mark.parametrize("under_way", [0.5, 1.0, 3.0, 14.0, 100.0])
def test_the_last_calls_of_a_fixed_window_go_slowly_and_no_fewer_go_in_all(under_way):
    paces = [FIXED.hurry(60.0 + tenth / 10, under_way, rushed=False) for tenth in range(600)]
    assert sum(paces) / 600 == pytest.approx(1.0)
    assert paces[-1] == pytest.approx(max(END_PACE_MIN, min(1.0, 1 / under_way)))


def test_where_it_ends_must_be_known_for_that():
    unsure = LimitWindow(60.0, 60, begins_at=60.0, unsure_seconds=7.0)
    assert unsure.hurry(119.0, 14.0, rushed=False) == 1.0


def evenly(first, last, per_second):
    return [first + number / per_second for number in range(round((last - first) * per_second))]


def test_a_window_that_takes_nothing_while_calls_grow_old_does_not_slide():
    log = log_of(evenly(0, 108, 5), [])
    for at in evenly(108, 112, 5):
        log.sent(at, 5.0)
        log.refuse(at)
    log.sent(112.5, 5.0)
    log.take(112.5)
    fixed = LimitWindow(60.0, 300).slid(log, 110.0)
    assert fixed is not None
    assert fixed.fixed
    assert fixed.begins_at == pytest.approx(112.15, abs=0.2)
    assert LimitWindow(60.0, 300).slid(log, 30.0) is None  # the rush of the search is still in it
    assert LimitWindow(1.0, 5).slid(log, 110.0) is None


def test_a_window_that_none_of_the_calls_has_left_may_slide():
    log = log_of([*evenly(0, 40, 5), *evenly(55, 110, 5)], [])  # none between 40 and 55
    for at in evenly(110, 114, 5):  # a minute after those
        log.sent(at, 5.0)
        log.refuse(at)
    log.sent(115.5, 5.0)
    log.take(115.5)
    assert LimitWindow(60.0, 300).slid(log, 110.0) is None


def test_a_pace_that_no_window_was_filled_with_says_nothing_of_the_limit():
    paces = {"pace": 2.1, "limit": 2.0, "quiet_calls": 10, "price_calls": 250}
    rest = {"latency_seconds": 1.0, "window_seconds": 60.0, "window_step": 0.02}
    filled = rise(**paces, **rest, lately=2.05)
    assert rise(**paces, **rest, lately=1.9) < filled / 5


def test_others_who_come_back_are_made_room_for_at_once():
    case = Case(600, 60, "sliding", 2.0, Others(0.5, spell_seconds=600), minutes=40, rate="auto:200/s")
    outcomes = [play(case, seed) for seed in range(FRESH, FRESH + 6)]
    back = [sum(1200 <= at < 1320 for at in outcome.refused_times) for outcome in outcomes]
    assert mean(back) <= 90, f"seeds from {FRESH}: {back} refused"
    assert min(outcome.share_of_limit for outcome in outcomes) >= 0.85, f"seeds from {FRESH}"


def test_others_who_call_at_random_are_borne_with_in_fixed_minutes():
    case = Case(600, 60, "fixed", 2.0, Others(0.3, jitter=None), minutes=28, rate="auto:200/s")
    outcomes = [play(case, seed) for seed in range(FRESH, FRESH + 6)]
    assert mean(outcome.share_refused for outcome in outcomes) <= 0.012, f"seeds from {FRESH}"
    assert min(outcome.share_of_limit for outcome in outcomes) >= 0.93, f"seeds from {FRESH}"
