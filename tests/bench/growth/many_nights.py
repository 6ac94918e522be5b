"""A database of many nights: all keywords read again each night, by the rows that such a night leaves.

Creators, sightings and search index are those of the first night; calls, pages and runs are copied for each
night after it, which found nobody new. `crawler verify` finds nothing amiss.
"""

import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from tests.bench.growth.build import IN_A_HURRY, build

STAMPS = {
    "runs": ("started_at", "ended_at"),
    "calls": ("sent_at", "settled_at"),
    "pages": ("fetched_at",),
    "checkpoints": ("started_at", "updated_at", "finished_at", "complete_at"),
}


def build_nights(db: Path, creators: int, nights: int) -> None:
    """Makes the database at `db`, whose latest night was yesterday."""
    first = db.with_name(f"{creators}.db")
    if not first.exists():
        build(first, creators)
    made = db.with_suffix(".making")
    shutil.copyfile(first, made)
    with closing(sqlite3.connect(made, isolation_level=None)) as connection:
        for pragma in IN_A_HURRY:
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN")
        for table in ("runs", "calls", "pages"):
            _move(connection, table, -nights)
        _move(connection, "checkpoints", -1)
        last_call, last_page = (
            connection.execute(f"SELECT max(id) FROM {table}").fetchone()[0] for table in ("calls", "pages")
        )
        for night in range(1, nights):
            _repeat(connection, night, last_call, last_page)
        connection.execute("UPDATE checkpoints SET generation = ?, run_id = ?", (nights, nights))
        connection.execute("UPDATE sightings SET generation = ?", (nights,))
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")
    made.rename(db)


def _repeat(connection: sqlite3.Connection, night: int, last_call: int, last_page: int) -> None:
    """The rows of the first night once more, so many days later."""
    run_id = night + 1
    nobody = {"users_new": "0"}
    _copy(connection, "runs", night, "id = 1", {"id": str(run_id), **nobody})
    again = {"run_id": str(run_id), "generation": f"generation + {night}"}
    call_id = f"+ {night * last_call}"
    _copy(connection, "calls", night, f"id <= {last_call}", {**again, "id": f"id {call_id}"})
    page_ids = {"id": f"id + {night * last_page}", "call_id": f"call_id {call_id}"}
    _copy(connection, "pages", night, f"id <= {last_page}", {**again, **page_ids, **nobody})


def _copy(
    connection: sqlite3.Connection, table: str, days: int, which: str, changed: Mapping[str, str]
) -> None:
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    values = {column: _later(column, days) for column in STAMPS[table]} | changed
    chosen = ", ".join(values.get(column, column) for column in columns)
    connection.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {chosen} FROM {table} WHERE {which}"
    )


def _move(connection: sqlite3.Connection, table: str, days: int) -> None:
    moved = ", ".join(f"{column} = {_later(column, days)}" for column in STAMPS[table])
    connection.execute(f"UPDATE {table} SET {moved}")


def _later(column: str, days: int) -> str:
    return f"strftime('%Y-%m-%dT%H:%M:%fZ', {column}, '{days} days')"
