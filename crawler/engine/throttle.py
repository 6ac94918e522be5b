"""The pace of all calls together: first come first served, never more in a window than the rate allows."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from functools import cached_property

from asyncio_throttle.throttler import Throttler

from crawler.engine.fixed_pace import FixedPace, windows_of
from crawler.engine.learning_pace import LearningPace
from crawler.rate import LearntLimit, Rate

LEAD_MAX_SECONDS = 0.05
"""How long before its moment a call may be prepared, at most."""

SOON_SECONDS = 1e-6
"""Too short to wait for: times are sums of floats."""

Sleep = Callable[[float], Awaitable[None]]


class SlidingWindow(Throttler):
    """asyncio-throttle's `rate_limit` calls in any `period`, on the event loop's clock.

    Its queue is its own: in it a call counts from the moment it is sent, not from when it was allowed.
    """

    def __init__(self, rate_limit: int, period: float) -> None:
        super().__init__(rate_limit, period)
        self._sent_at: deque[float] = deque(maxlen=rate_limit)

    def opens_at(self, now: float) -> float:
        """When one more call fits into the window."""
        full = len(self._sent_at) >= self.rate_limit
        return max(now, self._sent_at[0] + float(self.period)) if full else now

    def sent(self, now: float) -> None:
        """Counts a call."""
        self._sent_at.append(now)

    async def acquire(self) -> None:
        """Waits until one more call fits, and counts it."""
        now = asyncio.get_running_loop().time
        wait = self.opens_at(now()) - now()
        while wait > SOON_SECONDS:
            await asyncio.sleep(wait)
            wait = self.opens_at(now()) - now()
        self.sent(now())


class Throttle:
    """Gives out turns to send a call. `sleep` must return early where the run is ending.

    Where the rate learns, the pace is found below it, beginning with what was `learnt` before. Calls of
    earlier runs, sent `sent_seconds_ago`, count for the windows of this one.
    """

    def __init__(
        self,
        rate: Rate,
        sleep: Sleep,
        last_sent_seconds_ago: float | None = None,
        learnt: LearntLimit | None = None,
        sent_seconds_ago: Iterable[float] = (),
    ) -> None:
        self._sleep = sleep
        self._queue = asyncio.Lock()
        self._gate = asyncio.Lock()
        self._asking = 0
        self._preparing = 0
        self._nobody_asks = asyncio.Event()
        self._nobody_asks.set()
        self._lead_seconds = 0.0
        last_sent_at = None if last_sent_seconds_ago is None else self._now() - last_sent_seconds_ago
        sent_before = sorted(self._now() - each for each in sent_seconds_ago)
        windows = () if rate.per_second is None else windows_of(rate.per_second)
        self._ceilings = tuple(SlidingWindow(*window) for window in windows)
        for ceiling in self._ceilings:
            for at in sent_before:
                ceiling.sent(at)
        if rate.learns:
            assert rate.per_second is not None
            self._pace: FixedPace | LearningPace = LearningPace(
                rate.per_second, learnt, sent_before or ([last_sent_at] if last_sent_at is not None else [])
            )
        else:
            self._pace = FixedPace(rate.per_second, last_sent_at)

    @cached_property
    def _now(self) -> Callable[[], float]:
        """The loop's clock: looked for once, and asked several times a call."""
        return asyncio.get_running_loop().time

    @property
    def rate(self) -> Rate:
        """The present rate."""
        return Rate(self._pace.per_second)

    @property
    def learnt(self) -> LearntLimit | None:
        """What has been learnt of the account's limit; None where nothing was, or nothing is to be."""
        return self._pace.learnt if isinstance(self._pace, LearningPace) else None

    def opens_in_seconds(self) -> float:
        """How long until one more call may be prepared; 0 or less where it may be at once."""
        return self._opens_at(self._preparing) - self._lead_seconds - self._now()

    def pause_seconds(self) -> float:
        """How long all calls are still held back."""
        return max(0.0, self._pace.paused_until - self._now())

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """A turn to send one call: what is done inside comes right before sending; its end counts as sent.

        Turns come in the order they were asked for; where the run is ending they come at once. A call is
        prepared as long before its moment as that took lately, so that it costs no pace.
        """
        self._asking += 1
        self._nobody_asks.clear()
        prepared = False
        try:
            async with self._queue:
                await self._wait(prepare=True)
                self._preparing += 1
                prepared = True
            begun = self._now()
            yield
            self._learn_lead(self._now() - begun)
            async with self._gate:
                await self._wait()
                now = self._now()
                self._pace.sent(now)
                for ceiling in self._ceilings:
                    ceiling.sent(now)
        finally:
            self._preparing -= prepared
            self._asking -= 1
            if not self._asking:
                self._nobody_asks.set()

    async def unused(self) -> None:
        """Returns when a turn could be had at once and nobody asks for it: one more worker would be of use.

        Without a limit at once; also where the run is ending.
        """
        if self._pace.per_second is None:
            return
        while True:
            await self._nobody_asks.wait()
            wait = self._opens_at() - self._now()
            if wait <= SOON_SECONDS or await self._woken_early(wait):
                return

    def slow_down(self, sent_at: float, retry_after_seconds: float | None) -> bool:
        """Takes in a rate-limit answer to a call sent at loop time `sent_at`; True where it lowered the rate.

        Answers to calls that were under way when the rate was lowered last say nothing new.
        """
        return self._pace.refused(sent_at, self._now(), retry_after_seconds)

    def went_well(self, sent_at: float | None = None) -> None:
        """Takes in an answer that was not a refusal, to a call sent at `sent_at`."""
        now = self._now()
        self._pace.went_well(now if sent_at is None else sent_at, now)

    def _opens_at(self, ahead: int = 0) -> float:
        now = self._now()
        at = self._pace.opens_at(now, ahead)
        return max(at, *(ceiling.opens_at(now) for ceiling in self._ceilings)) if self._ceilings else at

    async def _wait(self, *, prepare: bool = False) -> None:
        """Returns when a call may go, or be prepared; looks again after each wait, as a new pause may have
        begun, but not where the run is ending."""
        while True:
            ahead, early = (self._preparing, self._lead_seconds) if prepare else (0, 0.0)
            wait = self._opens_at(ahead) - early - self._now()
            if wait <= SOON_SECONDS or await self._woken_early(wait):
                return

    async def _woken_early(self, seconds: float) -> bool:
        before = self._now()
        await self._sleep(seconds)
        return self._now() - before < seconds / 2

    def _learn_lead(self, seconds: float) -> None:
        if seconds <= LEAD_MAX_SECONDS:  # else something is in the way, and tells nothing
            self._lead_seconds += (seconds - self._lead_seconds) / 8
