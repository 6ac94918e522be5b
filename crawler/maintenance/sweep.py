"""Removing what is old, a few rows at a time: each step is a transaction that leaves its sums behind."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlite_utils import Database

from crawler.maintenance import sweep_sql as sql
from crawler.summary import Removed

STEP_ROWS = 1000
"""Of a step: some hundredths of a second, after which a signal is heard."""


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """The stamps before which rows are old, by kind; empty where none is."""

    replies: str = ""
    rejects: str = ""
    calls: str = ""
    pages: str = ""
    changes: str = ""


def sweep(db: Database, cutoffs: Cutoffs, *, whole: bool = False) -> Iterator[Removed]:
    """Removes what is older than the cutoffs, and tells what each step removed once that is on the disk.

    Rows are numbered in the order of time, so that a look ends where none is old any more; a few with a late
    number wait until their neighbours are old too, unless the `whole` table is looked at.
    """
    swept = _Sweep(db, whole)
    yield from swept.replies(cutoffs.replies)
    yield from swept.rejects(cutoffs.rejects)
    yield from swept.calls(cutoffs.calls)
    yield from swept.pages(cutoffs.pages)
    yield from swept.changes(cutoffs.changes)


@dataclass(frozen=True, slots=True)
class _Sweep:
    db: Database
    whole: bool

    @property
    def connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection = self.db.conn
        return connection

    def replies(self, before: str) -> Iterator[Removed]:
        first = self.connection.execute(sql.FIRST_REPLY).fetchone()[0]
        for ids in self._looks(sql.LOOK_AT_REPLIES, before, first):
            count, size = self.connection.execute(sql.COUNT_REPLIES, {"ids": ids}).fetchone()
            if count:
                self._step(ids, sql.DELETE_REPLIES)
                yield Removed(replies=count, reply_bytes=size)

    def rejects(self, before: str) -> Iterator[Removed]:
        for ids in self._looks(sql.LOOK_AT_REJECTS, before):
            yield Removed(rejects=self._step(ids, sql.DELETE_REJECTS))

    def calls(self, before: str) -> Iterator[Removed]:
        values = {"before": before, "rows": STEP_ROWS}
        while rows := self.connection.execute(sql.FIND_CALLS, values).fetchall():
            ids = json.dumps([row[0] for row in rows])
            sums = (sql.ADD_UP_CALLS, sql.ADD_UP_RUNS, sql.ADD_UP_PRICES, sql.KEEP_QUOTAS)
            yield Removed(calls=self._step(ids, sql.DELETE_CALLS, sums))

    def pages(self, before: str) -> Iterator[Removed]:
        for ids in self._looks(sql.LOOK_AT_PAGES, before):
            sums = (sql.ADD_UP_PAGES, sql.ADD_UP_NEW_CREATORS)
            yield Removed(pages=self._step(ids, sql.DELETE_PAGES, sums))

    def changes(self, before: str) -> Iterator[Removed]:
        for ids in self._looks(sql.LOOK_AT_CHANGES, before):
            yield Removed(changes=self._step(ids, sql.DELETE_CHANGES))

    def _looks(self, look: str, before: str, after: int = -1) -> Iterator[str]:
        """The numbers of rows that may go, as JSON, a few at a time."""
        values = {"before": before, "after": after, "rows": STEP_ROWS}
        while before and (rows := self.connection.execute(look, values).fetchall()):
            if ids := [id_ for id_, _old, may_go in rows if may_go]:
                yield json.dumps(ids)
            if not self.whole and not any(old for _id, old, _may_go in rows):
                return
            values["after"] = rows[-1][0]

    def _step(self, ids: str, delete: str, sums: Sequence[str] = ()) -> int:
        """Adds up and deletes these rows, both or neither; how many there were."""
        with self.db.atomic():
            for statement in sums:
                self.connection.execute(statement, {"ids": ids})
            return self.connection.execute(delete, {"ids": ids}).rowcount
