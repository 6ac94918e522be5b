"""What `auto` makes of a hidden limit, in virtual time: shares of calls, never seconds of a clock."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import replace
from itertools import pairwise
from random import Random, SystemRandom

import pytest

from crawler.engine.call_log import CallLog
from crawler.engine.learning_pace import LearningPace
from crawler.engine.pace_search import SEARCH_CUBE_SECONDS, START_PER_SECOND
from crawler.engine.rate_limit_inference import explain
from crawler.engine.window_beginnings import beginnings
from crawler.rate import LearntLimit
from tests.engine.limited_service import Case, Others, play
from tests.engine.pace import log_of, most_in_a_second, now, throttle_at, times_of_calls
from tests.simulation.virtual_time import run

FRESH = SystemRandom().randrange(10**9)

MINUTE_SLIDING = [Case(20, 60, latency_seconds=2.5), Case(40, 60, latency_seconds=0.05), Case(120, 60)]
SECOND = [
    Case(1, 1, minutes=15),
    Case(5, 1, latency_seconds=5.0, minutes=10),
    Case(25, 1, latency_seconds=2.5, minutes=5),
]
FIXED = [Case(40, 60, "fixed", 2.5), Case(5, 1, "fixed", 0.05, minutes=10), Case(600, 60, "fixed")]


BURSTS = [
    Case(3000, 60, latency_seconds=5.0, minutes=10, rate="auto:200/s"),
    Case(600, 60, "bucket", 2.0, minutes=20),
    Case(33, 60, "bucket", 0.06, minutes=60),
]


def told(case, seed, outcome):
    return f"seed {seed}: {outcome.share_of_limit:.3f}, refused {outcome.share_refused:.4f}, {case}"


def check(case, seed, learnt=None):
    outcome = play(case, seed, learnt)
    assert outcome.share_of_limit >= 0.95, told(case, seed, outcome)
    assert outcome.share_refused <= 0.01, told(case, seed, outcome)
    return outcome


@pytest.mark.parametrize("seed", [1, FRESH], ids=["fixed", "fresh"])
@pytest.mark.parametrize("case", MINUTE_SLIDING + SECOND, ids=str)
def test_from_the_second_minute_on_the_limit_is_used_and_hardly_anything_refused(case, seed):
    check(case, seed)


@pytest.mark.parametrize("seed", [20304, 20210])
def test_a_pace_that_was_cut_too_far_where_answers_take_long_is_soon_back(seed):
    check(Case(5, 1, latency_seconds=5.0, minutes=10), seed)


@pytest.mark.parametrize("seed", [1, FRESH], ids=["fixed", "fresh"])
@pytest.mark.parametrize("case", BURSTS, ids=str)
def test_what_a_burst_fills_is_met_in_the_first_minute_and_then_kept(case, seed):
    check(case, seed)


def test_so_it_is_with_a_small_bucket():
    check(Case(40, 60, "bucket", 2.0, minutes=60), 1)  # 2 of 120 other seeds miss


def test_a_full_second_that_is_over_at_once_is_not_taken_for_a_full_minute():
    check(Case(100, 1, "fixed", 0.05, minutes=5, rate="auto:200/s"), 891346855)


def test_seconds_that_others_fill_as_well_are_not_taken_for_a_full_minute():
    outcome = play(Case(10, 1, "fixed", 2.0, Others(0.3, jitter=None), minutes=20), 698793383)
    assert outcome.share_of_limit >= 0.5  # 0.13 where calls taken between refusals did not speak against it


def test_a_full_minute_that_was_taken_for_a_second_is_noticed_once_nothing_is_taken_any_more():
    outcome = play(Case(665, 60, "fixed", 4.02, minutes=10, rate="auto:200/s"), 40262)
    assert outcome.share_refused <= 0.03  # 0.15 where each cut waited for the one before to be answered


@pytest.mark.parametrize("case", FIXED, ids=str)
def test_so_it_is_with_windows_that_begin_at_one_moment(case):
    check(case, 1)


@pytest.mark.parametrize("seed", [1, FRESH], ids=["fixed", "fresh"])
@pytest.mark.parametrize("case", FIXED[:2], ids=str)
def test_what_was_learnt_is_taken_up_again(case, seed):
    learnt = LearntLimit(case.per_second, found=True, window_seconds=case.seconds, fixed=True)
    outcome = check(case, seed, learnt)
    assert outcome.refused_at_first <= 2


def test_the_search_begins_carefully_and_rises_with_the_third_power_of_the_time():
    case = Case(100, 1, latency_seconds=0.5, minutes=1)
    times = play(case, FRESH).taken_times
    for seconds in (6, 12, 18, 24):
        calls = sum(at - times[0] < seconds for at in times)
        assert calls <= 2 + 1.05 * (START_PER_SECOND * seconds + seconds**4 / 4 / SEARCH_CUBE_SECONDS)


@pytest.mark.parametrize("rate", ["auto:2/s", "auto:20/s"])
def test_a_ceiling_is_never_passed_although_nothing_is_refused(rate):
    outcome = play(Case(10_000, 1, rate=rate, minutes=4), FRESH)
    ceiling = float(rate[5:-2])
    assert most_in_a_second(outcome.taken_times) <= ceiling + 1  # as they arrive, some faster than others
    assert outcome.taken >= 0.98 * ceiling * 180


def test_as_many_workers_as_pace_and_latency_need():
    outcome = play(Case(10_000, 1, latency_seconds=2.0, rate="auto:10/s", minutes=3), FRESH)
    assert 20 <= outcome.workers_at_most <= 40


def test_too_few_workers_do_not_make_the_pace_climb():
    outcome = play(Case(10_000, 1, latency_seconds=1.0, workers=5, minutes=3), FRESH)
    assert outcome.learnt.found is False
    assert outcome.learnt.per_second < 15


@pytest.mark.parametrize(("first", "then"), [(10, 30), (30, 10), (60, 20)])
def test_a_limit_that_changes_during_the_night_is_followed(first, then):
    case = Case(first, 1, latency_seconds=0.5, minutes=15, changes=((300, then),))
    outcome = play(case, FRESH)
    late = sum(at > 600 for at in outcome.taken_times)
    assert late >= 0.93 * then * 300
    assert sum(at > 600 for at in outcome.refused_times) <= 0.01 * late


def test_others_who_call_evenly_leave_room_that_is_used():
    outcome = play(Case(600, 60, others=Others(0.3)), 1)
    assert outcome.share_of_limit >= 0.93
    assert outcome.share_refused <= 0.01


def test_what_the_api_asks_to_wait_is_waited_within_a_limit():
    async def main(asked):
        throttle = throttle_at("auto")
        (sent_at,) = [now() for _ in await times_of_calls(throttle, 1)]
        await asyncio.sleep(0.1)
        throttle.slow_down(sent_at, asked)
        return (await times_of_calls(throttle, 1))[0]

    assert run(main(20)) == 20
    assert run(main(1e9)) == pytest.approx(300)


def test_a_refusal_holds_back_everybody():
    async def main():
        throttle = throttle_at("auto")
        await times_of_calls(throttle, 3, workers=3)
        assert throttle.slow_down(now(), None) is True
        assert throttle.slow_down(now() - 1, None) is False  # it was under way
        return await times_of_calls(throttle, 4, workers=4)

    times = run(main())
    gaps = [after - before for before, after in pairwise(times)]
    assert times[0] >= 1
    assert gaps == sorted(gaps)
    assert gaps[0] >= 2


def test_a_limit_that_is_known_is_where_the_next_night_begins():
    pace = LearningPace(100, LearntLimit(8, found=True, window_seconds=1))
    assert pace.per_second == pytest.approx(7.84)
    assert pace.learnt is None  # not before an answer has confirmed it
    assert LearningPace(5, LearntLimit(8, found=True)).per_second == 5
    assert LearningPace(100, LearntLimit(30, found=False)).per_second == 15


def test_calls_of_the_run_before_fill_a_learnt_window():
    learnt = LearntLimit(20 / 60, found=True, window_seconds=60)
    pace = LearningPace(100, learnt, [970 + number for number in range(20)])
    assert 1030 <= pace.opens_at(1000.0) <= 1031


def test_windows_are_told_apart_by_what_was_taken_and_refused():
    burst = [number / 2 for number in range(20)]
    second = log_of([number / 20 for number in range(100)] + [6.0, 7.0], [5.0, 5.01, 5.02])
    assert explain(second).seconds == 1
    sliding = explain(log_of([*burst, 60.5], [10.0, 11.0, 13.0, 17.0, 29.0, 41.0, 53.0]))
    assert (sliding.seconds, sliding.calls, sliding.fixed) == (60, 20, False)
    fixed = explain(log_of([*burst, 41.0], [10.0, 11.0, 13.0, 17.0, 29.0]))
    assert (fixed.seconds, fixed.calls, fixed.fixed) == (60, 20, True)
    assert 29 <= fixed.begins_at <= 41
    assert explain(log_of(burst, [])) is None


def test_calls_under_way_say_nothing_until_they_are_answered():
    log = CallLog()
    for number in range(10):
        log.sent(float(number), 1.0)
    for number in range(5):
        log.take(float(number))
    log.refuse(9.0)
    assert log.answered().times == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert log.answered().refusals == [9.0]
    assert log.under_way(8.0, 2.0)
    assert not log.under_way(4.0, 2.0)


def test_what_is_taken_between_refusals_is_what_a_bucket_allows():
    times = [number / 100 for number in range(300)]
    log = log_of(times[::4], [at for number, at in enumerate(times) if number % 4])
    assert 24 <= log.taken_while_refusing(0.0, 3.0) <= 27
    assert log.taken_while_refusing(0.0, 0.3) == float("inf")  # too short a time
    full = log_of(times[:100], times[100:])
    assert full.taken_while_refusing(0.0, 3.0) == float("inf")  # nothing is taken: that is a window, and full


def test_where_a_fixed_window_begins_is_narrowed_by_every_time_it_was_full():
    refusals = [40.0, 44.0, 48.0, 168.0, 168.5, 169.0, 100.0]
    taken = [30.0, 60.0, 99.9, 100.1, 160.0, 171.0]
    (begins_at, unsure_seconds), *_others = beginnings(sorted(refusals), taken, 60.0)
    assert begins_at == pytest.approx(50.0)
    assert unsure_seconds == pytest.approx(1.05)
    assert beginnings([100.0], [99.0, 103.0], 60.0) == []  # one refusal may be of any kind


@pytest.mark.parametrize("retry_after", [False, True])
def test_an_account_that_takes_nothing_is_asked_ever_more_rarely(retry_after):
    case = Case(1, 36_000, latency_seconds=0.1, minutes=60, retry_after=retry_after)
    outcome = play(case, FRESH)
    assert len(outcome.refused_times) <= 90
    assert sum(at > 600 for at in outcome.refused_times) <= 51


def test_a_fixed_rate_is_kept_to_the_call():
    for rate, per_second in (("100/s", 100), ("7.5/s", 7.5), ("40/m", 40 / 60)):
        case = replace(Case(10**9, 1, latency_seconds=2.5, rate=rate), minutes=2)
        outcome = play(case, FRESH)
        assert abs(len(outcome.taken_times) / (per_second * 120) - 1) <= 0.03


@pytest.mark.parametrize(("bad_seconds", "share"), [(60, 0.33), (300, 0.33), (600, 0.1)])
def test_refusals_that_had_another_cause_are_made_up_for_within_half_an_hour(bad_seconds, share):
    rng, pace, now, latency_seconds = Random(1), LearningPace(100.0), 1.0, 0.5
    answers = deque()
    while now < bad_seconds + 1800:
        opens_at = pace.opens_at(now)
        if answers and answers[0][0] <= opens_at:
            now, sent_at, refused = answers.popleft()
            if refused:
                pace.refused(sent_at, now, None)
            else:
                pace.went_well(sent_at, now)
        else:
            now = opens_at
            pace.sent(now)
            answers.append((now + latency_seconds, now, now < bad_seconds and rng.random() < share))
        if now > bad_seconds and pace.per_second >= START_PER_SECOND:
            return
    pytest.fail(f"{60 * pace.per_second:.1f} calls a minute half an hour later")
