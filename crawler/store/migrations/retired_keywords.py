"""Migration 0008: keywords that their file no longer lists are retired: kept, and not due."""

from __future__ import annotations

from sqlite_utils import Database


def add_retirement(db: Database) -> None:
    """Migration 0008."""
    db.conn.execute("ALTER TABLE keywords ADD COLUMN retired_at TEXT")
