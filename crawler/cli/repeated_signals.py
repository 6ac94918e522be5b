"""Which of several signals ends a run at once, and which only ends it."""

from __future__ import annotations

import signal

REPEATED_AFTER_SECONDS = 0.1
"""A signal that comes again sooner was sent by the same hand: systemd, or a terminal that closes."""


class RepeatedSignals:
    """Remembers what was received. Only a second Ctrl-C, or the same other signal once more after a moment,
    gives up the calls in flight: they are paid."""

    def __init__(self) -> None:
        self._received: dict[int, float] = {}

    def forces(self, number: int, now: float) -> bool:
        """Takes in a signal at loop time `now`; whether it says to leave at once."""
        before = self._received.get(number)
        if before is None:
            self._received[number] = now
            return False
        if number == signal.SIGINT:
            return True
        return number == signal.SIGTERM and now - before >= REPEATED_AFTER_SECONDS
