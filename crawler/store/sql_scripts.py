"""Scripts of SQL within a transaction, in time that grows with their length and not with its square."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from sqlite_utils import Database


class ScriptDatabase(Database):
    """A database whose scripts are parted line by line: sqlite-utils asks after each character whether a
    statement ends there, which takes half of the time of making a new database."""

    def executescript(self, sql: str) -> sqlite3.Cursor:
        """The cursor of the last statement; inside a transaction the script belongs to it."""
        if not self.conn.in_transaction:
            return super().executescript(sql)
        cursor: sqlite3.Cursor = self.conn.cursor()
        for statement in statements(sql):
            cursor.execute(statement)
        return cursor


def statements(sql: str) -> Iterator[str]:
    """The statements of a script, each of which ends at the end of a line."""
    lines: list[str] = []
    for line in sql.splitlines(keepends=True):
        lines.append(line)
        if line.rstrip().endswith(";") and sqlite3.complete_statement("".join(lines)):
            yield "".join(lines).strip()
            lines = []
    if remaining := "".join(lines).strip():
        yield remaining
