"""How long to wait between single calls, while an account takes none."""

from __future__ import annotations

from crawler.engine.rate_limit_inference import WINDOWS_SECONDS, CallLog, slack_seconds

WAIT_FIRST_SECONDS = 1.0
WAIT_FLAT_SECONDS = 12.0
"""How long waits stay, until a window of a minute must have opened."""

WAIT_MAX_SECONDS = 60.0


class ProbeWaits:
    """Waits that double up to a minute, but stay short while a window of a minute may still open."""

    def __init__(self, began_at: float) -> None:
        self._began_at = began_at
        self.seconds = WAIT_FIRST_SECONDS

    @property
    def flat(self) -> bool:
        """Whether the wait is one of those that do not double."""
        return self.seconds == WAIT_FLAT_SECONDS

    def lengthen(self, now: float) -> None:
        """Goes on to the next wait."""
        longer = min(WAIT_MAX_SECONDS, 2 * self.seconds)
        if longer > WAIT_FLAT_SECONDS and now - self._began_at < WINDOWS_SECONDS[-1] + WAIT_FLAT_SECONDS:
            longer = WAIT_FLAT_SECONDS
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
