"""What a database holds between two runs, read without the crawler."""

from __future__ import annotations

import sqlite3
from collections.abc import Container
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """A call as the ledger has it."""

    keyword: str
    page: int
    attempt: int
    charge: str
    code: str | None
    sent_at: str
    settled: bool
    run_id: int
    account: str | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the database holds between two runs. `sightings` are (keyword, id), `users` id → red_id, fans;
    `begun` is when each keyword's present reading was."""

    users: tuple[tuple[str, str | None, int | None], ...]
    sightings: frozenset[tuple[str, str]]
    checkpoints: tuple[tuple[str, int, str, str | None], ...]
    calls: tuple[Row, ...]
    flaws: tuple[str, ...]
    rate_limit: float | None
    begun: dict[str, str]


def snapshot(db: Path) -> Snapshot:
    """What the database at `db` holds just now."""
    with closing(sqlite3.connect(db)) as connection:
        query = connection.execute
        flaws = [row[0] for row in query("PRAGMA integrity_check") if row[0] != "ok"]
        flaws += [f"foreign key: {row}" for row in query("PRAGMA foreign_key_check")]
        return Snapshot(
            tuple(query("SELECT id, red_id, fans FROM users ORDER BY key")),
            frozenset(
                query(
                    """
                    SELECT keywords.text, users.id
                      FROM sightings
                      JOIN users ON users.key = sightings.user_key
                      JOIN keywords ON keywords.id = sightings.keyword_id
                    """
                )
            ),
            tuple(
                query(
                    """
                    SELECT keywords.text, next_page, state, stop_reason
                      FROM checkpoints JOIN keywords ON keywords.id = keyword_id
                    """
                )
            ),
            tuple(
                Row(*columns)
                for columns in query(
                    """
                    SELECT keywords.text, page, attempt, charge, code, sent_at, settled_at IS NOT NULL,
                           run_id, account
                      FROM calls JOIN keywords ON keywords.id = keyword_id
                     ORDER BY calls.id
                    """
                )
            ),
            tuple(flaws),
            next((row[0] for row in query("SELECT calls_per_second FROM rate_limits")), None),
            dict(
                query(
                    """
                    SELECT keywords.text, started_at
                      FROM checkpoints JOIN keywords ON keywords.id = keyword_id
                    """
                )
            ),
        )


OF_RUNS = ("runs", "run_accounts")


def dump(db: Path, without: Container[str] = OF_RUNS) -> list[str]:
    """What the database is made of and every row of every table, but those of runs."""
    with closing(sqlite3.connect(db)) as connection:
        made = connection.execute("SELECT type, name, sql FROM sqlite_schema").fetchall()
        tables = [name for kind, name, _sql in made if kind == "table" and name not in without]
        rows = (row for name in tables for row in connection.execute(f"SELECT '{name}', * FROM \"{name}\""))
        return [*map(repr, made), *map(repr, rows)]
