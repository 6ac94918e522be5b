"""The end of a run, asked for once and seen by everybody who waits."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from crawler.i18n import N_

ALL_DONE = N_("all due keywords are done")
NOTHING_DUE = N_("nothing is due")
SOME_FAILED = N_("some keywords failed")
RUN_CAP = N_("--max-calls is reached")
DAY_CAP = N_("--max-calls-per-day is reached")
OUTAGE = N_("the service is out: most calls failed, and so did the probes after pauses")
RATE_LIMIT = N_("the rate limit does not let up, however slow the calls")
RESPONSE_DRIFT = N_("answer after answer is not understood or holds no creator: the API may have changed")
NO_CREATORS = N_("its answer held no creator, nor did those of many keywords in a row")
INTERRUPTED = N_("interrupted by %s")
CRASHED = N_("the process ended without a word")
"""Why a run ended, as `runs.reason` keeps it: in English, translated where it is shown. The codes with which
the service stops a run are worded in `policy`, what goes wrong with the database in `errors`."""


@dataclass(frozen=True, slots=True)
class StopCause:
    """How a run ends, and why, in English: `outcome` is done, failed, stopped or interrupted."""

    outcome: str
    reason: str
    exit_code: int


class Shutdown:
    """Once it is requested no new call is sent and what is in flight comes home, unless `leave` is called."""

    def __init__(self) -> None:
        self._ending = asyncio.Event()
        self._leaving = asyncio.Event()
        self.cause: StopCause | None = None

    @property
    def requested(self) -> bool:
        """Whether the run is ending."""
        return self.cause is not None

    def request(self, cause: StopCause) -> None:
        """Ends the run; the first cause is the one that counts."""
        if self.cause is None:
            self.cause = cause
            self._ending.set()

    def leave(self) -> None:
        """Gives up the calls in flight; the ledger keeps them as "charge unknown"."""
        self._leaving.set()

    async def ending(self) -> StopCause:
        """Returns why, once the run is ending."""
        await self._ending.wait()
        assert self.cause is not None
        return self.cause

    async def left(self) -> None:
        """Returns once the calls in flight are to be given up."""
        await self._leaving.wait()

    async def sleep(self, seconds: float) -> None:
        """Waits for `seconds`, or until the run is ending."""
        if seconds <= 0 or self.requested:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ending.wait()
