"""A new database at once: a copy of one that was made before, for tests that are not about the making."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from sqlite_utils import Database

from crawler.store.database import open_database


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
