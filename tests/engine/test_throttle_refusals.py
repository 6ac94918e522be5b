"""What the pace makes of rate-limit answers, as timelines on a virtual clock."""

from __future__ import annotations

import asyncio

import pytest

from crawler.engine.fixed_pace import SLOWEST_PER_SECOND
from crawler.rate import Rate, parse_rate
from tests.engine.pace import ROUNDING_SECONDS, most_in_a_second, now, throttle_at, times_of_calls
from tests.simulation.virtual_time import run


def test_a_refusal_halves_the_rate_of_all_workers_after_a_pause():
    async def main():
        throttle = throttle_at("10/s")
        await times_of_calls(throttle, 3, workers=3)
        assert throttle.slow_down(now(), None) is True
        assert throttle.rate == Rate(5)
        return await times_of_calls(throttle, 4, workers=4)

    assert run(main()) == pytest.approx([1, 1.2, 1.4, 1.6], abs=4 * ROUNDING_SECONDS)


def test_refusals_of_calls_that_were_under_way_then_say_nothing_new():
    async def main():
        throttle = throttle_at("10/s")
        sent_at = now()
        await asyncio.sleep(1)
        assert throttle.slow_down(sent_at, None) is True
        assert [throttle.slow_down(sent_at, None) for _ in range(15)] == [False] * 15
        return throttle.rate

    assert run(main()) == Rate(5)


def test_refusals_in_a_row_pause_longer_each_time_up_to_a_limit():
    async def main():
        throttle, pauses = throttle_at("1000/s"), []
        for _ in range(9):
            throttle.slow_down(now(), None)
            begun = now()
            async with throttle.turn():
                pauses.append(round(now() - begun))
            await asyncio.sleep(0.5)
        return pauses

    assert run(main()) == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_the_rate_never_falls_below_one_call_a_minute():
    async def main():
        throttle = throttle_at("1/s")
        for _ in range(50):
            await asyncio.sleep(1)
            throttle.slow_down(now(), None)
        return throttle.rate

    assert run(main()) == Rate(SLOWEST_PER_SECOND)


def test_a_refusal_never_raises_a_rate_that_is_slower_than_that():
    async def main():
        throttle = throttle_at("1/h")
        throttle.slow_down(now(), None)
        return throttle.rate

    assert run(main()) == parse_rate("1/h")


def test_a_pause_is_as_long_as_the_server_asked_within_a_limit():
    async def main(asked):
        throttle = throttle_at("10/s")
        throttle.slow_down(now(), asked)
        return await times_of_calls(throttle, 1)

    assert run(main(20)) == [20]
    assert run(main(1e9)) == [300]


def test_a_later_refusal_lengthens_the_pause_for_those_who_wait_already():
    async def main():
        throttle = throttle_at("10/s")
        sent_at = now()
        throttle.slow_down(sent_at, None)
        waiting = asyncio.create_task(times_of_calls(throttle, 1))
        await asyncio.sleep(0.5)
        throttle.slow_down(sent_at, 30)
        return await waiting

    assert run(main()) == [pytest.approx(30.5)]


def test_the_rate_recovers_with_answers_that_are_no_refusals_and_never_beyond_its_ceiling():
    async def main():
        throttle, rates = throttle_at("10/s"), []
        throttle.slow_down(now(), None)
        for _ in range(40):
            throttle.went_well()
            rates.append(throttle.rate.per_second)
        return rates

    rates = run(main())
    assert rates == sorted(rates)
    assert rates[0] == pytest.approx(5.2)
    assert rates[-1] == 10


@pytest.mark.parametrize("ceiling", [20, 30, 37, 100, 250])
def test_recovering_never_puts_more_than_the_ceiling_into_a_second(ceiling):
    async def main():
        throttle, begun, times = throttle_at(f"{ceiling}/s"), now(), []

        async def worker():
            while len(times) < 12 * ceiling:
                async with throttle.turn():
                    sent_at = now()
                    times.append(sent_at - begun)
                await asyncio.sleep(0.1)
                if len(times) % (4 * ceiling) == 0:
                    throttle.slow_down(sent_at, None)
                else:
                    throttle.went_well()

        await asyncio.gather(*(worker() for _ in range(50)))
        return times

    assert most_in_a_second(run(main())) <= ceiling


def test_a_run_without_a_limit_slows_down_from_the_pace_it_had():
    async def main():
        throttle = throttle_at("unlimited")
        for _ in range(101):
            async with throttle.turn():
                pass
            await asyncio.sleep(0.01)
        throttle.slow_down(now(), None)
        slowed = throttle.rate.per_second
        throttle.went_well()
        return slowed, throttle.rate.per_second

    slowed, recovering = run(main())
    assert slowed == pytest.approx(50, rel=0.05)
    assert recovering == pytest.approx(slowed + 2 * slowed * 0.02)


def test_a_run_without_a_limit_that_is_refused_at_once_goes_on_slowly():
    async def main():
        throttle = throttle_at("unlimited")
        throttle.slow_down(now(), None)
        return throttle.rate

    assert run(main()) == Rate(0.5)
