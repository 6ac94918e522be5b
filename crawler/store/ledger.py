"""The ledger: a method for each thing that a run writes down, each durable when it returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from crawler.errors import StoreError
from crawler.model import CallWithoutPage, FetchedPage, PageSaved, Work
from crawler.reasons import Reason
from crawler.store.disk_reserve import is_full
from crawler.store.group_commit import GroupCommit, at_once
from crawler.store.read_ahead import ReadAhead
from crawler.store.reply_compression import pack
from crawler.store.transactions import Store, Write


class Ledger:
    """Takes what many tasks write down and commits it in the order it came.

    `before_commit` is called before each transaction and may refuse it with a StoreError. Where the disk is
    full, `make_room` is asked for some; where it gives some, what was to be written is written then. What a
    page looks up is read by `read_ahead` first, where that is worth it.
    """

    def __init__(
        self,
        store: Store,
        before_commit: Callable[[], None] = lambda: None,
        make_room: Callable[[StoreError], bool] = lambda full: False,
        read_ahead: ReadAhead | None = None,
    ) -> None:
        self._store = store
        self._before_commit = before_commit
        self._make_room = make_room
        self._read_ahead = read_ahead
        self._group = GroupCommit(self._apply, at_once if read_ahead is None else read_ahead.end)

    async def open_call(self, work: Work, attempt: int, account: str | None = None) -> int:
        """The id of a call that is about to be sent by an account, None for the one that has no name."""
        call_id: int = await self._commit(Write(lambda t: t.open_call(work, attempt, account)))
        return call_id

    async def drop_call(self, call_id: int) -> None:
        """A call that was opened is not sent after all."""
        await self._commit(Write(lambda t: t.drop_call(call_id)))

    async def save_page(self, fetched: FetchedPage) -> PageSaved:
        """What a page changed."""
        packed = (
            None if fetched.body is None else pack(fetched.body)
        )  # once, however often a lock is in the way
        if self._read_ahead is not None:
            self._read_ahead.begin(creator.id for creator in fetched.page.creators if creator.id is not None)
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
        await self._group.close()

    async def _commit(self, write: Write) -> Any:
        return await self._group.commit(write)

    def _apply(self, writes: Sequence[Write]) -> list[Any]:
        try:
            return self._apply_once(writes)
        except StoreError as error:
            if not is_full(error.__cause__) or not self._make_room(error):
                raise
        return self._apply_once(writes)

    def _apply_once(self, writes: Sequence[Write]) -> list[Any]:
        self._before_commit()
        return self._store.apply(writes)
