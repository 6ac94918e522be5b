"""Workers, which are tasks of the event loop: as many as the pace and the latency of the answers need."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Protocol


class Turns(Protocol):
    """Gives out turns to send a call."""

    async def unused(self) -> None:
        """Returns when a turn could be had and nobody asks for one."""
        ...


async def run_workers(
    group: asyncio.TaskGroup,
    tasks: list[asyncio.Task[None]],
    worker: Callable[[], Coroutine[None, None, None]],
    workers_max: int,
    turns: Turns,
) -> None:
    """Returns when all workers have ended; while none has, one is added whenever a turn goes unused.

    All of them are put into `tasks`, so that they can be cancelled.
    """

    async def hire() -> None:
        while len(tasks) < workers_max:
            await turns.unused()
            if any(task.done() for task in tasks):
                return  # there is no work for one more
            tasks.append(group.create_task(worker()))

    tasks.append(group.create_task(worker()))
    hiring = group.create_task(hire())
    while working := [task for task in tasks if not task.done()]:
        await asyncio.wait(working)
    hiring.cancel()
