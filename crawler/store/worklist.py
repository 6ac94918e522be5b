"""From keywords to work: which are due, in which order, and where each goes on."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from crawler.clock import Age, Now, age_at, stamp
from crawler.model import Keyword, Work
from crawler.store import worklist_sql as sql
from crawler.store.keyword_bulk_upsert import PlainKeywords
from crawler.summary import NotAsked

CLOCK_SLACK = timedelta(days=1)
"""How far the clock may have been ahead when a keyword was finished, or be behind now: it is off by hours
where the time of one zone is taken for that of another, and that is no reason to pay once more."""

_CHUNK = 5000


@dataclass(frozen=True, slots=True)
class Worklist:
    """What the keyword files hold and what of it is due: `listed` different keywords, `repeated` lines that
    name one of them again, `finished_in_future` that are due for the date on which they were finished."""

    listed: int
    repeated: int
    due: int
    finished_in_future: int = 0


def make_worklist(
    connection: sqlite3.Connection,
    keywords: Iterable[Keyword],
    *,
    endpoint_id: int,
    pages_max: int,
    refresh_after: Age,
    now: Now,
    worthwhile: bool = False,
) -> Worklist:
    """Stores new keywords and lays out the due ones; inside the caller's transaction. `worthwhile`: keywords
    that were complete lately need not be read to their end.

    Order: unfinished first, then never crawled, by priority; then stale and failed, longest ago first. Both
    lists live in temporary tables, so that a million keywords take no memory.
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
    _retire(connection, listed, stamp(moment))
    values = due_values(endpoint_id, pages_max, refresh_after, moment, worthwhile=worthwhile)
    connection.execute(sql.FIND_NEVER_ASKED, values)
    connection.execute(sql.FIND_DUE_AGAIN, values)
    due = connection.execute("SELECT count(*) FROM due").fetchone()[0]
    in_future = connection.execute(sql.COUNT_FINISHED_IN_FUTURE, values).fetchone()[0]
    return Worklist(listed, read - listed, due, in_future)


def due_values(
    endpoint_id: int, pages_max: int, refresh_after: Age, moment: datetime, *, worthwhile: bool
) -> dict[str, object]:
    """The values that whoever decides what is due at that moment gives to SQLite."""
    return {
        "endpoint_id": endpoint_id,
        "pages_max": pages_max,
        "now": stamp(moment),
        "stale_before": stamp(moment - age_at(refresh_after, moment)),
        "worthwhile": worthwhile,
        "future": stamp(moment + CLOCK_SLACK),
    }


def copy_basis(connection: sqlite3.Connection, memory: sqlite3.Connection) -> None:
    """Takes over what a work list depends on into a database in memory."""
    for table in ("runs", "keywords", "checkpoints"):
        names = [row[1] for row in memory.execute(f"PRAGMA table_info({table})")]
        there = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
        columns = ", ".join(name for name in names if name in there)
        marks = ", ".join("?" for name in names if name in there)
        rows = connection.execute(f"SELECT {columns} FROM {table}")
        memory.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", map(tuple, rows))


def leave_out(
    connection: sqlite3.Connection,
    worklist: Worklist,
    expected: Mapping[int, float],
    *,
    endpoint_id: int,
    run_id: int,
    stop_below: float,
) -> Worklist:
    """What is left to do without the keywords in `expected`, which say how many new creators a call would
    bring; they are noted. What was noted of these files' keywords before is forgotten. Inside the caller's
    transaction."""
    connection.execute(sql.FORGET_NOT_ASKED, (endpoint_id,))
    rows = [(endpoint_id, keyword_id, run_id, brings, stop_below) for keyword_id, brings in expected.items()]
    connection.executemany(sql.NOTE_NOT_ASKED, rows)
    connection.execute(sql.LEAVE_OUT, (run_id,))
    return replace(worklist, due=worklist.due - len(rows))


def not_asked(connection: sqlite3.Connection, run_id: int) -> tuple[NotAsked, ...]:
    """The keywords that a run left out, the least promising first."""
    return tuple(NotAsked(*row) for row in connection.execute(sql.NOT_ASKED, (run_id,)))


