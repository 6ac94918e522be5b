"""The end of a run, requested once and seen by all tasks that wait."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from crawler.reasons import Reason


class Shutdown:
    """Once it is requested no new call is sent and calls in flight are allowed to finish (drain), unless it
    is forced."""

    def __init__(self) -> None:
        self._requested = asyncio.Event()
        self._forced = asyncio.Event()
        self.reason: Reason | None = None

    @property
    def requested(self) -> bool:
        """Whether the run is ending."""
        return self.reason is not None

    def request(self, reason: Reason) -> None:
        """Ends the run; the first reason is the one that counts."""
        if self.reason is None:
            self.reason = reason
            self._requested.set()

    def force(self) -> None:
        """Gives up the calls in flight; the ledger keeps them as "charge unknown"."""
        self._forced.set()

    async def wait_requested(self) -> Reason:
        """Returns why, once the run is ending."""
        await self._requested.wait()
        assert self.reason is not None
        return self.reason

    async def wait_forced(self) -> None:
        """Returns once the calls in flight are to be given up."""
        await self._forced.wait()

    async def sleep(self, seconds: float) -> None:
        """Waits for `seconds`, or until the run is ending."""
        if seconds <= 0 or self.requested:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._requested.wait()
