"""The full-text index: each character a token of its own, the creators in the order of their followers.

A document's rowid is `POSITION`: the more followers, the smaller. So the best of a level are the first that
FTS5 comes to, and a search stops there, however many creators match. The index is brought up to date after a
run; until then the creators that pages saved since have touched are looked through one by one.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

from crawler.analysis.search import sql
from crawler.analysis.search.matching import RED_ID_CHARACTERS_MIN, Query, fold
from crawler.analysis.search.sql import BETWEEN_KEYWORDS, KEY_MASK, SPACE

INDEX_FROM = 200_000
"""Creators from which on the index is worth its room."""

CHUNK = 2_000
"""Creators of one transaction: an update that is interrupted loses no more than these, and one that is to end
goes on for no longer than they take."""

KEYWORDS_KEPT = 10_000
"""Keywords whose folded text is remembered from one creator to the next."""

Document = tuple[int, str, str, str, str, str]
Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class IndexState:
    """How far the index has come: the creator's key up to which there are documents."""

    last_key: int


def read_state(connection: sqlite3.Connection) -> IndexState | None:
    """The state of the index; None where there is none to ask, or none that this SQLite can read."""
    try:
        connection.execute("SELECT rowid FROM search_documents LIMIT 0")
        connection.execute("SELECT user_key FROM search_stale LIMIT 0")
        row = connection.execute(sql.READ_STATE).fetchone()
    except sqlite3.OperationalError:
        return None
    return None if row is None or row[0] == 0 else IndexState(row[0])


def touched(connection: sqlite3.Connection) -> frozenset[int]:
    """The keys of the creators whose documents are out of date, or not there yet."""
    return frozenset(row[0] for row in connection.execute(sql.STALE))


def update_search_index(
    connection: sqlite3.Connection,
    *,
    creators_min: int = INDEX_FROM,
    chunk: int = CHUNK,
    tell: Tell = lambda done, total: None,
    goes_on: Callable[[], bool] = lambda: True,
) -> int:
    """Brings the index in step with the creators; the number of documents written.

    Makes it where there are `creators_min` creators or more and SQLite has FTS5; without, nothing happens.
    What has to be done is what has changed, in transactions of `chunk` creators; `tell` hears how many are
    done and how many there are. Where it `goes_on` no longer, the next update does what is left.
    """
    made = _exists(connection)
    if not made and connection.execute("SELECT count(*) FROM users").fetchone()[0] < creators_min:
        return 0
    try:
        if not made or _is_of_another_version(connection):
            _make(connection)
        connection.execute("SELECT rowid FROM search_documents LIMIT 0")
    except sqlite3.OperationalError as exc:
        if "no such module" in str(exc):
            return 0
        raise
    total = connection.execute(sql.COUNT_STALE).fetchone()[0]
    written = done = 0
    while done < total:
        tell(done, total)
        looked_at, changed = _follow(connection, chunk)
        if not looked_at:
            break
        done, written = done + looked_at, written + changed
        if not goes_on():
            break
    if done:
        tell(done, total)
    return written


def forget_from_index(connection: sqlite3.Connection, user_key: int) -> None:
    """Erases a creator from the index, to the last byte; inside the caller's transaction."""
    if not _exists(connection):
        return
    row = connection.execute(sql.READ_POSITION, (user_key,)).fetchone()
    if row is not None:
        connection.execute(sql.DELETE_DOCUMENT, (row[0],))
        connection.execute(sql.DELETE_ROW, (user_key,))
        connection.execute(sql.OPTIMIZE)


def outdate_index(connection: sqlite3.Connection) -> None:
    """Has the index made anew by the next update; until then a search does without. Inside the caller's
    transaction."""
    if _exists(connection):
        connection.execute("DELETE FROM search_state")


def _exists(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'search_state'").fetchone())


def _is_of_another_version(connection: sqlite3.Connection) -> bool:
    return not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'search_stale'").fetchone() or (
        connection.execute(sql.READ_STATE).fetchone() is None
    )


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _make(connection: sqlite3.Connection) -> None:
    """Makes an empty index in place of what there was."""
    with _transaction(connection):
        for statement in (*sql.DROP, *sql.CREATE):
            connection.execute(statement)


def _follow(connection: sqlite3.Connection, chunk: int) -> tuple[int, int]:
    """Sets right the documents of some creators, in one transaction: how many these were, and how many
    documents were written. New creators come first: they take half the time of stale ones. FTS5 wants rising
    rowids, so all old documents go before the new come."""
    with _transaction(connection):
        new = [row[0] for row in connection.execute(sql.SOME_NEW, (chunk,))]
        stale = [] if new else [row[0] for row in connection.execute(sql.SOME_STALE, (chunk,))]
        keys = json.dumps(stale or new)
        old = {} if new else _kept(connection, keys)
        fresh: list[Document] = []
        for document in _documents(connection.execute(sql.READ_DOCUMENTS, (keys,))):
            key = document[0] & KEY_MASK
            if old.get(key) == document:
                del old[key]  # it stays
            else:
                fresh.append(document)
        connection.executemany(sql.DELETE_DOCUMENT, sorted((document[0],) for document in old.values()))
        connection.executemany(sql.DELETE_ROW, [(key,) for key in old])
        connection.executemany(sql.INSERT_DOCUMENT, fresh)
        connection.executemany(sql.INSERT_ROW, sorted((each[0] & KEY_MASK, each[0]) for each in fresh))
        connection.executemany(sql.NO_LONGER_STALE, [(key,) for key in stale])
        if new:
            connection.execute(sql.MOVE_ON, (new[-1],))
    return len(stale or new), len(fresh)


def _kept(connection: sqlite3.Connection, keys: str) -> dict[int, Document]:
    """The documents that the index has of these creators, by their keys."""
    return {row[0] & KEY_MASK: tuple(row) for row in connection.execute(sql.READ_KEPT, (keys,))}


def _documents(rows: Iterable[sqlite3.Row]) -> Iterator[Document]:
    folded = lru_cache(KEYWORDS_KEPT)(fold)  # a few thousand keywords found them all
    for position, raw_name, raw_red_id, raw_keywords, bio in rows:
        name = fold(raw_name)
        keywords = BETWEEN_KEYWORDS.join(map(folded, (raw_keywords or "").split(BETWEEN_KEYWORDS)))
        yield (position, _spaced(name), _joined(name), _joined(fold(raw_red_id)), _spaced(keywords),
               _spaced(fold(bio)))  # fmt: skip


def _joined(text: str) -> str:
    """`text` as one token."""
    return text.replace(" ", SPACE)


def _spaced(text: str) -> str:
    """`text` as one token for each of its characters."""
    return " ".join(text.replace(" ", SPACE))


def unspaced(text: str) -> str:
    """The folded text that a column of single characters holds."""
    return text[::2].replace(SPACE, " ")


def match_expression(query: Query, level: int) -> str:
    """What FTS5 is asked for the creators of `LEVELS` up to `level`."""
    if level == 0:
        return f"whole_name : {_quoted(_joined(query.whole))}"
    if level == 1:
        return f"name : ^ {_quoted(_spaced(query.whole))}"
    columns = {2: "name", 3: "name", 4: "name keywords", 5: "name keywords bio"}[level]
    words = []
    for word in query.words:
        part = f"{{{columns}}} : {_quoted(_spaced(word))}"
        if level > 2:
            star = " *" if len(word) >= RED_ID_CHARACTERS_MIN else ""
            part = f"({part} OR red_id : {_quoted(word)}{star})"
        words.append(part)
    return " AND ".join(words)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
