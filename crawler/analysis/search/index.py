"""The full-text index: each character a token of its own, the creators in the order of their followers.

A document's rowid is `POSITION`: the more followers, the smaller. So the best of a level are the first that
FTS5 comes to, and a search stops there, however many creators match. The index is brought up to date after a
run; until then the creators that pages saved since have touched are looked through one by one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from crawler.analysis.search.text import RED_ID_CHARACTERS_MIN, Query, fold

INDEX_FROM = 200_000
"""Creators from which on the index is worth its room."""

KEY_BITS = 28
KEY_MASK = 2**KEY_BITS - 1
FANS_CAP = 2**34
POSITION = f"((({FANS_CAP} - min(coalesce(users.fans, -1), {FANS_CAP})) << {KEY_BITS}) | users.key)"

# Neither can stand in a folded text: white space became a plain space there.
SPACE, BETWEEN_KEYWORDS = "\u2028", "\u2029"

_PUNCTUATION = "!\"\"#$%&''()*+,-./:;<=>?@[\\]^_`{|}~"
_TABLES = (
    f"""
CREATE VIRTUAL TABLE search_documents USING fts5(
    name, whole_name, red_id, keywords, bio,
    columnsize = 0,
    tokenize = "ascii tokenchars '{_PUNCTUATION}'"
)
""",
    "INSERT INTO search_documents (search_documents, rank) VALUES ('hashsize', 33554432)",
    "CREATE TABLE search_rows (user_key INTEGER PRIMARY KEY, position INTEGER NOT NULL)",
    "CREATE TABLE search_state (page_id INTEGER NOT NULL, run_id INTEGER NOT NULL)",
)

LAST_PAGE = "SELECT id, run_id FROM pages ORDER BY id DESC LIMIT 1"

READ_STATE = "SELECT page_id, run_id, (SELECT coalesce(max(id), 0) FROM pages) FROM search_state"

# Every keyword with a page since, and all creators it ever found: no clock and no order of rows is relied on.
TOUCHED = """
SELECT user_key
  FROM sightings
 WHERE keyword_id IN (SELECT keyword_id FROM pages WHERE id > :page_id)
 UNION
SELECT user_key
  FROM changes
 WHERE run_id >= :run_id
"""

_KEYWORDS = f"""
(SELECT group_concat(identity, char({ord(BETWEEN_KEYWORDS)}))
   FROM (SELECT DISTINCT keywords.identity
           FROM sightings
           JOIN keywords ON keywords.id = sightings.keyword_id
          WHERE sightings.user_key = users.key
          ORDER BY keywords.id))
"""

READ_ALL = f"""
SELECT {POSITION}, users.name, users.red_id, {_KEYWORDS}, users.bio
  FROM users
 ORDER BY 1
"""

READ_TOUCHED = f"""
SELECT {POSITION}, users.name, users.red_id, {_KEYWORDS}, users.bio
  FROM users
 WHERE users.key IN ({TOUCHED})
 ORDER BY 1
