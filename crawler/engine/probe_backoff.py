"""How long to wait between single calls, while an account takes none."""

from __future__ import annotations

from crawler.engine.call_log import CallLog, slack_seconds
from crawler.engine.rate_limit_inference import WINDOWS_SECONDS

WAIT_FIRST_SECONDS = 1.0
WAIT_FLAT_SECONDS, WAIT_FLAT_SECONDS_MIN = 12.0, 1.0
"""How long waits stay, until a window of a minute must have opened; less where that costs many calls."""

WAIT_FLAT_CALLS = 30
"""So many calls, at the pace of the last minute, a wait may cost."""

WAIT_MAX_SECONDS = 60.0


class ProbeWaits:
    """Waits that double up to a minute, but stay short while a window of a minute may still open."""

    def __init__(self, began_at: float, per_second_before: float) -> None:
        self._began_at = began_at
        wait = WAIT_FLAT_CALLS / per_second_before if per_second_before else WAIT_FLAT_SECONDS
        self._flat_seconds = min(WAIT_FLAT_SECONDS, max(WAIT_FLAT_SECONDS_MIN, wait))
        self.seconds = WAIT_FIRST_SECONDS

    @property
    def flat(self) -> bool:
        """Whether the wait is one of those that do not double."""
        return self.seconds == self._flat_seconds

    def lengthen(self, now: float) -> None:
        """Goes on to the next wait."""
        longer = min(WAIT_MAX_SECONDS, 2 * self.seconds)
        if longer > self._flat_seconds and now - self._began_at < WINDOWS_SECONDS[-1] + WAIT_FLAT_SECONDS:
            longer = self._flat_seconds
        self.seconds = longer

    def ends_at(self, now: float, log: CallLog) -> float:
        """When the next call goes: after the wait, or near it when a sliding window has to have room."""
        for seconds in WINDOWS_SECONDS[1:]:
            calls = log.count(now, seconds)
            if calls:
                opens = log.times[-calls] + seconds + slack_seconds(seconds) + 0.05
                if now + self.seconds / 2 < opens < now + 2.2 * self.seconds:
                    return opens
        return now + self.seconds
