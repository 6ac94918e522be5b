"""Every write transaction of a run, and the little it reads back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from crawler.clock import Now, stamp
from crawler.creator import Creator
from crawler.model import CallWithoutPage, FetchedPage, PageSaved, Reject, Settlement, Work
from crawler.reasons import Reason, ReasonCode
from crawler.store import sql
from crawler.store.creators import CreatorWriter
from crawler.store.database import store_errors
from crawler.store.erased import Forgotten
from crawler.store.reply_compression import pack
from crawler.store.seen_creators import SeenCreators
from crawler.store.write_buffer import Rows


class Store:
    """One run's hold on the database: everything it writes goes through `apply`."""

    def __init__(
        self,
        db: Database,
        path: Path,
        run_id: int,
        endpoint_id: int,
        now: Now,
        rows: Callable[[sqlite3.Connection], Rows] = Rows,
    ) -> None:
        self._db = db
        self._connection: sqlite3.Connection = db.conn
        self._path = path
        self._now = now
        self._run_id = run_id
        self._endpoint_id = endpoint_id
        self._erased = Forgotten.read(self._connection)
        self._keys = count(self._connection.execute(sql.LAST_USER_KEY).fetchone()[0] + 1)
        self._rows = rows
        self._seen = SeenCreators()

    def apply(self, writes: Sequence[Write]) -> list[Any]:
        """The answer to each write, once all of them are durable together in one transaction.

        Raises StoreError, and then nothing of `writes` was kept.
        """
        with store_errors(self._path), self._db.atomic():
            transaction = Transaction(self, stamp(self._now()))
            transaction.creators.load([creator for write in writes for creator in write.creators])
            answers = [write.carry_out(transaction) for write in writes]
            transaction.finish()
        self._seen.add(transaction.creators.met)
        return answers

    def creators_seen(self, work: Work) -> set[str]:
        """The identities of the creators that this generation of the keyword has met; raises StoreError."""
        generation = (work.keyword_id, self._endpoint_id, work.generation)
        with store_errors(self._path):
            return {row[0] for row in self._connection.execute(sql.SEEN_BY_KEYWORD, generation)}


@dataclass(frozen=True, slots=True)
class Write:
    """Something to write down: what to do in a transaction, and whose rows that will meet."""

    carry_out: Callable[[Transaction], Any]
    creators: Sequence[Creator] = ()