"""

INSERT_DOCUMENT = """
INSERT INTO search_documents (rowid, name, whole_name, red_id, keywords, bio) VALUES (?, ?, ?, ?, ?, ?)
"""

READ_DOCUMENT = "SELECT rowid, name, whole_name, red_id, keywords, bio FROM search_documents WHERE rowid = ?"

OPTIMIZE = "INSERT INTO search_documents (search_documents) VALUES ('optimize')"

DELETE_DOCUMENT = "DELETE FROM search_documents WHERE rowid = ?"

READ_POSITION = "SELECT position FROM search_rows WHERE user_key = ?"

INSERT_ROW = f"INSERT OR REPLACE INTO search_rows (user_key, position) VALUES (? & {KEY_MASK}, ?)"

FILL_ROWS = f"INSERT INTO search_rows (user_key, position) SELECT key, {POSITION} FROM users ORDER BY key"

COUNT_ROWS = "SELECT count(*) FROM search_rows"

GONE = "SELECT position FROM search_rows WHERE user_key NOT IN (SELECT key FROM users)"

Document = tuple[int, str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class IndexState:
    """How far the index has come: the last page that it knows of, that page's run, and whether there are
    pages since."""

    page_id: int
    run_id: int
    behind: bool

    def parameters(self) -> dict[str, object]:
        """What `TOUCHED` is asked with."""
        return {"page_id": self.page_id, "run_id": self.run_id}


def read_state(connection: sqlite3.Connection) -> IndexState | None:
    """The state of the index; None where there is none, or none that this SQLite and these pages fit."""
    try:
        connection.execute("SELECT rowid FROM search_documents LIMIT 0")
        row = connection.execute(READ_STATE).fetchone()
    except sqlite3.OperationalError:
        return None
    if row is None or row[0] > row[2]:
        return None
    return IndexState(row[0], row[1], row[0] < row[2])


def touched(connection: sqlite3.Connection, state: IndexState) -> frozenset[int]:
    """The keys of the creators whose documents may be out of date."""
    if not state.behind:
        return frozenset()
    return frozenset(row[0] for row in connection.execute(TOUCHED, state.parameters()))


def update_search_index(connection: sqlite3.Connection, *, creators_min: int = INDEX_FROM) -> int:
    """Brings the index in step with the creators, in one transaction; the number of documents written.

    Makes it where there are `creators_min` creators or more and SQLite has FTS5; without, nothing happens.
    """
    exists = _exists(connection)
    state = read_state(connection) if exists else None
    creators = connection.execute("SELECT count(*) FROM users").fetchone()[0]
    if not exists and creators < creators_min:
        return 0
    if state is not None and not state.behind and creators == connection.execute(COUNT_ROWS).fetchone()[0]:
        return 0
    connection.execute("BEGIN IMMEDIATE")
    try:
        written = _build(connection) if state is None else _follow(connection, state)
        _write_state(connection)
        connection.execute("COMMIT")
    except BaseException as exc:
        connection.execute("ROLLBACK")
        if isinstance(exc, sqlite3.OperationalError) and "no such module" in str(exc):
            return 0
        raise
    return written


def forget_from_index(connection: sqlite3.Connection, user_key: int) -> None:
    """Erases a creator from the index, to the last byte; inside the caller's transaction."""
    if not _exists(connection):
        return
    row = connection.execute(READ_POSITION, (user_key,)).fetchone()
    if row is not None:
        _delete(connection, [row[0]])
        connection.execute(OPTIMIZE)


def _exists(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'search_state'").fetchone())


def _build(connection: sqlite3.Connection) -> int:
    for table in ("search_documents", "search_rows", "search_state"):
        connection.execute(f"DROP TABLE IF EXISTS {table}")
    for statement in _TABLES:
        connection.execute(statement)
    connection.execute(FILL_ROWS)
    return connection.executemany(INSERT_DOCUMENT, _documents(connection.execute(READ_ALL))).rowcount


def _follow(connection: sqlite3.Connection, state: IndexState) -> int:
    """Writes the documents that differ; FTS5 wants rising rowids, so all old ones go before the new come."""
    fresh: list[Document] = []
    stale: list[int] = [row[0] for row in connection.execute(GONE)]
    for document in _documents(connection.execute(READ_TOUCHED, state.parameters())):
        key = (document[0] & KEY_MASK,)
        row = connection.execute(READ_POSITION, key).fetchone()
        if row is not None:
            if tuple(connection.execute(READ_DOCUMENT, (row[0],)).fetchone()) == document:
                continue
            stale.append(row[0])
        fresh.append(document)
    _delete(connection, stale)
    connection.executemany(INSERT_DOCUMENT, fresh)
    connection.executemany(INSERT_ROW, [document[:1] * 2 for document in fresh])
    return len(fresh)


def _delete(connection: sqlite3.Connection, positions: Iterable[int]) -> None:
    ordered = [(position,) for position in sorted(positions)]
    connection.executemany(DELETE_DOCUMENT, ordered)
    connection.executemany("DELETE FROM search_rows WHERE position = ?", ordered)


def _write_state(connection: sqlite3.Connection) -> None:
    page = connection.execute(LAST_PAGE).fetchone() or (0, 0)
    connection.execute("DELETE FROM search_state")
    connection.execute("INSERT INTO search_state (page_id, run_id) VALUES (?, ?)", tuple(page))


def _documents(rows: Iterable[sqlite3.Row]) -> Iterator[Document]:
    for position, raw_name, raw_red_id, raw_keywords, bio in rows:
        name = fold(raw_name)
        keywords = BETWEEN_KEYWORDS.join(map(fold, (raw_keywords or "").split(BETWEEN_KEYWORDS)))
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
