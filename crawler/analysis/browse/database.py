"""The database as Datasette gets it: connections that cannot write, and two tables that stay closed."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from datasette import utils  # type: ignore[import-untyped]  # it has no types
from datasette.database import Database  # type: ignore[import-untyped]  # as above

from crawler.analysis.browse.metadata import CLOSED_TABLES
from crawler.atomic_files import database_uri
from crawler.store.authorizer import Limits, limit_resources

T = TypeVar("T")

UNREADABLE = frozenset({*CLOSED_TABLES, "sqlite_dbpage"})
"""`sqlite_dbpage` would show the raw pages in which the closed tables are kept."""

_READING = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_PRAGMA, sqlite3.SQLITE_RECURSIVE}
)

LIMITS = Limits(value_bytes=512 << 10, sql_bytes=100 << 10, heap_bytes=256 << 20)
"""No call of a function takes longer than a request may: `instr` of two texts of this length, the slowest
that is left, needs about two seconds."""

ANSWER_BYTES_MAX = 16 << 20

# Their time grows with the product of both arguments' lengths, faster than that of `instr`.
_SLOW_FUNCTIONS = frozenset({"json_patch", "unhex"})


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
        address = database_uri(Path(self.path), "mode=ro")
        connection = sqlite3.connect(
            address, uri=True, check_same_thread=False, timeout=10.0, factory=_Connection
        )
        connection.execute("PRAGMA query_only = ON")
        limit_resources(connection, LIMITS)
        for name, strip in (("trim", str.strip), ("ltrim", str.lstrip), ("rtrim", str.rstrip)):
            connection.create_function(name, 2, _trimming(strip), deterministic=True)
        connection.set_authorizer(_allow)
        self._all_file_connections.append(connection)
        return connection

    async def execute_fn(self, fn: Callable[[sqlite3.Connection], T]) -> T:
        """What `fn` makes of a connection; lack of memory becomes an error that Datasette shows as one."""

        def within_memory(connection: sqlite3.Connection) -> T:
            try:
                return fn(connection)
            except MemoryError:
                raise sqlite3.OperationalError("this needs more memory than a query may take") from None

        found: T = await super().execute_fn(within_memory)
        return found


class _Cursor(sqlite3.Cursor):
    """A cursor that gives `ANSWER_BYTES_MAX` at most: its rows are all in memory before a page is made."""

    def fetchmany(self, size: int | None = 1) -> list[Any]:
        return list(self._bounded(size))

    def fetchall(self) -> list[Any]:
        return list(self._bounded(None))

    def _bounded(self, rows_max: int | None) -> Iterator[Any]:
        taken = rows = 0
        while rows != rows_max and (row := self.fetchone()) is not None:
            taken += sum(len(value) for value in row if isinstance(value, str | bytes))
            if taken > ANSWER_BYTES_MAX:
                raise sqlite3.OperationalError("the answer is too big for a page: ask for less at a time")
            rows += 1
            yield row


class _Connection(sqlite3.Connection):
    """A connection whose answers are bounded."""

    def cursor(self, factory: Any = _Cursor) -> Any:
        return super().cursor(factory)


def _trimming(strip: Callable[[str, str], str]) -> Callable[[object, object], str | None]:
    """SQLite's own function of that kind compares every character with every other."""

    def trimmed(text: object, characters: object) -> str | None:
        if text is None or characters is None:
            return None
        return strip(_as_text(text), "".join(set(_as_text(characters))))

    return trimmed


def _as_text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


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
    if action == sqlite3.SQLITE_FUNCTION and str(second).lower() in _SLOW_FUNCTIONS:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY
