"""Rows of one transaction, collected by statement: each statement runs once for all of its rows."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Sequence

from crawler.store import sql

_ORDER = (
    sql.UPDATE_USER,
    sql.INSERT_USER,
    sql.INSERT_CHANGE,
    sql.SAVE_SIGHTING,
    sql.SETTLE_CALL,
    sql.INSERT_PAGE,
    sql.INSERT_REPLY,
    sql.INSERT_REJECT,
    sql.SAVE_CHECKPOINT,
    sql.DROP_CALL,
)
"""What is referred to comes before what refers to it. A row that gets its own `id` gives up a provisional
one, which a new row of the same transaction may take: updates come before inserts."""

Row = Sequence[object]


class Rows:
    """Collects rows and writes them: by statement in one fixed order, for each in the order they came."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._rows: defaultdict[str, list[Row]] = defaultdict(list)

    def add(self, statement: str, row: Row) -> None:
        """One more row for `statement`."""
        self._rows[statement].append(row)

    def extend(self, statement: str, rows: Sequence[Row]) -> None:
        """More rows for `statement`."""
        self._rows[statement].extend(rows)

    def write(self) -> None:
        """Writes all rows collected so far."""
        rows, self._rows = self._rows, defaultdict(list)
        for statement in _ORDER:
            if statement in rows:
                self._connection.executemany(statement, rows.pop(statement))
        assert not rows, "a statement without a place in the order"