def keyword_files(connection: sqlite3.Connection) -> tuple[str, ...]:
    """What the keywords that are not retired were read from: files as they were named then."""
    return tuple(row[0] for row in connection.execute(sql.KNOWN_FILES))


def pages_ahead(connection: sqlite3.Connection) -> int:
    """How many pages the due keywords have left at most."""
    return int(connection.execute(sql.PAGES_AHEAD).fetchone()[0])


def _retire(connection: sqlite3.Connection, listed: int, moment: str) -> None:
    """Keywords that their files no longer list are retired, those that are listed again come back."""
    connection.execute(sql.RETURN)
    if listed == connection.execute("SELECT count(*) FROM keywords").fetchone()[0]:
        return
    unlisted = [row[0] for row in connection.execute(sql.UNLISTED_FILES)]
    read = {row[0] for row in connection.execute(sql.FILES_READ)}
    gone = [file for file in unlisted if file in read or _is_gone(Path(file))]
    connection.execute(sql.RETIRE, (moment, json.dumps(gone)))


def _is_gone(file: Path) -> bool:
    """Whether a keyword file was deleted; False where its folder cannot be found from here."""
    try:
        file.stat()
    except FileNotFoundError:
        return bool(file.suffix) and file.parent.is_dir()
    except (OSError, ValueError):
        return False
    return False


def _merge(connection: sqlite3.Connection, chunk: list[Keyword], position: int, moment: str) -> None:
    """Stores the keywords of a chunk and lists them from `position` on; of equal ones the first counts."""
    last_known = _last_keyword(connection)
    lines = PlainKeywords.of(chunk)
    if lines is None:
        identities = _merge_one_by_one(connection, chunk, moment)
    elif lines.list_unchanged(connection, position):
        return
    else:
        identities = lines.merge(connection, moment)
    if _last_keyword(connection) - last_known == len(identities):
        connection.execute(sql.INSERT_INCOMING_NEW, (position, last_known, last_known))
    else:
        listed = json.dumps(identities, ensure_ascii=False)
        connection.execute(sql.INSERT_INCOMING, (position, listed))


def _merge_one_by_one(connection: sqlite3.Connection, chunk: list[Keyword], moment: str) -> list[str]:
    """The different identities of the chunk, whose keywords are stored."""
    identities: dict[str, None] = {}
    rows: list[tuple[object, ...]] = []
    statement = sql.MERGE_PLAIN_KEYWORD
    batches = [(statement, rows)]  # in the order of the file, so that new keywords are numbered in it
    for text, identity, priority, pages_max, tags, source, refresh_after in chunk:
        if identity in identities:
            continue
        identities[identity] = None
        plain = text == identity and not (priority or pages_max or tags or refresh_after is not None)
        if plain is not (statement is sql.MERGE_PLAIN_KEYWORD):
            statement, rows = sql.MERGE_PLAIN_KEYWORD if plain else sql.MERGE_KEYWORD, []
            batches.append((statement, rows))
        if plain:
            rows.append((identity, text, source, moment))
        else:
            own_seconds = None if refresh_after is None else refresh_after.total_seconds()
            options = priority, pages_max, json.dumps(tags, ensure_ascii=False), own_seconds
            rows.append((identity, text, *options, source, moment))
    for statement, rows in batches:
        connection.executemany(statement, rows)
    return list(identities)


def _last_keyword(connection: sqlite3.Connection) -> int:
    return int(connection.execute(sql.LAST_KEYWORD).fetchone()[0])


def due_work(connection: sqlite3.Connection) -> Iterator[Work]:
    """The due work in order, read in small portions while pages are being written."""
    after: tuple[object, ...] = (-1, 0, "", 0)
    while rows := connection.execute(sql.NEXT_DUE, (*after, 500)).fetchall():
        for row in rows:
            keyword_id, text, generation, page, pages_max, whole = row[len(after) :]
            yield Work(keyword_id, text, generation, page, pages_max, bool(whole))
        after = rows[-1][: len(after)]
