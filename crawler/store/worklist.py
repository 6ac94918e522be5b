"""From keywords to work: which are due, in which order, and where each goes on."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby, islice

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
    last_known = _last_keyword(connection)
    for plain, keywords in groupby(first.values(), _is_plain):
        if plain:
            rows = [(keyword.identity, keyword.source, moment) for keyword in keywords]
            connection.executemany(sql.MERGE_PLAIN_KEYWORD, rows)
        else:
            connection.executemany(sql.MERGE_KEYWORD, [_row(keyword, moment) for keyword in keywords])
    if _last_keyword(connection) - last_known == len(first):
        connection.execute(sql.INSERT_INCOMING_NEW, (last_known, position))
    else:
        connection.execute(sql.INSERT_INCOMING, (json.dumps(list(first)), position))


def _is_plain(keyword: Keyword) -> bool:
    return keyword == (keyword.identity, keyword.identity, 0, None, (), keyword.source)


def _row(keyword: Keyword, moment: str) -> tuple[object, ...]:
    text, identity, priority, max_pages, tags, source = keyword
    return identity, text, priority, max_pages, json.dumps(tags, ensure_ascii=False), source, moment


def _last_keyword(connection: sqlite3.Connection) -> int:
    return int(connection.execute(sql.LAST_KEYWORD).fetchone()[0])


def due_work(connection: sqlite3.Connection) -> Iterator[Work]:
    """The due work in order, read in small portions while pages are being written."""
    position = 0
    while rows := connection.execute(sql.NEXT_DUE, (position, 500)).fetchall():
        for row in rows:
            yield Work(*row[1:])
        position = rows[-1][0]
