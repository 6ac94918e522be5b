"""Those who were erased since a backup was made stay erased when it is restored."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from crawler.errors import InputError
from crawler.maintenance.erasure import forget
from crawler.store.erased import REMEMBER, Forgotten, add_salts, salts
from crawler.store.readonly import open_as_it_is

READ_MEMORIES = "SELECT fingerprint, forgotten_at FROM forgotten"


def erase_again(old: Path, restored: Path) -> int:
    """Takes over whom the database `old` had erased, and erases them in `restored`; how many that were.

    What cannot be read of a damaged database is not known.
    """
    try:
        with closing(open_as_it_is(old)) as connection:
            memories = [tuple(row) for row in connection.execute(READ_MEMORIES)]
            old_salts = salts(connection)
    except (InputError, sqlite3.Error):
        return 0
    if not memories or not old_salts:
        return 0
    with closing(sqlite3.connect(restored, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        add_salts(connection, old_salts)
        connection.executemany(REMEMBER, memories)
        connection.execute("COMMIT")
        forgotten = Forgotten(old_salts, frozenset(row[0] for row in memories))
        rows = connection.execute("SELECT id, red_id FROM users")
        names = [id_ for id_, red_id in rows if forgotten.is_erased(id_, red_id)]
    if names:
        forget(restored, names)
    return len(names)
