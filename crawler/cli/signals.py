"""Signals on the command line: what ends a run, and what only interrupts the work after it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING

from crawler.cli.repeated_signals import RepeatedSignals
from crawler.reasons import Reason, ReasonCode

if TYPE_CHECKING:
    from crawler.engine.shutdown import Shutdown

ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""The signals that end a run, as far as the system has them."""


def stop_on_signals(shutdown: Shutdown, drain_seconds: float) -> None:
    """The first signal ends the run, calls in flight finish; `RepeatedSignals` says what later ones do."""
    import asyncio

    loop = asyncio.get_running_loop()
    signals = RepeatedSignals()

    def receive(number: int) -> None:
        if signals.forces(number, loop.time()):
            shutdown.force()
        elif not shutdown.requested:
            shutdown.request(_interrupted_by(number))
            loop.call_later(drain_seconds, shutdown.force)

    for number in ENDING:
        if not _is_ignored(number):
            _handle_in_loop(number, receive)


@contextmanager
def no_signal_is_ignored(shutdown: Shutdown) -> Iterator[None]:
    """In the block those signals end the run too that were ignored when the process started (nohup, a job in
    the background): who can answer a question can also want to leave."""
    import asyncio

    ignored = [number for number in ENDING if _is_ignored(number)]
    for number in ignored:
        _handle_in_loop(number, lambda number: shutdown.request(_interrupted_by(number)))
    try:
        yield
    finally:
        for number in ignored:
            with suppress(NotImplementedError):
                asyncio.get_running_loop().remove_signal_handler(number)
            signal.signal(number, signal.SIG_IGN)


def _handle_in_loop(number: int, receive: Callable[[int], None]) -> None:
    """Has the event loop call `receive` when the signal comes."""
    import asyncio

    loop = asyncio.get_running_loop()
    with suppress(NotImplementedError):
        loop.add_signal_handler(number, receive, number)
        return
    signal.signal(number, lambda number, frame: loop.call_soon_threadsafe(receive, number))


def _is_ignored(number: int) -> bool:
    return signal.getsignal(number) is signal.SIG_IGN


def _interrupted_by(number: int) -> Reason:
    details: dict[str, str | int] = {"signal": signal.Signals(number).name, "signal_number": number}
    return Reason(ReasonCode.INTERRUPTED, details)


@contextmanager
def interrupted_by_signals() -> Iterator[None]:
    """Every signal that ends a run raises KeyboardInterrupt in the block."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    with _handled_by(interrupt, [number for number in ENDING if not _is_ignored(number)]):
        yield


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Every signal that ends a run ends the process in the block, whatever it waits for, also those that were
    ignored when it started.

    A handler in Python would wait too where the signal comes just before a question is waited for: a prompt
    that nothing but an answer ends.
    """
    with _handled_by(signal.SIG_DFL, ENDING):
        yield


@contextmanager
def _handled_by(
    handler: Callable[[int, FrameType | None], object] | signal.Handlers, numbers: Iterable[int]
) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
