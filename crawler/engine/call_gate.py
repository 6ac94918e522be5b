"""When calls may go at all: not after the end that was set, not while the day's quota is used up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from crawler.clock import Now, next_shanghai_day, shanghai_day_start
from crawler.engine.events import Event, QuotaBack, QuotaWait
from crawler.engine.shutdown import Shutdown
from crawler.reasons import Reason, ReasonCode

NEW_DAY_SLACK = timedelta(minutes=1)
"""How much later than ours the service's clock may begin its day."""

EARLY = timedelta(hours=1)
EARLY_PAUSE = timedelta(minutes=10)
"""Within so much of a day a quota that is used up may still be yesterday's: it is asked for again soon."""


LOOK_SECONDS = 300.0
"""How often the clock on the wall is looked at."""


def quota_returns(now: datetime) -> datetime:
    """When it is worth asking again, after an answer at `now` that the day's quota is used up."""
    if now - shanghai_day_start(now) < EARLY:
        return now + EARLY_PAUSE
    return next_shanghai_day(now) + NEW_DAY_SLACK


class CallGate:
    """Opens and closes for all workers at once. `until` is the end of all calls, None where there is none;
    `waits` is whether a used up quota is waited for instead of `park` being called, which by default ends the
    run."""

    def __init__(
        self,
        *,
        until: datetime | None,
        waits: bool,
        shutdown: Shutdown,
        emit: Callable[[Event], None],
        now: Now,
        park: Callable[[Reason], None] | None = None,
    ) -> None:
        self._park = park or shutdown.request
        self._until = until
        self._waits = waits
        self._shutdown = shutdown
        self._emit = emit
        self._now = now
        self._returns_at: datetime | None = None
        self._waiting = asyncio.Lock()

    def over(self) -> bool:
        """Whether the run is ending; past `until` it is from now on."""
        if self._until is not None and self._now() >= self._until:
            self._shutdown.request(Reason(ReasonCode.UNTIL))
        return self._shutdown.requested

    @property
    def closed(self) -> bool:
        """Whether the quota is being waited for."""
        return self._returns_at is not None

    def stop(self, reason: Reason) -> None:
        """Takes in an answer that ends all calls: a used up quota closes instead, where it is worth
        waiting."""
        now = self._now()
        returns_at = quota_returns(now)
        too_late = self._until is not None and returns_at >= self._until
        if reason.code is not ReasonCode.DAILY_QUOTA or not self._waits or too_late:
            self._park(reason)
        elif self._returns_at is None:
            self._returns_at = returns_at
            self._emit(QuotaWait((returns_at - now).total_seconds(), returns_at))

    def reopens_in_seconds(self) -> float:
        """How long the quota is still waited for, at most until the clock is looked at again; where that is
        over, calls may go again from now on."""
        if self._returns_at is None:
            return 0.0
        self._look_again(self._returns_at)
        left_seconds = (self._returns_at - self._now()).total_seconds()
        if left_seconds <= 0:
            self._returns_at = None
            self._emit(QuotaBack())
            return 0.0
        return min(left_seconds, LOOK_SECONDS)

    def _look_again(self, returns_at: datetime) -> None:
        """A clock that has been set back meanwhile makes the day end earlier: to ask then costs nothing."""
        self._returns_at = min(returns_at, quota_returns(self._now()))

    async def wait_open(self) -> None:
        """Returns once calls may go again, or the run is ending."""
        async with self._waiting:  # one looks at the clock for all
            while self._returns_at is not None and not self.over():
                self._look_again(self._returns_at)
                if not await self._slept_until(self._returns_at):
                    self._returns_at = None
                    self._emit(QuotaBack())

    async def end_on_time(self) -> None:
        """Ends the run at `until`, whatever it waits for then."""
        while self._until is not None and not self.over():
            await self._slept_until(self._until)

    async def _slept_until(self, moment: datetime) -> bool:
        """Sleeps towards a moment of the clock on the wall, which goes on while the machine is suspended;
        False where it has come."""
        left_seconds = (moment - self._now()).total_seconds()
        await self._shutdown.sleep(min(left_seconds, LOOK_SECONDS))
        return left_seconds > 0
