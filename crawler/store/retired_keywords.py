"""Migration 0008: keywords that their file no longer lists are retired: kept, and not due."""

from __future__ import annotations

from sqlite_utils import Database

from crawler.store.schema import migrations


@migrations(name="0008_retired_keywords")
def _retired_keywords(db: Database) -> None:
    db.conn.execute("ALTER TABLE keywords ADD COLUMN retired_at TEXT")
