"""The pace of all calls together, first come first served: asyncio-throttle's window on the loop's clock,
slowed down by every rate-limit answer and recovering afterwards."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from asyncio_throttle.throttler import Throttler

from crawler.rate import Rate

SLOWEST_PER_SECOND = 1 / 60
SLOW_DOWN_FACTOR = 0.5
RECOVERY_SHARE = 0.02
PAUSE_FIRST_SECONDS = 1.0
PAUSE_MAX_SECONDS = 60.0

Sleep = Callable[[float], Awaitable[None]]


class LoopThrottler(Throttler):
    """asyncio-throttle's sliding window on the event loop's clock, with `opens` and `stamp` apart, so that a
    call's place in the window is the moment it is sent and not the moment it was allowed."""

    def flush(self) -> None:
        """Forgets the calls that have left the window."""
        edge = asyncio.get_running_loop().time() - self.period
        while self._task_logs and self._task_logs[0] <= edge:
            self._task_logs.popleft()

    def opens_in_seconds(self) -> float:
        """How long until one more call fits into the window; 0 where it does now."""
        self.flush()
        if len(self._task_logs) < self.rate_limit:
            return 0.0
        elapsed = asyncio.get_running_loop().time() - self._task_logs[-self.rate_limit]
        return max(0.001, float(self.period) - elapsed)

    def stamp(self, seconds_ago: float = 0.0) -> None:
        """Counts a call as sent."""
        self._task_logs.append(asyncio.get_running_loop().time() - seconds_ago)


class Throttle:
    """Gives out turns to send a call. `sleep` must return early where the run is ending."""

    def __init__(self, rate: Rate, sleep: Sleep, last_sent_seconds_ago: float | None = None) -> None:
        self._ceiling = rate.per_second
        self._sleep = sleep
        self._turns = asyncio.Lock()
        self._window = LoopThrottler(1)
        self._windows = [self._window]
        self._paused_until = 0.0
        self._slowed_at = float("-inf")
        self._refusals_in_a_row = 0
        self._reached = 0.0
        self._recent: deque[float] = deque(maxlen=64)
        self._rate = rate.per_second
        if self._rate is not None:
            self._set_rate(self._rate)
            # While the rate changes, so does its window; this one holds the ceiling through all of that.
            calls = max(1, int(self._rate))
            self._windows.append(LoopThrottler(calls, calls / self._rate))
            if last_sent_seconds_ago is not None:
                # Earlier calls of that process may have gone out with it: the whole window counts as used.
                for _call in range(self._window.rate_limit):
                    self._window.stamp(last_sent_seconds_ago)

    @property
    def rate(self) -> Rate:
        """The present rate."""
        return Rate(self._rate)

    def pause_seconds(self) -> float:
        """How long all calls are still held back."""
        return max(0.0, self._paused_until - asyncio.get_running_loop().time())

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """A turn to send one call: what is done inside comes right before sending; its end counts as sent.

        Turns come in the order they were asked for; where the run is ending they come at once.
        """
        if self._rate is None:
            if self.pause_seconds() > 0:
                await self._sleep(self.pause_seconds())
            yield
            self._recent.append(asyncio.get_running_loop().time())
            return
        async with self._turns:
            await self._open()
            yield
            for window in self._windows:
                window.stamp()
            self._recent.append(asyncio.get_running_loop().time())

    async def _open(self) -> None:
        """Returns when a call may go; looks again after each wait, as a new pause may have begun."""
        while (wait := max(self.pause_seconds(), self._window_seconds())) > 0:
            before = asyncio.get_running_loop().time()
            await self._sleep(wait)
            if asyncio.get_running_loop().time() - before < wait / 2:
                return  # woken early: the run is ending

    def slow_down(self, sent_at: float, retry_after_seconds: float | None) -> bool:
        """Takes in a rate-limit answer to a call sent at loop time `sent_at`; True where it lowered the rate.

        Answers to calls that were under way when the rate was lowered last say nothing new.
        """
        now = asyncio.get_running_loop().time()
        if retry_after_seconds:
            self._pause(now + min(retry_after_seconds, 5 * PAUSE_MAX_SECONDS))
        if sent_at <= self._slowed_at:
            return False
        self._slowed_at = now
        self._pause(now + min(PAUSE_MAX_SECONDS, PAUSE_FIRST_SECONDS * 2**self._refusals_in_a_row))
        self._refusals_in_a_row = min(self._refusals_in_a_row + 1, 10)
        rate = self._rate if self._rate is not None else self._measured(now)
        self._reached = max(self._reached, rate)
        self._set_rate(max(min(rate, SLOWEST_PER_SECOND), rate * SLOW_DOWN_FACTOR))
        return True

    def went_well(self) -> None:
        """Takes in an answer that was not a refusal: the rate recovers step by step."""
        self._refusals_in_a_row = 0
        if self._rate is None or self._rate == self._ceiling:
            return
        step = (self._ceiling if self._ceiling is not None else self._reached) * RECOVERY_SHARE
        raised = self._rate + step
        self._set_rate(raised if self._ceiling is None else min(self._ceiling, raised))

    def _measured(self, now: float) -> float:
        """Calls per second lately, for a run without a limit that has just been told of one."""
        if len(self._recent) < 2:
            return 1.0
        return len(self._recent) / max(0.1, now - self._recent[0])

    def _pause(self, until: float) -> None:
        self._paused_until = max(self._paused_until, until)

    def _window_seconds(self) -> float:
        return max(window.opens_in_seconds() for window in self._windows)

    def _set_rate(self, per_second: float) -> None:
        self._rate = per_second
        calls, period_seconds = window_of(per_second)
        self._window.rate_limit, self._window.period = calls, period_seconds


def window_of(per_second: float) -> tuple[int, float]:
    """Calls per window and its length in seconds: about ten windows a second, so that calls are spread, and
    a whole number of windows to the second, so that no second ever holds more than the rate."""
    whole = int(per_second)
    if whole != per_second or whole < 20:
        return 1, 1.0 / per_second
    calls = next(n for n in range(max(1, whole // 10), 0, -1) if whole % n == 0)
    return calls, calls / whole
