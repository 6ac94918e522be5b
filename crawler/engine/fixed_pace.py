"""The pace of a rate that was given: evenly spaced, halved by a rate-limit answer, then recovering."""

from __future__ import annotations

import math
from collections import deque

SLOWEST_PER_SECOND = 1 / 60
SLOW_DOWN_FACTOR = 0.5
RECOVERY_SHARE = 0.02
PAUSE_FIRST_SECONDS = 1.0
PAUSE_MAX_SECONDS = 60.0
RETRY_AFTER_MAX_SECONDS = 5 * PAUSE_MAX_SECONDS

CATCH_UP_SECONDS = 0.5
"""How much lateness is made up for, where the rate allows more than one call in a window: the window itself
keeps any second within the rate, so what came late costs time once, not at every stall anew."""

RESTART_SECONDS = 0.1
"""How long after the last call of a run before its grid begins."""


WINDOW_SECONDS_MAX = 10


def windows_of(per_second: float) -> tuple[tuple[int, float], ...]:
    """The most calls in windows of so many seconds: none ever holds more than the rate.

    7.5/s is 15 in two seconds, of which one holds 8 at most; a rate that is no whole number in 10 seconds, or
    less than one a second, keeps the distance between calls.
    """
    for seconds in range(1, WINDOW_SECONDS_MAX + 1) if per_second >= 1 else ():
        calls = per_second * seconds
        if abs(calls - round(calls)) < 1e-9:
            whole = (round(calls), float(seconds))
            return (whole,) if seconds == 1 else ((math.ceil(per_second), 1.0), whole)
    return ((1, 1.0 / per_second),)


class FixedPace:
    """When the next call may go. `per_second` None: at once, until the API names a limit."""

    def __init__(self, per_second: float | None, last_sent_at: float | None = None) -> None:
        self._ceiling = per_second
        self.per_second = per_second
        self.paused_until = float("-inf")
        self._next_at = float("-inf")
        self._slowed_at = float("-inf")
        self._refusals_in_a_row = 0
        self._reached = 0.0
        self._recent: deque[float] = deque(maxlen=64)
        several = per_second is not None and windows_of(per_second)[0][0] > 1
        self._catch_up_seconds = CATCH_UP_SECONDS if several else 0.0
        if per_second is not None and last_sent_at is not None:
            # The calls just before it may have gone out late, and so close together.
            self._next_at = last_sent_at + 1 / per_second + (RESTART_SECONDS if per_second > 1 else 0)

    def opens_at(self, now: float, ahead: int = 0) -> float:
        """When a call may go that has `ahead` others before it."""
        if self.per_second is None:
            return max(now, self.paused_until)
        return max(now, self.paused_until, self._next_at) + ahead / self.per_second

    def sent(self, now: float) -> None:
        """Takes in that a call was sent."""
        if self.per_second is None:
            self._recent.append(now)
            return
        idle = now - self._next_at > self._catch_up_seconds
        self._next_at = (now if idle else self._next_at) + 1 / self.per_second

    def refused(self, sent_at: float, now: float, retry_after_seconds: float | None) -> bool:
        """Takes in a rate-limit answer to a call sent at `sent_at`; True where it lowered the pace.

        Answers to calls that were under way when it was lowered last say nothing new.
        """
        if retry_after_seconds:
            self._pause(now + min(retry_after_seconds, RETRY_AFTER_MAX_SECONDS))
        if sent_at <= self._slowed_at:
            return False
        self._slowed_at = now
        self._pause(now + min(PAUSE_MAX_SECONDS, PAUSE_FIRST_SECONDS * 2**self._refusals_in_a_row))
        self._refusals_in_a_row = min(self._refusals_in_a_row + 1, 10)
        rate = self.per_second if self.per_second is not None else self._measured(now)
        self._reached = max(self._reached, rate)
        self.per_second = max(min(rate, SLOWEST_PER_SECOND), rate * SLOW_DOWN_FACTOR)
        return True

    def went_well(self, sent_at: float, now: float) -> None:
        """Takes in an answer that was not a refusal: the pace recovers step by step."""
        self._refusals_in_a_row = 0
        if self.per_second is None or self.per_second == self._ceiling:
            return
        step = (self._ceiling if self._ceiling is not None else self._reached) * RECOVERY_SHARE
        raised = self.per_second + step
        self.per_second = raised if self._ceiling is None else min(self._ceiling, raised)

    def _measured(self, now: float) -> float:
        """Calls per second lately, for a run without a limit that has just been told of one."""
        if len(self._recent) < 2:
            return 1.0
        return len(self._recent) / max(0.1, now - self._recent[0])

    def _pause(self, until: float) -> None:
        self.paused_until = max(self.paused_until, until)
