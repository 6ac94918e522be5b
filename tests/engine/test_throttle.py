"""The pace of all calls, as timelines on a virtual clock."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.engine.fixed_pace import CATCH_UP_SECONDS, windows_of
from crawler.engine.shutdown import Shutdown
from crawler.engine.throttle import Throttle
from crawler.errors import InputError
from crawler.rate import AUTO_CEILING_PER_SECOND, Rate, parse_rate
from crawler.reasons import Reason, ReasonCode
from tests.engine.pace import ROUNDING_SECONDS, most_in_a_second, now, throttle_at, times_of_calls
from tests.simulation.virtual_time import run


@pytest.mark.parametrize(
    ("text", "per_second"),
    [
        ("50/s", 50),
        ("40/m", 40 / 60),
        (" 0.5 / SEC ", 0.5),
        ("90/min", 1.5),
        ("3600/h", 1),
        ("Unlimited", None),
    ],
)
def test_a_rate_is_calls_by_the_second_minute_or_hour(text, per_second):
    assert parse_rate(text) == Rate(per_second)


@pytest.mark.parametrize(
    ("text", "ceiling_per_second"),
    [("auto", AUTO_CEILING_PER_SECOND), ("AUTO:20/s", 20), (" auto: 30/m ", 0.5), ("auto:200/s", 200)],
)
def test_auto_learns_below_a_ceiling(text, ceiling_per_second):
    assert parse_rate(text) == Rate(ceiling_per_second, learns=True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "50",
        "50/",
        "/s",
        "0/s",
        "-1/s",
        "1e3/s",
        "nan/s",
        "fast",
        "5/d",
        "5/s x",
        "auto:",
        "auto:0/s",
        f"auto:0.{'0' * 320}1/s",
        "0.0000000001/s",
        "50/s:auto",
        "auto:auto:5/s",
        "auto:unlimited",
        ":5/s",
        "manual:5/s",
    ],
)
def test_what_is_no_rate_is_refused(text):
    with pytest.raises(InputError, match="a rate is written"):
        parse_rate(text)


@pytest.mark.parametrize(
    "text", ["unlimited", "50/s", "40/m", "7.5/s", "1/m", "auto", "auto:20/s", "auto:30/m"]
)
def test_a_rate_reads_as_it_is_written(text):
    assert str(parse_rate(text)) == text


@pytest.mark.parametrize("workers", [1, 3, 64])
@pytest.mark.parametrize("per_second", [1, 7, 19, 20, 30, 37, 50, 97, 200])
def test_no_second_holds_more_calls_than_the_rate_and_none_is_wasted(per_second, workers):
    times = run(times_of_calls(throttle_at(f"{per_second}/s"), 4 * per_second, workers))
    assert most_in_a_second(times) <= per_second
    assert len(times) == 4 * per_second
    assert times[-1] <= 4.05


@settings(deadline=None, max_examples=50)
@given(st.floats(0.05, 300), st.integers(1, 20))
def test_any_rate_is_kept_and_never_exceeded(per_second, workers):
    throttle = Throttle(Rate(per_second), asyncio.sleep)
    times = run(times_of_calls(throttle, 60, workers))
    windows = windows_of(per_second)
    assert windows[-1][0] / windows[-1][1] <= per_second * (1 + 1e-9)
    for calls, period in windows:
        assert calls / period < per_second + 1
        for first, last in zip(times, times[calls:], strict=False):
            assert last - first >= period - 1e-6
    for first, last in pairwise(times):
        assert last - first >= 1 / per_second - 1e-6
    assert times[-1] <= 60 / per_second + 60 * ROUNDING_SECONDS


@pytest.mark.parametrize("text", ["7.5/s", "50/s"])
def test_time_that_a_machine_sleeps_is_lost_once_and_no_second_holds_more_for_it(text):
    per_second = parse_rate(text).per_second
    stall_seconds = 0.8 * CATCH_UP_SECONDS

    async def main():
        begun, sent = now(), []
        loop = asyncio.get_running_loop()
        throttle = throttle_at(text)
        while len(sent) < 12 * per_second:
            if len(sent) in (round(3.2 * per_second), round(7.7 * per_second)):
                loop._jumping.now += stall_seconds
            async with throttle.turn():
                pass
            sent.append(now() - begun)
        return sent

    times = run(main())
    assert times[-1] <= 12 + stall_seconds + 0.1
    for calls, seconds in windows_of(per_second):
        for first, last in zip(times, times[calls:], strict=False):
            assert last - first >= seconds - 1e-6


def test_calls_are_spread_evenly():
    assert run(times_of_calls(throttle_at("40/m"), 4)) == pytest.approx([0, 1.5, 3, 4.5], abs=0.01)
    tenths = [time // 0.0999 for time in run(times_of_calls(throttle_at("50/s"), 50))]
    assert [tenths.count(tenth) for tenth in range(10)] == [5] * 10


def test_turns_come_in_the_order_they_were_asked_for():
    async def main():
        throttle, order = throttle_at("5/s"), []

        async def call(name):
            async with throttle.turn():
                order.append(name)

        await asyncio.gather(*map(call, range(50)))
        return order

    assert run(main()) == list(range(50))


def test_a_cancelled_waiter_uses_no_turn_and_holds_up_nobody():
    async def main():
        throttle, sent = throttle_at("1/s"), {}
        begun = now()

        async def call(name):
            async with throttle.turn():
                sent[name] = now() - begun

        calls = [asyncio.create_task(call(name)) for name in range(4)]
        await asyncio.sleep(0.5)
        calls[1].cancel()  # it is the one that waits for the window
        calls[2].cancel()  # it waits for its turn behind it
        await asyncio.wait(calls)
        return sent

    assert run(main()) == {0: 0, 3: pytest.approx(1, abs=ROUNDING_SECONDS)}


def test_a_call_that_fails_to_be_sent_uses_no_turn():
    async def main():
        throttle = throttle_at("1/m")
        with pytest.raises(KeyError):
            async with throttle.turn():
                raise KeyError
        return await times_of_calls(throttle, 1)

    assert run(main()) == [0]


def test_a_turn_counts_from_the_moment_its_call_is_sent():
    async def main():
        throttle = throttle_at("1/s")
        async with throttle.turn():
            await asyncio.sleep(30)  # the ledger is slow
        return await times_of_calls(throttle, 1)

    assert run(main()) == [pytest.approx(1, abs=ROUNDING_SECONDS)]


def test_without_a_limit_calls_go_at_once():
    assert run(times_of_calls(throttle_at("unlimited"), 1000, workers=10)) == [0] * 1000


@pytest.mark.parametrize(("ago", "first"), [(0, 1.5), (1, 0.5), (1.5, 0), (3600, 0), (None, 0)])
def test_a_run_that_starts_again_keeps_to_the_pace_of_the_one_before(ago, first):
    async def main():
        return await times_of_calls(throttle_at("40/m", last_sent_seconds_ago=ago), 2)

    times = run(main())
    assert times == pytest.approx([first, first + 1.5], abs=ROUNDING_SECONDS)


def test_a_restart_never_puts_more_than_the_rate_into_a_second():
    async def main():
        begun = now()
        before = await times_of_calls(throttle_at("100/s"), 150, workers=8)
        await asyncio.sleep(0.01)
        again = now() - begun
        after = await times_of_calls(throttle_at("100/s", last_sent_seconds_ago=0.01), 150, workers=8)
        return before + [again + time for time in after]

    assert most_in_a_second(run(main())) <= 100


def test_everybody_gets_a_turn_at_once_when_the_run_is_ending():
    async def main():
        stop = Shutdown()
        throttle = Throttle(Rate(1 / 3600), stop.sleep)
        begun = now()
        waiting = asyncio.create_task(times_of_calls(throttle, 20, workers=10))
        await asyncio.sleep(5)
        stop.request(Reason(ReasonCode.INTERRUPTED))
        await waiting
        return now() - begun

    assert run(main()) == 5


@pytest.mark.parametrize("wait_seconds", [0.0001, 0.001, 0.002, 0.9])
def test_nobody_waits_for_the_last_moment_of_a_window_when_the_run_is_ending(wait_seconds):
    async def main():
        stop = Shutdown()
        stop.request(Reason(ReasonCode.INTERRUPTED))
        throttle = Throttle(Rate(1), stop.sleep, last_sent_seconds_ago=1 - wait_seconds)
        return await times_of_calls(throttle, 3)

    assert run(main()) == [0, 0, 0]
