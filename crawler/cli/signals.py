"""Signals on the command line: what ends a run, and what only interrupts the work after it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING

from crawler.engine.signals import Signals
from crawler.reasons import Reason, ReasonCode

if TYPE_CHECKING:
    from crawler.engine.shutdown import Shutdown


def stop_on_signals(shutdown: Shutdown, drain_seconds: float) -> None:
    """The first signal ends the run and lets calls in flight finish; `Signals` says what later ones do."""
    import asyncio

    loop = asyncio.get_running_loop()
    signals = Signals()

    def receive(number: int) -> None:
        if signals.forces(number, loop.time()):
            shutdown.force()
        elif not shutdown.requested:
            details: dict[str, str | int] = {"signal": signal.Signals(number).name, "signal_number": number}
            shutdown.request(Reason(ReasonCode.INTERRUPTED, details))
            loop.call_later(drain_seconds, shutdown.force)

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is None or signal.getsignal(number) is signal.SIG_IGN:
            continue  # nohup, or a system without it
        with suppress(NotImplementedError):
            loop.add_signal_handler(number, receive, number)
            continue
        signal.signal(number, lambda number, frame: loop.call_soon_threadsafe(receive, number))


@contextmanager
def interrupted_by_signals() -> Iterator[None]:
    """Every signal that ends a run raises KeyboardInterrupt in the block."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    with _handled_by(interrupt):
        yield


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Every signal that ends a run ends the process in the block, whatever it waits for.

    A handler in Python would wait too where the signal comes just before a question is waited for: a prompt
    that nothing but an answer ends.
    """
    with _handled_by(signal.SIG_DFL):
        yield


@contextmanager
def _handled_by(handler: Callable[[int, FrameType | None], object] | signal.Handlers) -> Iterator[None]:
    before = {}
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, handler)
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