class Transaction:
    """What one transaction writes: a method for each thing that happens in a run."""

    def __init__(self, store: Store, moment: str) -> None:
        self._store = store
        self._connection = store._connection
        self._where = (store._run_id, store._endpoint_id)
        self._moment = moment
        self._rows = store._rows(self._connection)
        self.creators = CreatorWriter(
            self._connection, self._rows, store._run_id, moment, store._keys, store._seen
        )
        self._saved = PageSaved()
        self._keywords_done = 0
        self._pages = 0

    def open_call(self, work: Work, attempt: int, account: str | None = None) -> int:
        """The id of a call that is about to be sent by an account, None for the one that has no name."""
        row = (*self._where, work.keyword_id, work.generation, work.page, attempt, account, self._moment)
        call_id = self._connection.execute(sql.OPEN_CALL, row).lastrowid
        assert call_id is not None
        return call_id

    def drop_call(self, call_id: int) -> None:
        """A call that was opened is not sent after all."""
        self._rows.add(sql.DROP_CALL, (call_id,))

    def settle_call(self, ended: CallWithoutPage) -> None:
        """A call brought no page; its keyword may be given up by it."""
        self._settle(ended.call_id, ended.settlement)
        if ended.kept is not None:
            reason = Reason(ReasonCode.NOT_UNDERSTOOD, {"api_code": ended.settlement.code or ""})
            self._rejects([Reject(0, reason, ended.kept.decode(errors="replace"))], ended.work, ended.call_id)
        if ended.keyword_failure is not None:
            self._checkpoint(ended.work, ended.work.page, "failed", ended.keyword_failure)

    def fail_keywords(self, works: Sequence[Work], reason: Reason) -> None:
        """Keywords are given up for this run; each is due again next time, at its page."""
        for work in works:
            self._checkpoint(work, work.page, "failed", reason)

    def save_page(self, fetched: FetchedPage, packed: bytes | None = None) -> PageSaved:
        """What a page changed: its creators, its call and its keyword's checkpoint go together.

        `packed` is its body as it is kept, where that has been made already.
        """
        store, work, sent = self._store, fetched.work, fetched.page.creators
        kept = store._erased.without(sent)
        if len(kept) < len(sent):
            store._erased = store._erased.follow(self._connection, sent, self._moment)
        saved, ranks = self.creators.save(kept)
        where = (store._endpoint_id, work.keyword_id)
        first = (self._moment, work.page)
        self._rows.extend(
            sql.SAVE_SIGHTING,
            [(*where, key, work.generation, *first, rank, *first, rank) for key, rank in ranks],
        )
        self._settle(fetched.call_id, fetched.settlement)
        self._page_row(fetched, kept, saved, packed)
        ended = fetched.end
        if ended is None and saved.creators_new < fetched.new_needed:
            ended = ReasonCode.NOT_WORTHWHILE
        end = None if ended is None else Reason(ended)
        self._checkpoint(work, work.page + 1, "open" if end is None else "done", end)
        self._pages += 1
        self._keywords_done += end is not None
        self._saved = PageSaved(
            self._saved.creators_new + saved.creators_new,
            self._saved.creators_changed + saved.creators_changed,
            self._saved.creators_seen + saved.creators_seen,
        )
        return replace(saved, end=ended)

    def finish(self) -> None:
        """Writes what has been collected."""
        self.creators.finish()
        self._rows.write()
        if self._pages:
            saved = self._saved
            counts = (saved.creators_new, saved.creators_changed, saved.creators_seen, self._keywords_done)
            self._connection.execute(sql.COUNT_RUN, (*counts, self._store._run_id))

    def _page_row(
        self, fetched: FetchedPage, kept: Sequence[Creator], saved: PageSaved, packed: bytes | None
    ) -> None:
        store, page, work, oddity = self._store, fetched.page, fetched.work, fetched.page.oddity
        run_id, endpoint_id = self._where
        unsighted = len(page.creators) - sum(creator.id is not None for creator in kept)
        self._rows.add(
            sql.INSERT_PAGE,
            (
                endpoint_id, work.keyword_id, work.generation, work.page, fetched.call_id, run_id,
                page.entries, saved.creators_new, fetched.new_to_keyword, len(page.rejects), unsighted,
                *_columns(oddity), self._moment,
            ),
        )  # fmt: skip
        # A reply that names an erased creator is not kept at all.
        body = fetched.body
        if body is not None and len(kept) == len(page.creators) and not store._erased.named_in(body):
            self._rows.add(sql.INSERT_REPLY, (packed or pack(body), fetched.call_id))
        if page.rejects:
            self._rejects(page.rejects, work, fetched.call_id)

    def _rejects(self, rejects: Sequence[Reject], work: Work, call_id: int) -> None:
        where = (*self._where, work.keyword_id, call_id, work.page)
        rows = [
            (*where, reject.rank, *_columns(reject.reason), reject.entry, self._moment)
            for reject in rejects
            if not self._store._erased.named_in(reject.entry)
        ]
        self._rows.extend(sql.INSERT_REJECT, rows)

    def _settle(self, call_id: int, settlement: Settlement) -> None:
        s = settlement
        ended = (s.charge, s.code, s.http_status, s.milliseconds, *_columns(s.reason), self._moment)
        self._rows.add(sql.SETTLE_CALL, (*ended, call_id))

    def _checkpoint(self, work: Work, next_page: int, state: str, reason: Reason | None) -> None:
        run_id, endpoint_id = self._where
        at = (endpoint_id, work.keyword_id, work.generation, next_page, state)
        finished_at = self._moment if state == "done" else None
        whole = reason is None or reason.code is not ReasonCode.NOT_WORTHWHILE
        times = (self._moment, self._moment, finished_at, finished_at if whole else None)
        self._rows.add(sql.SAVE_CHECKPOINT, (*at, *_columns(reason), *times, run_id))


def _columns(reason: Reason | None) -> tuple[str | None, str | None]:
    """A reason as the two columns that keep it."""
    return (None, None) if reason is None else (reason.code.value, reason.details_json)
