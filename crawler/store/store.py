"""Every write transaction of a run, and the little it reads back."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from sqlite_utils import Database

from crawler.clock import Now, stamp
from crawler.model import Creator, PageSaved, Reject, Settlement, Work
from crawler.store import sql
from crawler.store.creators import CreatorWriter
from crawler.store.database import store_errors
from crawler.store.forgotten import Forgotten
from crawler.store.rows import Rows
from crawler.writes import DropCall, FailKeyword, OpenCall, SavePage, SettleCall, Write

REPLY_COMPRESSION = 6


@dataclass(slots=True)
class _Counts:
    users: PageSaved = field(default_factory=PageSaved)
    keywords_done: int = 0


class Store:
    """One run's hold on the database: everything it writes goes through `apply`."""

    def __init__(self, db: Database, path: Path, run_id: int, endpoint_id: int, now: Now) -> None:
        self._db = db
        self._connection: sqlite3.Connection = db.conn
        self._path = path
        self._run_id = run_id
        self._endpoint_id = endpoint_id
        self._now = now
        self._forgotten = Forgotten.read(self._connection)
        self._keys = count(self._connection.execute(sql.LAST_USER_KEY).fetchone()[0] + 1)
        self._rows = Rows(self._connection)

    def apply(self, writes: Sequence[Write]) -> list[int | PageSaved | None]:
        """The answer to each write, once all of them are durable together in one transaction.

        An OpenCall is answered with its call's id, a SavePage with a PageSaved, the rest with None.
        Raises StoreError, and then nothing of `writes` was kept.
        """
        with store_errors(self._path), self._db.atomic():
            return self._apply(writes, stamp(self._now()))

    def _apply(self, writes: Sequence[Write], moment: str) -> list[int | PageSaved | None]:
        self._rows = Rows(self._connection)
        creators = CreatorWriter(self._connection, self._rows, self._run_id, moment, self._keys)
        pages = [write for write in writes if isinstance(write, SavePage)]
        creators.load([creator for write in pages for creator in write.page.creators])
        counts = _Counts()
        answers = [self._write(write, creators, counts, moment) for write in writes]
        creators.finish()
        self._rows.write()
        if pages:
            users = counts.users
            self._connection.execute(
                sql.COUNT_RUN,
                (users.users_new, users.users_changed, users.users_seen, counts.keywords_done, self._run_id),
            )
        return answers

    def _write(
        self, write: Write, creators: CreatorWriter, counts: _Counts, moment: str
    ) -> int | PageSaved | None:
        match write:
            case SavePage():
                return self._save_page(write, creators, counts, moment)
            case OpenCall(work, page, attempt):
                row = (self._run_id, self._endpoint_id, work.keyword_id, work.crawl, page, attempt, moment)
                return self._connection.execute(sql.OPEN_CALL, row).lastrowid
            case SettleCall(call_id, settlement, work, page, kept):
                self._settle(call_id, settlement, moment)
                if kept is not None:
                    answer = Reject(0, f"answer with code {settlement.code}", kept.decode(errors="replace"))
                    self._rejects([answer], work, page, call_id, moment)
            case DropCall(call_id):
                self._rows.add(sql.DROP_CALL, (call_id,))
            case FailKeyword(work, page, reason):
                self._checkpoint(work, page, "failed", reason, moment)
        return None

    def _save_page(self, write: SavePage, creators: CreatorWriter, counts: _Counts, moment: str) -> PageSaved:
        work, kept = write.work, self._forgotten.without(write.page.creators)
        if len(kept) < len(write.page.creators):
            self._forgotten = self._forgotten.follow(self._connection, write.page.creators, moment)
        saved, ranks = creators.save(kept)
        where, number = (self._endpoint_id, work.keyword_id), write.number
        self._rows.extend(
            sql.SAVE_SIGHTING,
            [(*where, key, work.crawl, moment, number, rank, moment, number, rank) for key, rank in ranks],
        )
        self._settle(write.call_id, write.settlement, moment)
        self._page_row(write, kept, saved, moment)
        state = "open" if write.stop_reason is None else "done"
        self._checkpoint(work, write.number + 1, state, write.stop_reason, moment)
        counts.keywords_done += state == "done"
        counts.users = PageSaved(
            counts.users.users_new + saved.users_new,
            counts.users.users_changed + saved.users_changed,
            counts.users.users_seen + saved.users_seen,
        )
        return saved

    def _page_row(self, write: SavePage, kept: Sequence[Creator], saved: PageSaved, moment: str) -> None:
        page, work = write.page, write.work
        unsighted = len(page.creators) - sum(creator.id is not None for creator in kept)
        self._rows.add(
            sql.INSERT_PAGE,
            (
                self._endpoint_id, work.keyword_id, work.crawl, write.number, write.call_id, self._run_id,
                page.entries, saved.users_new, write.new_to_keyword, len(page.rejects), unsighted,
                page.oddity, moment,
            ),
        )  # fmt: skip
        # A reply that names a forgotten creator is not kept at all.
        body = write.body
        if body is not None and len(kept) == len(page.creators) and not self._names_forgotten(body):
            packed = zlib.compress(body, REPLY_COMPRESSION)
            self._rows.add(sql.INSERT_REPLY, (packed, write.call_id))
        if page.rejects:
            self._rejects(page.rejects, work, write.number, write.call_id, moment)

    def _rejects(self, rejects: Sequence[Reject], work: Work, page: int, call_id: int, moment: str) -> None:
        where = (self._run_id, self._endpoint_id, work.keyword_id, call_id, page)
        rows = [
            (*where, reject.rank, reject.reason, reject.entry, moment)
            for reject in rejects
            if not self._forgotten.named_in(reject.entry)
        ]
        self._rows.extend(sql.INSERT_REJECT, rows)

    def _names_forgotten(self, body: bytes) -> bool:
        return self._forgotten.named_in(body.decode(errors="replace"))

    def _settle(self, call_id: int, settlement: Settlement, moment: str) -> None:
        s = settlement
        row = (s.charge, s.code, s.http_status, s.milliseconds, s.error, moment, call_id)
        self._rows.add(sql.SETTLE_CALL, row)

    def _checkpoint(self, work: Work, next_page: int, state: str, reason: str | None, moment: str) -> None:
        where = (self._endpoint_id, work.keyword_id, work.crawl)
        finished_at = moment if state == "done" else None
        row = (*where, next_page, state, reason, moment, moment, finished_at, self._run_id)
        self._rows.add(sql.SAVE_CHECKPOINT, row)

    def seen_by(self, work: Work) -> set[str]:
        """The keys of the creators that this crawl of the keyword has met so far; raises StoreError."""
        crawl = (work.keyword_id, self._endpoint_id, work.crawl)
        with store_errors(self._path):
            return {row[0] for row in self._connection.execute(sql.SEEN_BY_KEYWORD, crawl)}
