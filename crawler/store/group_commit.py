"""Group commit: what arrives together shares one transaction, and each caller waits until it is durable."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

from crawler.errors import StoreError
from crawler.store.database import is_locked

LOCK_PATIENCE_SECONDS = 60.0
"""How long another program may hold the database before the run gives up."""

LOCK_RETRY_SECONDS = 0.2

GATHER_TURNS = 3
"""Turns of the event loop that a group waits for one more write: what arrives by then shares its commit."""

T = TypeVar("T")


async def at_once() -> None:
    """Nothing to wait for."""


class GroupCommit(Generic[T]):
    """Takes writes from many tasks and hands them on to `apply` in the order they came, each group once it is
    prepared."""

    def __init__(
        self,
        apply: Callable[[Sequence[T]], list[Any]],
        prepare: Callable[[], Awaitable[None]] = at_once,
    ) -> None:
        self._apply = apply
        self._prepare = prepare
        self._waiting: list[tuple[T, asyncio.Future[Any]]] = []
        self._flusher: asyncio.Task[None] | None = None

    async def commit(self, write: T) -> Any:
        """The answer to `write`, once it is durable; raises StoreError where it could not be kept.

        A write that was accepted is carried out even where its caller is cancelled meanwhile.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        self._waiting.append((write, answer))
        if self._flusher is None:
            self._flusher = loop.create_task(self._flush())
        return await answer

    async def _flush(self) -> None:
        try:
            while self._waiting:
                await self._gather()
                group, self._waiting = self._waiting, []
                await self._commit_group(group)
        finally:
            self._flusher = None

    async def _gather(self) -> None:
        """Returns when no more writes keep arriving: twice the group costs little more than half of it."""
        size = 0
        while len(self._waiting) > size:
            size = len(self._waiting)
            for _turn in range(GATHER_TURNS):
                await asyncio.sleep(0)

    async def _commit_group(self, group: list[tuple[T, asyncio.Future[Any]]]) -> None:
        try:
            await self._prepare()
            answers = await self._apply_patiently([write for write, _ in group])
        except BaseException as exc:
            # All that wait fail with it, whether it is a full disk or a bug of the program.
            waiting = [future for _, future in group if not future.done()]
            for future in waiting:
                future.set_exception(exc)
            if not waiting:
                raise
            return
        for (_, future), answer in zip(group, answers, strict=True):
            if not future.done():
                future.set_result(answer)

    async def _apply_patiently(self, writes: list[T]) -> list[Any]:
        """Another program's lock is waited out between tries, so that calls in flight can finish."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + LOCK_PATIENCE_SECONDS
        while True:
            try:
                return self._apply(writes)
            except StoreError as exc:
                if not is_locked(exc.__cause__) or loop.time() >= deadline:
                    raise
            await asyncio.sleep(LOCK_RETRY_SECONDS)

    async def close(self) -> None:
        """Returns when nothing is waiting to be written."""
        if self._flusher is not None:
            await asyncio.wait([self._flusher])
