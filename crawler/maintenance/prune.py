"""Making room by hand: what is old goes, and what it adds up to stays."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from crawler.atomic_files import real_path
from crawler.clock import Now, utc_now
from crawler.errors import StoreError
from crawler.i18n import _
from crawler.maintenance import sweep_sql as sql
from crawler.maintenance.retention import cutoff, cutoffs, file_bytes, free_bytes
from crawler.maintenance.sweep import Cutoffs, sweep
from crawler.settings.retention import Retention
from crawler.store.database import PAGE_SIZE, open_database, store_errors
from crawler.store.lock import hold
from crawler.store.readonly import reading
from crawler.summary import Removed


@dataclass(frozen=True, slots=True)
class Pruned:
    """What went, or would go, older than `before` (None where each kind has an age of its own); and what the
    file had and has: its bytes, and those of them that are free for new rows."""

    before: str | None
    removed: Removed
    file_bytes_before: int
    file_bytes: int
    free_bytes: int


def free_disk_bytes(path: Path) -> int:
    """The room left on the disk that holds `path`."""
    return shutil.disk_usage(real_path(path).parent).free


def prune(
    path: Path,
    age: timedelta | Retention,
    *,
    vacuum: bool = False,
    now: Now = utc_now,
    room: Callable[[Path], int] = free_disk_bytes,
) -> Pruned:
    """Removes raw replies and call rows older than `age`, or all that these settings of retention let go;
    never those of today in Shanghai.

    Calls are added up by day in `pruned_calls`, so that sums stay. Raises AlreadyRunning while a run writes
    the database, StoreError where `vacuum` is asked for and the disk has no room for it.
    """
    before, old = _cutoffs(age, now)
    with hold(path), closing(open_database(path)) as db, store_errors(path):
        connection: sqlite3.Connection = db.conn
        size = file_bytes(connection)
        if vacuum:
            _check_room(path, size, room(path))
        removed = sum(sweep(db, old, whole=True), start=Removed())
        if vacuum:
            _write_anew(connection)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return Pruned(before, removed, size, file_bytes(connection), free_bytes(connection))


def preview(path: Path, age: timedelta | Retention, *, now: Now = utc_now) -> Pruned:
    """What `prune` would remove; writes nothing."""
    before, old = _cutoffs(age, now)
    with reading(path) as connection:

        def count(statement: str, before: str) -> tuple[int, ...]:
            values = {"before": before, "calls_before": old.calls, "replies_before": old.replies}
            return tuple(connection.execute(statement, values).fetchone())

        replies, reply_bytes = count(sql.COUNT_OLD_REPLIES, old.replies)
        (calls,) = count(sql.COUNT_OLD_CALLS, old.calls)
        (pages,) = count(sql.COUNT_OLD_PAGES, old.pages)
        (rejects,) = count(sql.COUNT_OLD_REJECTS, old.rejects)
        (changes,) = count(sql.COUNT_OLD_CHANGES, old.changes)
        removed = Removed(replies, reply_bytes, calls, pages, rejects, changes)
        size = file_bytes(connection)
        return Pruned(before, removed, size, size, free_bytes(connection))


def _cutoffs(age: timedelta | Retention, now: Now) -> tuple[str | None, Cutoffs]:
    moment = now()
    if isinstance(age, Retention):
        return None, cutoffs(age, moment, moment)
    before = cutoff(age, moment, moment)
    return before, Cutoffs(replies=before, calls=before)


def _write_anew(connection: sqlite3.Connection) -> None:
    """The file without its free space, in pages of the size that a new one has."""
    with suppress(sqlite3.OperationalError):  # somebody is reading it: then its pages stay as they are
        connection.execute("PRAGMA journal_mode = DELETE")  # with a WAL their size cannot be changed
        connection.execute(PAGE_SIZE)
    connection.execute("VACUUM")
    with suppress(sqlite3.OperationalError):  # somebody has come: whoever opens it to write sets this again
        connection.execute("PRAGMA journal_mode = WAL")


def _check_room(path: Path, size: int, free: int) -> None:
    """Writing the file anew takes a copy of it and a journal of the same size meanwhile."""
    if free < 2 * size:
        raise StoreError(
            _("--vacuum needs %(needed)d MB of free disk space beside %(db)s, and there are %(free)d")
            % {"needed": 2 * size // 1_000_000 + 1, "db": path, "free": free // 1_000_000}
        )
