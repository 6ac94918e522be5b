"""An event loop whose clock jumps: when nothing is ready, it is at once the time for which somebody waits.

Client and server live in one process and talk over real loopback sockets. What one of them sends, the kernel
hands to the other before `send` returns, so an empty poll means that nobody has anything to do before the
next deadline, and the clock can go there. Hours of waiting take no time, and the same program gives the same
trace. Where nobody has a deadline either, nothing will ever happen again: that is a `Hang`.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn, TypeVar

T = TypeVar("T")

BEGIN_SECONDS = 1000.0
"""Where the clock starts: not at 0, as no monotonic clock does."""

LIFE_SECONDS_MAX = 30 * 86_400.0
"""A program that is still waiting after so much virtual time waits for ever, a little at a time."""

GRACE_SECONDS = 0.5
"""Real time given to the kernel before a loop without deadlines is declared dead."""


class Hang(RuntimeError):
    """Somebody waits for what cannot happen any more, or for longer than anything may take."""


class JumpingSelector(selectors.BaseSelector):
    """A selector that never waits: it polls, and where nothing is ready it moves its clock instead."""

    def __init__(self) -> None:
        self._real = selectors.DefaultSelector()
        self.now = BEGIN_SECONDS

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready now; else nothing, `timeout` virtual seconds later. Raises Hang."""
        ready = self._real.select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if timeout is None:
            ready = self._real.select(GRACE_SECONDS)
            if not ready:
                raise Hang("everybody waits, and nobody has a deadline")
            return ready
        self.now += timeout
        if self.now > BEGIN_SECONDS + LIFE_SECONDS_MAX:
            raise Hang(f"still waiting after {LIFE_SECONDS_MAX:.0f} seconds")
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """As the real selector does it."""
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        """As the real selector does it."""
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """As the real selector does it."""
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        """As the real selector does it."""
        return self._real.get_map()

    def close(self) -> None:
        """As the real selector does it."""
        self._real.close()


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop on a `JumpingSelector`'s clock. Threads are refused: their time is real."""

    def __init__(self) -> None:
        self._jumping = JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Virtual seconds."""
        return self._jumping.now

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> NoReturn:
        """Raises RuntimeError."""
        raise RuntimeError(f"{func!r} was to run in a thread, where time is not virtual")


class WallClock:
    """The time of day on the running loop's clock, which began at `START`. Call it to read it."""

    START = datetime(2026, 11, 25, 15, 58, 30, tzinfo=UTC)
    """Shortly before midnight in Shanghai, where the quota's day ends."""

    def __call__(self) -> datetime:
        """Now, with its zone."""
        return self.START + timedelta(seconds=asyncio.get_running_loop().time() - BEGIN_SECONDS)


def run(main: Coroutine[Any, Any, T]) -> T:
    """What `main` returns, run from the beginning to the end in virtual time. Raises Hang."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        # The runner's own `run` has Python make a text of all that is returned, where it takes back Ctrl-C.
        return runner.get_loop().run_until_complete(main)
