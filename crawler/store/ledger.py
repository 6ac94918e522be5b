"""The ledger with group commit: what is written down together shares one transaction, and each caller waits
until it is durable."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from crawler.errors import StoreError
from crawler.model import CallWithoutPage, FetchedPage, PageSaved, Work
from crawler.reasons import Reason
from crawler.store.database import is_locked
from crawler.store.replies import pack
from crawler.store.writer import Store, Write

LOCK_PATIENCE_SECONDS = 60.0
"""How long another program may hold the database before the run gives up."""

LOCK_RETRY_SECONDS = 0.2

GATHER_TURNS = 3
"""Turns of the event loop that a group waits for one more write: what arrives by then shares its commit."""

_Waiting = tuple[Write, "asyncio.Future[Any]"]


class Ledger:
    """Takes what many tasks write down and commits it in the order it came.

    `before_commit` is called before each transaction and may refuse it with a StoreError.
    """

    def __init__(self, store: Store, before_commit: Callable[[], None] = lambda: None) -> None:
        self._store = store
        self._before_commit = before_commit
        self._waiting: list[_Waiting] = []
        self._flusher: asyncio.Task[None] | None = None

    async def open_call(self, work: Work, attempt: int) -> int:
        """The id of a call that is about to be sent."""
        call_id: int = await self._commit(Write(lambda t: t.open_call(work, attempt)))
        return call_id

    async def drop_call(self, call_id: int) -> None:
        """A call that was opened is not sent after all."""
        await self._commit(Write(lambda t: t.drop_call(call_id)))

    async def save_page(self, fetched: FetchedPage) -> PageSaved:
        """What a page changed."""
        packed = (
            None if fetched.body is None else pack(fetched.body)
        )  # once, however often a lock is in the way
        write = Write(lambda t: t.save_page(fetched, packed), fetched.page.creators)
        saved: PageSaved = await self._commit(write)
        return saved

    async def settle_call(self, ended: CallWithoutPage) -> None:
        """A call brought no page."""
        await self._commit(Write(lambda t: t.settle_call(ended)))

    async def fail_keywords(self, works: Sequence[Work], reason: Reason) -> None:
        """Keywords are given up for this run; each is due again next time, at its page."""
        await self._commit(Write(lambda t: t.fail_keywords(works, reason)))

    def creators_seen(self, work: Work) -> set[str]:
        """The identities of the creators that this generation of the keyword has met so far."""
        return self._store.creators_seen(work)

    async def close(self) -> None:
        """Returns when nothing is waiting to be written."""
        if self._flusher is not None:
            await asyncio.wait([self._flusher])

    async def _commit(self, write: Write) -> Any:
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

    async def _commit_group(self, group: list[_Waiting]) -> None:
        try:
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

    async def _apply_patiently(self, writes: list[Write]) -> list[Any]:
        """Another program's lock is waited out between tries, so that calls in flight can finish."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + LOCK_PATIENCE_SECONDS
        while True:
            try:
                self._before_commit()
                return self._store.apply(writes)
            except StoreError as exc:
                if not is_locked(exc.__cause__) or loop.time() >= deadline:
                    raise
            await asyncio.sleep(LOCK_RETRY_SECONDS)
