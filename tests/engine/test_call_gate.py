"""When calls may go: the end that was set, and the wait for a quota, in virtual time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, time, timedelta

import pytest

from crawler.clock import next_occurrence, parse_moment
from crawler.engine.call_gate import CallGate, quota_returns
from crawler.engine.events import QuotaBack, QuotaWait
from crawler.engine.shutdown import Shutdown
from crawler.errors import InputError
from crawler.reasons import Reason, ReasonCode
from tests.simulation.virtual_time import WallClock, run

QUOTA = Reason(ReasonCode.DAILY_QUOTA)
START = WallClock.START
"""A minute and a half before midnight in Shanghai."""


class Playing:
    """CallGate on the virtual clock, with the events they tell."""

    def __init__(
        self, *, until: datetime | None = None, waits: bool = True, now: WallClock | None = None
    ) -> None:
        self.shutdown, self.events, self.now = Shutdown(), [], now or WallClock()
        self.gate = CallGate(
            until=until, waits=waits, shutdown=self.shutdown, emit=self.events.append, now=self.now
        )


class AheadClock(WallClock):
    """A day ahead until somebody sets it right."""

    ahead = timedelta(days=1)

    def __call__(self) -> datetime:
        return super().__call__() + self.ahead


@pytest.mark.parametrize(
    ("at", "returns"),
    [
        ("2026-11-25T20:00+08:00", "2026-11-26T00:01+08:00"),
        ("2026-11-25T01:00+08:00", "2026-11-26T00:01+08:00"),
        ("2026-11-25T00:00:01+08:00", "2026-11-25T00:10:01+08:00"),
        ("2026-11-25T00:59+08:00", "2026-11-25T01:09+08:00"),
    ],
)
def test_a_quota_is_asked_for_again_on_the_next_day_and_soon_in_a_days_first_hour(at, returns):
    assert quota_returns(datetime.fromisoformat(at)) == datetime.fromisoformat(returns)


def test_all_wait_for_the_quota_and_are_told_once():
    async def main():
        playing = Playing()
        playing.gate.stop(QUOTA)
        playing.gate.stop(QUOTA)
        assert playing.gate.closed
        await asyncio.gather(*(playing.gate.wait_open() for _ in range(5)))
        assert not playing.gate.closed
        assert not playing.shutdown.requested
        assert [type(event) for event in playing.events] == [QuotaWait, QuotaBack]
        return playing.now() - START

    assert run(main()) == timedelta(seconds=150)


def test_a_wait_is_over_at_once_when_the_run_is_ending():
    async def main():
        playing = Playing()
        playing.gate.stop(QUOTA)
        asyncio.get_running_loop().call_later(7, playing.shutdown.request, Reason(ReasonCode.INTERRUPTED))
        await playing.gate.wait_open()
        return playing.now() - START

    assert run(main()) == timedelta(seconds=7)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"waits": False}, QUOTA),
        ({"until": START + timedelta(seconds=100)}, QUOTA),
        ({}, Reason(ReasonCode.BALANCE)),
    ],
    ids=["not wanted", "back too late", "another reason"],
)
def test_what_is_not_worth_waiting_for_ends_the_run(options, reason):
    async def main():
        playing = Playing(**options)
        playing.gate.stop(reason)
        return playing.gate.closed, playing.shutdown.reason, playing.events

    assert run(main()) == (False, reason, [])


def test_the_end_comes_on_time_whatever_is_waited_for():
    async def main():
        playing = Playing(until=START + timedelta(hours=9))
        await playing.gate.end_on_time()
        return playing.shutdown.reason, playing.now() - START

    assert run(main()) == (Reason(ReasonCode.UNTIL), timedelta(hours=9))


def test_a_moment_is_a_time_of_day_or_an_iso_text():
    assert parse_moment(" 7:05 ") == time(7, 5)
    assert parse_moment("2026-11-26T07:00+08:00") == datetime(2026, 11, 25, 23, 0, tzinfo=UTC)
    assert parse_moment("2026-11-26T07:00").tzinfo is not None
    for text in ("", "noon", "25:00", "07:60", "7", "0001-01-01T00:00", "07:00Z"):
        with pytest.raises(InputError, match="a moment is written"):
            parse_moment(text)


@pytest.mark.parametrize(("hour", "days"), [(6, 1), (7, 1), (8, 0), (23, 0)])
def test_a_time_of_day_is_its_next_occurrence_here(hour, days):
    now = datetime(2026, 11, 25, 7, 0).astimezone()
    wanted = next_occurrence(time(hour), now)
    assert wanted == datetime(2026, 11, 25 + days, hour, 0).astimezone()
    assert next_occurrence(now, now) == now


def test_a_clock_that_was_ahead_when_the_quota_was_used_up_does_not_cost_a_day():
    async def main():
        clock = AheadClock()
        playing = Playing(now=clock)
        playing.gate.stop(QUOTA)
        clock.ahead = timedelta(0)
        await playing.gate.wait_open()
        return playing.now() - START

    assert run(main()) == timedelta(seconds=150)
