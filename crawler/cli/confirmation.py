"""Questions to somebody at a terminal, which every signal that ends a run ends too."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from crawler.cli.signals import ended_by_signals, no_signal_is_ignored

if TYPE_CHECKING:
    import asyncio

    from crawler.engine.shutdown import Shutdown

ANSWERS = {"y": True, "yes": True, "n": False, "no": False, "": False}
ANSWER_BYTES_MAX = 4096


def someone_is_there() -> bool:
    """Whether a person can read a question and answer it."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def confirmed(question: str, *, abort: bool = False) -> bool:
    """Whether the answer is yes; a signal ends the process."""
    with ended_by_signals():
        return click.confirm(question, default=False, abort=abort, err=True)


async def confirmed_in_a_run(question: str, shutdown: Shutdown) -> bool:
    """Whether the answer is yes; not where a signal ends the run first, which is seen however it meets the
    question, for the event loop waits for both."""
    import asyncio

    loop = asyncio.get_running_loop()
    typed = asyncio.Event()
    try:
        loop.add_reader(sys.stdin.fileno(), typed.set)
    except NotImplementedError:  # on Windows
        return confirmed(question)
    with no_signal_is_ignored(shutdown):
        try:
            while not shutdown.requested:
                click.echo(f"{question} [y/N]: ", nl=False, err=True)
                await _either(typed, shutdown)
                answer = None if shutdown.requested else ANSWERS.get(_line())
                if answer is not None:
                    return answer
                typed.clear()
        finally:
            loop.remove_reader(sys.stdin.fileno())
    click.echo(err=True)  # the line of the question ends here
    return False


async def _either(typed: asyncio.Event, shutdown: Shutdown) -> None:
    """Returns when something was typed or the run is ending."""
    import asyncio

    waiting = {asyncio.ensure_future(typed.wait()), asyncio.ensure_future(shutdown.wait_requested())}
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()


def _line() -> str:
    """What was typed; nothing from a terminal that is gone."""
    try:
        return os.read(sys.stdin.fileno(), ANSWER_BYTES_MAX).decode(errors="replace").strip().lower()
    except OSError:
        return ""
