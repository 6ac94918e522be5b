"""The database as Datasette gets it: connections that cannot write, and two tables that stay closed."""

from __future__ import annotations

import secrets
import sqlite3
from pathlib import Path
from typing import Any

from datasette import utils  # type: ignore[import-untyped]  # it has no types
from datasette.database import Database  # type: ignore[import-untyped]  # as above

from crawler.analysis.browse.metadata import CLOSED_TABLES

UNREADABLE = frozenset({*CLOSED_TABLES, "sqlite_dbpage"})
"""`sqlite_dbpage` would show the raw pages in which the closed tables are kept."""

_READING = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_PRAGMA, sqlite3.SQLITE_RECURSIVE}
)


def keep_tidy() -> None:
    """Answers two questions for which Datasette opens connections that it never closes; to be called before
    the rest of Datasette is imported."""
    utils.detect_json1 = lambda conn=None: True  # without JSON in SQLite there would be no database to show
    utils.sqlite._cached_sqlite_version = sqlite3.sqlite_version_info


class InternalDatabase(Database):  # type: ignore[misc]  # its base has no types
    """What Datasette notes for itself, in memory; `close` closes every connection to it."""

    def __init__(self, datasette: Any) -> None:
        super().__init__(datasette, memory_name=secrets.token_hex())

    def connect(self, write: bool = False) -> sqlite3.Connection:
        """As its base does it, and kept to be closed."""
        connection: sqlite3.Connection = super().connect(write)
        self._all_file_connections.append(connection)
        return connection


class ReadOnlyDatabase(Database):  # type: ignore[misc]  # its base has no types
    """One file, opened for reading only, while a run may be writing to it."""

    def __init__(self, datasette: Any, path: Path) -> None:
        super().__init__(datasette, path=str(path))

    def connect(self, write: bool = False) -> sqlite3.Connection:
        """A connection that can neither write nor read what is `UNREADABLE`; `write` is refused."""
        if write:
            raise sqlite3.OperationalError("this database is served for reading only")
        address = f"{Path(self.path).resolve().as_uri()}?mode=ro"
        connection = sqlite3.connect(address, uri=True, check_same_thread=False, timeout=10.0)
        connection.execute("PRAGMA query_only = ON")
        connection.set_authorizer(_allow)
        self._all_file_connections.append(connection)
        return connection


def close(datasette: Any) -> None:
    """Closes every connection of Datasette's, whichever thread made it."""
    for database in datasette.databases.values():
        database.close()


def _allow(
    action: int, first: str | None, second: str | None, schema: str | None, trigger: str | None
) -> int:
    """SQLite asks this about each part of a statement before it runs."""
    if action == sqlite3.SQLITE_READ:
        # Without a column it is a count(*), which Datasette asks of every table for its list.
        return sqlite3.SQLITE_DENY if second and str(first).lower() in UNREADABLE else sqlite3.SQLITE_OK
    return sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY
