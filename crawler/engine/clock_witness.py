"""The service's clock is a witness: its first answer tells whether this machine's goes right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from crawler.clock import Now, stamp
from crawler.engine.events import ClockOff, Event
from crawler.engine.shutdown import Shutdown
from crawler.reasons import Reason, ReasonCode

OFF_LEAST = timedelta(minutes=10)
"""Less is nobody's business: days begin a little late or early."""

BEHIND_LEAST = timedelta(days=1)
"""So far behind, what was finished by a right clock seems to be finished in the future, and is due again."""


class ClockWitness:
    """Hears how far this machine's clock is ahead of the service's, once for a run, and warns of one that is
    off. One that is so far behind that finished keywords would be paid for again ends the run, which has sent
    nothing yet where the balance was told."""

    def __init__(self, shutdown: Shutdown, emit: Callable[[Event], None], now: Now) -> None:
        self._shutdown = shutdown
        self._emit = emit
        self._now = now
        self._told = False
        self.finished_in_future = 0
        """How many keywords of this run are due for the date on which they were finished."""
        self.ahead: timedelta | None = None
        """How far it is ahead, less than nothing where it is behind; None where it is not off."""

    def hear(self, ahead_seconds: float | None) -> None:
        """Takes in what an answer tells; the first one that tells anything counts."""
        if self._told or ahead_seconds is None:
            return
        self._told = True
        ahead = timedelta(seconds=round(ahead_seconds))
        if abs(ahead) < OFF_LEAST:
            return
        self.ahead = ahead
        own = self._now()
        if ahead > -BEHIND_LEAST or not self.finished_in_future:
            self._emit(ClockOff(own, own - ahead))
            return
        told = {"own": stamp(own), "service": stamp(own - ahead)}
        self._shutdown.request(Reason(ReasonCode.WRONG_CLOCK, told))
