"""A database of the crawler that holds the chosen creators alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from crawler.analysis.export.creators import select_keys
from crawler.analysis.filters import Filters
from crawler.atomic_files import database_uri
from crawler.errors import InputError
from crawler.i18n import _
from crawler.store.readonly import EXPORT_OF

_CHUNK = 10_000

# What was forgotten, and the salt of its fingerprints, is not exported: a copy is for others.
_SETTINGS = "SELECT {columns} FROM main.settings WHERE name = 'service'"

# So that no run and no proof takes it for the database it came from.
_NAME_AS_EXPORT = """
UPDATE copy.settings
   SET value = :export_of || value
 WHERE name = 'service' AND value NOT LIKE :export_of || '%'
"""

_ENDPOINTS = "SELECT {columns} FROM main.endpoints WHERE id NOT IN (SELECT id FROM copy.endpoints)"

_USERS = "SELECT {columns} FROM main.users WHERE key IN (SELECT key FROM portion)"
_SIGHTINGS = "SELECT {columns} FROM main.sightings WHERE user_key IN (SELECT key FROM portion)"
_CHANGES = "SELECT {columns} FROM main.changes WHERE user_key IN (SELECT key FROM portion)"

_KEYWORDS = """
SELECT {columns}
  FROM main.keywords
 WHERE id IN (SELECT keyword_id FROM main.sightings WHERE user_key IN (SELECT key FROM portion))
   AND id NOT IN (SELECT id FROM copy.keywords)
"""

_RUNS = """
SELECT {columns}
  FROM main.runs
 WHERE id IN (SELECT first_run_id FROM main.users WHERE key IN (SELECT key FROM portion)
              UNION
              SELECT written_run_id FROM main.users WHERE key IN (SELECT key FROM portion)
              UNION
              SELECT run_id FROM main.changes WHERE user_key IN (SELECT key FROM portion))
   AND id NOT IN (SELECT id FROM copy.runs)
"""

_ONCE = (("settings", _SETTINGS), ("endpoints", _ENDPOINTS))
_BY_PORTION = (
    ("users", _USERS),
    ("sightings", _SIGHTINGS),
    ("changes", _CHANGES),
    ("keywords", _KEYWORDS),
    ("runs", _RUNS),
)

_NEXT_PORTION = """
INSERT INTO portion (key) SELECT key FROM chosen WHERE key > ? ORDER BY key LIMIT ?
"""


def copy_database(
    connection: sqlite3.Connection, filters: Filters, path: Path, advance: Callable[[int], None]
) -> None:
    """Makes a new database at `path` with the chosen creators and their sightings, keywords and changes.

    What an export leaves out: calls, pages, checkpoints, rejects. `connection` cannot write its own file; it
    writes only the new one. `advance` is called for each portion of creators.
    """
    _make(path)
    connection.execute("PRAGMA query_only = OFF")
    connection.execute("ATTACH ? AS copy", (database_uri(path, "mode=rw"),))
    connection.execute("PRAGMA copy.synchronous = OFF")  # It is not in its place before it is on the disk.
    connection.execute("PRAGMA copy.cache_size = -65536")  # its indexes are filled in no order
    connection.execute("CREATE TEMP TABLE chosen (key INTEGER PRIMARY KEY)")
    connection.execute("CREATE TEMP TABLE portion (key INTEGER PRIMARY KEY)")
    connection.execute("BEGIN")
    select, parameters = select_keys(filters)
    connection.execute(f"INSERT INTO chosen {select}", parameters)
    for table, rows in _ONCE:
        _copy(connection, table, rows)
    connection.execute(_NAME_AS_EXPORT, {"export_of": EXPORT_OF})
    _copy_portions(connection, advance)
    connection.execute("COMMIT")
    connection.execute("DETACH copy")


def check_replaceable(target: Path) -> None:
    """Raises InputError where `target` is a database that must not be replaced by an export.

    That is one that a crawl wrote (its calls were paid for), and one that a program has open.
    """
    if Path(f"{target}-wal").exists() or Path(f"{target}-journal").exists():
        raise InputError(_("%s is open in another program: close it, or give another name") % target)
    if not target.is_file():
        return
    with closing(sqlite3.connect(database_uri(target, "mode=ro"), uri=True)) as connection:
        try:
            crawled = connection.execute("SELECT 1 FROM calls LIMIT 1").fetchone()
        except sqlite3.DatabaseError:
            return
    if crawled:
        raise InputError(_("%s is the database of a crawl: give another name") % target)


def _make(path: Path) -> None:
    from crawler.store.migrations import migrate  # loads much that the other formats do not need

    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        migrate(connection)


def _copy_portions(connection: sqlite3.Connection, advance: Callable[[int], None]) -> None:
    """Copies by portions, so that the program answers to Ctrl-C and can tell how far it is."""
    last = 0
    while found := connection.execute(_NEXT_PORTION, (last, _CHUNK)).rowcount:
        for table, rows in _BY_PORTION:
            _copy(connection, table, rows)
        last = connection.execute("SELECT max(key) FROM portion").fetchone()[0]
        connection.execute("DELETE FROM portion")
        advance(found)


def _copy(connection: sqlite3.Connection, table: str, rows: str) -> None:
    """Copies what both sides have columns for: the databases may be of different versions."""
    columns = ", ".join(name for name in _columns(connection, "copy", table) if name in
                        _columns(connection, "main", table))  # fmt: skip
    connection.execute(f"INSERT INTO copy.{table} ({columns}) {rows.format(columns=columns)}")


def _columns(connection: sqlite3.Connection, schema: str, table: str) -> list[str]:
    return [row["name"] for row in connection.execute(f"PRAGMA {schema}.table_info({table})")]
