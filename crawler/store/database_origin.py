"""What a database is called in others that it is merged into."""

from __future__ import annotations

import hashlib
import sqlite3

FIRST_RUN = "SELECT started_at, host, pid FROM runs ORDER BY id LIMIT 1"
ORIGINS = "SELECT DISTINCT origin FROM runs WHERE origin IS NOT NULL ORDER BY origin"


def origin(connection: sqlite3.Connection, schema: str = "main") -> str:
    """What the database is called in others: the same for as long as it lives, and no other's.

    It comes from its first run, and in a merged database from all that it was merged from, so that it stays
    when the file is moved to another machine. Two copies of one database have the same.
    """
    merged = [row[0] for row in connection.execute(ORIGINS.replace("runs", f"{schema}.runs"))]
    first = connection.execute(FIRST_RUN.replace("runs", f"{schema}.runs")).fetchone()
    told = repr(merged) if merged else repr(tuple(first or ()))
    return hashlib.sha256(told.encode()).hexdigest()[:16]
