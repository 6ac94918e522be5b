"""A time limit that is believed only once what has arrived by then has been read."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from types import TracebackType

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


class Deadline:
    """Raises TimeoutError in its block once `seconds` are over and nothing more comes in.

    A loop that was stopped finds its timers due before it has looked at its sockets, and would take an answer
    that has been there for long for one that never came.
    """

    def __init__(self, seconds: float, heard: Heard | None = None) -> None:
        self._seconds = seconds
        self._heard = heard or Heard()
        self._limit = asyncio.timeout(None)

    async def __aenter__(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self._limit.__aenter__()
        self._wait(self._seconds)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._handle.cancel()
        await self._limit.__aexit__(kind, error, trace)

    def _wait(self, seconds: float) -> None:
        self._due = self._loop.time() + seconds
        self._handle: asyncio.Handle = self._loop.call_at(self._due, self._look)

    def _look(self) -> None:
        if self._loop.time() - self._due >= STOPPED_SECONDS:
            self._wait(CATCH_UP_SECONDS)
        else:
            self._listen(self._heard.times, SILENT_TURNS, TURNS_MAX)

    def _listen(self, heard: int, silent_left: int, turns_left: int) -> None:
        if self._heard.times != heard:
            heard, silent_left = self._heard.times, SILENT_TURNS
        if silent_left and turns_left:
            self._handle = self._loop.call_soon(self._listen, heard, silent_left - 1, turns_left - 1)
        else:
            self._limit.reschedule(self._loop.time())
