"""From keywords to work: which are due, in which order, and where each goes on."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from crawler.clock import Now, stamp
from crawler.model import Keyword, Work
from crawler.store import sql

CLOCK_SLACK = timedelta(hours=1)
"""How far the clock may have been ahead when a keyword was finished."""

_CHUNK = 5000


@dataclass(frozen=True, slots=True)
class Worklist:
    """What the keyword files hold and what of it is due: `listed` different keywords, `repeated` lines that
    name one of them again."""

    listed: int
    repeated: int
    due: int


def make_worklist(
    connection: sqlite3.Connection,
    keywords: Iterable[Keyword],
    *,
    endpoint_id: int,
    pages_max: int,
    refresh_after: timedelta,
    now: Now,
) -> Worklist:
    """Stores new keywords and lays out the due ones; inside the caller's transaction.

    Order: unfinished first, then never crawled, by priority; then stale, longest ago first. Both lists live
    in temporary tables, so that a million keywords take no memory.
    """
    for statement in (sql.INCOMING_TABLE, sql.DUE_TABLE, "DELETE FROM incoming", "DELETE FROM due"):
        connection.execute(statement)
    read = 0
    moment = now()
    iterator = iter(keywords)
    while chunk := list(islice(iterator, _CHUNK)):
        _merge(connection, chunk, read, stamp(moment))
        read += len(chunk)
    listed = connection.execute("SELECT count(*) FROM incoming").fetchone()[0]
    connection.execute(
        sql.FIND_DUE,
        {
            "endpoint_id": endpoint_id,
            "pages_max": pages_max,
            "stale_before": stamp(moment - refresh_after),
            "future": stamp(moment + CLOCK_SLACK),
        },
    )
    due = connection.execute("SELECT count(*) FROM due").fetchone()[0]
    return Worklist(listed, read - listed, due)


def _merge(connection: sqlite3.Connection, chunk: list[Keyword], position: int, moment: str) -> None:
    """Stores the keywords of a chunk and lists them from `position` on; of equal ones the first counts."""
    first: dict[str, Keyword] = {}
    for keyword in chunk:
        first.setdefault(keyword.identity, keyword)
    connection.executemany(
        sql.MERGE_KEYWORD,
        [
            (k.identity, k.text, k.priority, k.max_pages, _tags(k.tags), k.source, moment)
            for k in first.values()
        ],
    )
    connection.execute(sql.INSERT_INCOMING, (json.dumps(list(first)), position))


def due_work(connection: sqlite3.Connection) -> Iterator[Work]:
    """The due work in order, read in small portions while pages are being written."""
    position = 0
    while rows := connection.execute(sql.NEXT_DUE, (position, 500)).fetchall():
        for row in rows:
            yield Work(*row[1:])
        position = rows[-1][0]


def _tags(tags: tuple[str, ...]) -> str:
    return json.dumps(tags, ensure_ascii=False) if tags else "[]"
