"""Migration 0005: what was learnt of each account's rate limit, by endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database


_TABLE = """
CREATE TABLE rate_limits (
    account          TEXT NOT NULL,
    endpoint_id      INTEGER NOT NULL REFERENCES endpoints(id),
    calls_per_second REAL NOT NULL,
    found            INTEGER NOT NULL CHECK (found IN (0, 1)),
    window_seconds   REAL,
    fixed_window     INTEGER CHECK (fixed_window IN (0, 1)),
    learnt_at        TEXT NOT NULL,
    PRIMARY KEY (account, endpoint_id)
);
"""


def create_rate_limits(db: Database) -> None:
    """Migration 0005."""
    db.executescript(_TABLE)
