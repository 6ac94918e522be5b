"""Scripts of SQL inside a transaction."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database


def run_script(db: Database, script: str) -> None:
    """Carries out the statements of a script, each of which begins on a line of its own, and commits nothing.

    `Database.executescript` does the same, but asks after every letter whether a statement is whole: half of
    the time in which a new database is made.
    """
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            db.conn.execute(statement)
            statement = ""
    assert not statement.strip(), "a statement without an end"
