"""A new database at once: a copy of one that was made before, for tests that are not about the making.

Run as a program, by `make docs`, it writes from the migrations what the crawler makes new databases of.
"""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from functools import cache
from pathlib import Path

from sqlite_utils import Database

from crawler.store.database import open_database
from crawler.store.migrations import NEW_DATABASE, migrations
from crawler.store.sql_scripts import ScriptDatabase


def opened(path: Path) -> Database:
    """As `open_database`; a new file begins as a copy of one whose migrations have run."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(new_database())
    return open_database(path)


@cache
def new_database() -> bytes:
    """The file of a database that was made and closed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "new.db"
        open_database(path).close()
        return path.read_bytes()


def migrated() -> sqlite3.Connection:
    """A database in memory that has had every migration, one after the other."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrations.apply(ScriptDatabase(connection))
    return connection


def written() -> str:
    """What new databases are made of: all that the migrations make, without their records."""
    with closing(migrated()) as connection:
        made = connection.execute(
            "SELECT type, sql FROM sqlite_schema WHERE sql IS NOT NULL AND tbl_name <> '_sqlite_migrations'"
        ).fetchall()
        rows = [line for line in connection.iterdump() if line.startswith("INSERT INTO")]
    of_type = {kind: [sql for each, sql in made if each == kind] for kind, _sql in made}
    there = [row.removesuffix(";") for row in rows if "_sqlite_migrations" not in row]
    statements = [*of_type["table"], *there, *of_type["index"], *of_type["view"], *of_type["trigger"]]
    return "\n".join([HEAD, *(f"{statement};\n" for statement in statements)])


HEAD = "-- All that the migrations make, written by `make docs`.\n"


if __name__ == "__main__":
    NEW_DATABASE.write_text(written(), encoding="utf-8", newline="\n")
