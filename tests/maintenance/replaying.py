"""What a replay has to bring back, read without the crawler."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

DERIVED = {
    "users": "SELECT * FROM users ORDER BY id",
    "sightings": """
        SELECT endpoint_id, keyword_id, users.id, generation, sightings.first_seen_at, first_page, first_rank,
               sightings.last_seen_at, last_page, last_rank
          FROM sightings
          LEFT JOIN users ON users.key = user_key
         ORDER BY keyword_id, users.id""",
    "changes": """
        SELECT users.id, field, old, new, old_fans, new_fans, changed_at, run_id
          FROM changes
          LEFT JOIN users ON users.key = user_key
         ORDER BY changes.id""",
    "rejects": """
        SELECT run_id, endpoint_id, keyword_id, call_id, page, rank, reason, reason_details, entry, rejected_at
          FROM rejects
         ORDER BY rejected_at, keyword_id, page, rank""",
    "pages": "SELECT * FROM pages ORDER BY id",
    "replies": "SELECT * FROM replies ORDER BY page_id",
    "calls": "SELECT * FROM calls ORDER BY id",
    "checkpoints": "SELECT * FROM checkpoints ORDER BY keyword_id",
    "keywords": "SELECT * FROM keywords ORDER BY id",
    "runs": "SELECT * FROM runs ORDER BY id",
    "settings": "SELECT * FROM settings ORDER BY name",
    "archive": "SELECT * FROM archive",
    "replays": "SELECT * FROM replays",
}
"""Everything a replay writes or copies, in words that do not depend on the numbers of its rows."""


def told(db: Path) -> dict[str, list[tuple[object, ...]]]:
    """What the database at `db` says; creators without their row numbers."""
    with closing(sqlite3.connect(db)) as connection:
        found = {name: connection.execute(query).fetchall() for name, query in DERIVED.items()}
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return found | {"users": [row[1:] for row in found["users"]]}


def rows(db: Path, query: str, *values: object) -> list[tuple[object, ...]]:
    """What the database at `db` answers; what is written stays."""
    with closing(sqlite3.connect(db)) as connection, connection:
        return connection.execute(query, values).fetchall()


def dump(db: Path) -> list[str]:
    """Every row of every table."""
    with closing(sqlite3.connect(db)) as connection:
        return list(connection.iterdump())


def differences(one: Path, other: Path) -> dict[str, tuple[list[object], list[object]]]:
    """By table, the rows that only one of two databases has."""
    left, right = told(one), told(other)
    return {
        name: ([row for row in left[name] if row not in right[name]],
               [row for row in right[name] if row not in left[name]])
        for name in left
        if left[name] != right[name]
    }  # fmt: skip
