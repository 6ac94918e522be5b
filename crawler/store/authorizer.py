"""What SQL from a person may do to a connection: read, within limits, be interrupted, and nothing else."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

_READING = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE}
_PRAGMAS = {
    "application_id", "collation_list", "compile_options", "data_version", "database_list", "encoding",
    "foreign_key_check", "foreign_key_list", "freelist_count", "function_list", "index_info", "index_list",
    "index_xinfo", "integrity_check", "module_list", "page_count", "page_size", "pragma_list", "quick_check",
    "schema_version", "table_info", "table_list", "table_xinfo", "user_version",
}  # fmt: skip
_TAKE_NO_VALUE = {"application_id", "encoding", "page_size", "schema_version", "user_version"}
_FORBIDDEN_FUNCTIONS = {"load_extension", "fts3_tokenizer"}
_INSTRUCTIONS_BETWEEN_SIGNALS = 100_000


@dataclass(frozen=True, slots=True)
class Limits:
    """How much SQL from a person may take: of one value, of a statement's own text, and of memory.

    A limit of time is looked at between two steps. What a single call of a function can take is bounded by
    the length of its arguments alone.
    """

    value_bytes: int
    sql_bytes: int
    heap_bytes: int


AT_THE_TERMINAL = Limits(value_bytes=64 << 20, sql_bytes=1 << 20, heap_bytes=1 << 30)
"""For the user's own process, which ends with the answer and on Ctrl-C."""

_PATTERN_BYTES = 1000  # LIKE and GLOB take the time of the text's length multiplied by the pattern's


def limit_resources(connection: sqlite3.Connection, limits: Limits) -> None:
    """Holds statements of the connection to `limits`; that of memory is for all SQLite of the process.

    A statement that needs more ends with an error, in the case of memory with a MemoryError.
    """
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, limits.value_bytes)
    connection.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, limits.sql_bytes)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, _PATTERN_BYTES)
    connection.execute(f"PRAGMA hard_heap_limit = {limits.heap_bytes}")


def forbid_writing(connection: sqlite3.Connection) -> None:
    """Leaves the connection able to read and nothing else: no ATTACH or VACUUM INTO, which would make files,
    no setting, no extension; Ctrl-C ends a statement; text that is no UTF-8 is still read."""
    limit_resources(connection, AT_THE_TERMINAL)
    connection.set_authorizer(_authorize)
    # A callback in Python gives the interpreter the moment it needs to notice a signal.
    connection.set_progress_handler(lambda: 0, _INSTRUCTIONS_BETWEEN_SIGNALS)
    connection.text_factory = _text


def _authorize(
    action: int, first: str | None, second: str | None, _database: str | None, _origin: str | None
) -> int:
    if action in _READING:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION and second not in _FORBIDDEN_FUNCTIONS:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_PRAGMA and first in _PRAGMAS and (not second or first not in _TAKE_NO_VALUE):
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def _text(raw: bytes) -> str:
    return raw.decode(errors="replace")
