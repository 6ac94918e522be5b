"""A run that systemd watches: that it is ready, how far it is, that it still lives."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from crawler.engine.events import Event, QuotaBack, QuotaWait, RunStarted
from crawler.i18n import _
from crawler.i18n.counts import calls_text, new_creators_text
from crawler.notices.sd_notify import READY, Supervisor, status, supervisor_of
from crawler.ui.display import Emit
from crawler.ui.event_text import describe
from crawler.ui.tally import Tally

STATUS_SECONDS = 10.0
SIGNS_IN_TIME = 3
"""Signs of life in the time in which one is wanted."""


@asynccontextmanager
async def supervised(emit: Emit) -> AsyncIterator[Emit]:
    """What to hand the events of a run to; systemd hears of them where it asks to, `emit` always.

    The signs of life come from the event loop: where it hangs, they end.
    """
    supervisor = supervisor_of(os.environ, os.getpid())
    if supervisor is None:
        yield emit
        return
    told = _Told(supervisor)

    def take(event: Event) -> None:
        told.take(event)
        emit(event)

    living = asyncio.create_task(told.live())
    try:
        yield take
    finally:
        living.cancel()


class _Told:
    """What a supervisor is told of a run."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._tally = Tally(time.monotonic)
        self._waiting: str | None = None

    def take(self, event: Event) -> None:
        """Takes in one event."""
        self._tally.take(event)
        match event:
            case RunStarted():
                self._supervisor.tell(READY, status(self._line()))
            case QuotaWait():  # of the only account: where there are several, others go on
                self._waiting = describe(event)
            case QuotaBack():
                self._waiting = None

    async def live(self) -> None:
        """Tells how far the run is, again and again."""
        wanted = self._supervisor.watchdog_seconds
        seconds = STATUS_SECONDS if wanted is None else min(STATUS_SECONDS, wanted / SIGNS_IN_TIME)
        while True:
            await asyncio.sleep(seconds)
            self._supervisor.tell(*self._supervisor.signs, status(self._waiting or self._line()))

    def _line(self) -> str:
        tally = self._tally
        return _("keywords %(ended)s of %(due)s, %(new)s, %(calls)s") % {
            "ended": f"{tally.keywords_ended:,}",
            "due": f"{tally.keywords_due or 0:,}",
            "new": new_creators_text(tally.creators_new),
            "calls": calls_text(tally.calls_sent),
        }
