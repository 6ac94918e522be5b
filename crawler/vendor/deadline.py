"""A time limit that is believed only once what has arrived by then has been read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

SILENT_TURNS = 10
"""Turns of the event loop without news after which there is nothing more to read; what arrives takes two or
three from the socket to who waits for it."""

TURNS_MAX = 2000
"""Nobody is listened to for longer, a byte at a time."""

STOPPED_SECONDS = 1.0
"""A timer that is so late tells that the process was stopped, or the machine slept."""

CATCH_UP_SECONDS = 5.0
"""What the network gets after that: what was sent meanwhile may have to be sent again."""


@dataclass(slots=True)
class Heard:
    """How often something came in from whom the deadline is for."""

    times: int = 0


@asynccontextmanager
async def deadline(seconds: float, heard: Heard | None = None) -> AsyncIterator[None]:
    """Raises TimeoutError in the block once `seconds` are over and nothing more comes in.

    A loop that was stopped finds its timers due before it has looked at its sockets, and would take an answer
    that has been there for long for one that never came.
    """
    async with asyncio.timeout(None) as limit:
        watch = _Watch(limit, heard or Heard())
        watch.wait(seconds)
        try:
            yield
        finally:
            watch.handle.cancel()


class _Watch:
    def __init__(self, limit: asyncio.Timeout, heard: Heard) -> None:
        self._loop = asyncio.get_running_loop()
        self._limit = limit
        self._heard = heard

    def wait(self, seconds: float) -> None:
        self._due = self._loop.time() + seconds
        self.handle: asyncio.Handle = self._loop.call_at(self._due, self._look)

    def _look(self) -> None:
        if self._loop.time() - self._due >= STOPPED_SECONDS:
            self.wait(CATCH_UP_SECONDS)
        else:
            self._listen(self._heard.times, SILENT_TURNS, TURNS_MAX)

    def _listen(self, heard: int, silent_left: int, turns_left: int) -> None:
        if self._heard.times != heard:
            heard, silent_left = self._heard.times, SILENT_TURNS
        if silent_left and turns_left:
            self.handle = self._loop.call_soon(self._listen, heard, silent_left - 1, turns_left - 1)
        else:
            self._limit.reschedule(self._loop.time())
