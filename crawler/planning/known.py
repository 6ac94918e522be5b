"""What a forecast rests on: keywords that are due, and what earlier nights tell of them."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import NamedTuple

from sqlite_utils import Database

from crawler.clock import Now
from crawler.config import RunSettings
from crawler.engine.history import FreshKeyword, KeywordHistory, Look
from crawler.engine.neighbours import neighbourhoods
from crawler.model import Keyword
from crawler.planning.forecast import Due
from crawler.store.history import finders, pages_read
from crawler.store.migrations import migrations
from crawler.store.worklist import make_worklist

KEYWORDS_READ_MAX = 2_000
"""Of more keywords that are due, every so many-th is looked at, and counts for those passed over."""

PAGES_READ_MAX = 100_000
"""Of the pages of many nights, the latest so many are looked at."""

_COUNTS = "SELECT count(*), count(*) FILTER (WHERE page > 1), count(*) FILTER (WHERE stage = 1) FROM due"

_DUE = """
SELECT due.keyword_id, due.page, due.pages_max, keywords.priority
  FROM due
  JOIN keywords ON keywords.id = due.keyword_id
 WHERE due.keyword_id % :every = 0
 ORDER BY due.stage, due.urgency, due.finished_at, due.position
"""


class DueKeyword(NamedTuple):
    """A keyword that is due: where it goes on, and how far it may go."""

    keyword_id: int
    page: int
    pages_max: int
    priority: int


@dataclass(frozen=True, slots=True)
class Ahead:
    """The work list of a run: how many keywords it has, and `every` so many-th of those that are due, in
    file order of work."""

    listed: int
    due: int
    unfinished: int
    never_asked: int
    every: int
    keywords: tuple[DueKeyword, ...]


def read_ahead(connection: sqlite3.Connection, listed: int, keywords_max: int = KEYWORDS_READ_MAX) -> Ahead:
    """What is ahead, from the connection that the work list was made on."""
    due, unfinished, never = connection.execute(_COUNTS).fetchone()
    every = math.ceil(due / keywords_max) or 1
    rows = connection.execute(_DUE, {"every": every})
    return Ahead(listed, due, unfinished, never, every, tuple(DueKeyword(*row) for row in rows))


@contextmanager
def laid_out(
    connection: sqlite3.Connection,
    keywords: Iterable[Keyword],
    settings: RunSettings,
    endpoint_id: int,
    now: Now,
) -> Iterator[tuple[sqlite3.Connection, int]]:
    """The work list that a run would make of `keywords`, in a copy in memory, and how many it lists."""
    with closing(Database(memory=True)) as memory:
        migrations.apply(memory)
        _copy(connection, memory.conn)
        worklist = make_worklist(
            memory.conn,
            keywords,
            endpoint_id=endpoint_id,
            pages_max=settings.pages_max,
            refresh_after=settings.refresh_after,
            now=now,
        )
        yield memory.conn, worklist.listed


def _copy(connection: sqlite3.Connection, memory: sqlite3.Connection) -> None:
    """Takes over what the work list depends on."""
    for table in ("runs", "keywords", "checkpoints"):
        names = [row[1] for row in memory.execute(f"PRAGMA table_info({table})")]
        there = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
        columns = ", ".join(name for name in names if name in there)
        marks = ", ".join("?" for name in names if name in there)
        rows = connection.execute(f"SELECT {columns} FROM {table}")
        memory.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", map(tuple, rows))


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the keywords ahead, in the same order: all of them, those that were looked at, those
    nobody has looked at; and of `everyone` that was looked at, due or not."""

    due: tuple[Due, ...]
    histories: tuple[KeywordHistory, ...]
    fresh: tuple[FreshKeyword, ...]
    everyone: tuple[KeywordHistory, ...]


def read_known(
    connection: sqlite3.Connection, ahead: Ahead, settings: RunSettings, endpoint_id: int, now: Now
) -> Known:
    """What earlier nights tell of what is ahead."""
    looks: dict[int, list[Look]] = {}
    pages = pages_read(
        connection, endpoint_id=endpoint_id, now=now, every=ahead.every, pages_max=PAGES_READ_MAX
    )
    for read in pages:
        looks.setdefault(read.keyword_id, []).append(Look(*read[1:]))
    group = neighbourhoods(finders(connection, endpoint_id=endpoint_id)) if looks else {}
    everyone = {
        keyword_id: KeywordHistory(keyword_id, told, group=group.get(keyword_id))
        for keyword_id, told in looks.items()
    }
    stale_days = settings.refresh_after / timedelta(days=1)
    due, histories, fresh = [], [], []
    for position, one in enumerate(ahead.keywords):
        history = everyone.get(one.keyword_id)
        if history is None:
            fresh.append(FreshKeyword(one.keyword_id, one.priority, position, one.pages_max))
        else:
            going_on = one.page if one.page > 1 else None
            stale = min(look.days_ago for look in history.looks) >= stale_days
            history = replace(
                history,
                priority=one.priority,
                position=position,
                pages_max=one.pages_max,
                unfinished_page=None if stale else going_on,
                deeper_page=going_on if stale else None,
            )
            everyone[one.keyword_id] = history
            histories.append(history)
        due.append(Due(one.keyword_id, one.page, one.pages_max, history))
    return Known(tuple(due), tuple(histories), tuple(fresh), tuple(everyone.values()))
