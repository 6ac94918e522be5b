"""The end of a run, asked for once and seen by everybody who waits."""

from __future__ import annotations

import asyncio

from crawler.engine.shutdown import Shutdown
from crawler.reasons import Reason, ReasonCode

QUOTA = Reason(ReasonCode.DAILY_QUOTA)
SIGNAL = Reason(ReasonCode.INTERRUPTED, {"signal": "SIGINT"})


def test_the_first_reason_is_the_one_that_counts():
    stop = Shutdown()
    assert not stop.requested
    stop.request(QUOTA)
    stop.request(SIGNAL)
    assert stop.requested
    assert stop.reason == QUOTA


async def test_everybody_who_sleeps_wakes_up_when_the_run_is_ending():
    stop = Shutdown()
    sleepers = [asyncio.create_task(stop.sleep(3600)) for _ in range(3)]
    await asyncio.sleep(0)
    assert not any(sleeper.done() for sleeper in sleepers)
    stop.request(QUOTA)
    await asyncio.wait_for(asyncio.gather(*sleepers), 10)


async def test_nobody_falls_asleep_once_the_run_is_ending():
    stop = Shutdown()
    stop.request(QUOTA)
    await asyncio.wait_for(stop.sleep(3600), 10)


async def test_a_sleep_ends_by_itself():
    stop = Shutdown()
    await stop.sleep(0.001)
    await stop.sleep(0)
    await stop.sleep(-1)
    assert not stop.requested


async def test_a_cancelled_sleeper_is_cancelled():
    sleeper = asyncio.create_task(Shutdown().sleep(3600))
    await asyncio.sleep(0)
    sleeper.cancel()
    await asyncio.wait([sleeper])
    assert sleeper.cancelled()


async def test_calls_in_flight_are_given_up_only_when_that_is_asked_for():
    stop = Shutdown()
    left = asyncio.create_task(stop.wait_forced())
    stop.request(SIGNAL)
    await asyncio.sleep(0)
    assert not left.done()
    stop.force()
    await asyncio.wait_for(left, 10)
