"""Copies of a database, each one sound file as of one moment, made while others read and write it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from crawler.atomic_files import database_uri, replacing, write_error
from crawler.errors import InputError, StoreError
from crawler.i18n import _
from crawler.i18n.system_errors import system_reason
from crawler.store.readonly import LATEST_MIGRATION, open_as_it_is

PAGES_A_STEP = 4096
"""32 MB at a time: after each, Ctrl-C is heard."""

BACKUP_MARK = 0x63726277
"""The `application_id` of a backup, so that nothing else is ever written over as if it were one."""

BESIDE = ("-wal", "-journal", "-shm")
"""What SQLite keeps beside a database; the first two hold data that the file may still lack."""


def backups_folder(path: Path) -> Path:
    """Where copies of the database at `path` are kept unless another place is named."""
    return path.parent / "backups"


def copy_name(path: Path, moment: datetime, why: str = "") -> str:
    """The name of a copy made at `moment`: `creators-20261126T013000Z.db`."""
    return f"{path.stem}-{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}{why}.db"


def copy_database(
    path: Path,
    target: Path,
    *,
    mark: int = BACKUP_MARK,
    pages_a_step: int = PAGES_A_STEP,
    progress: Callable[[int, int, int], None] | None = None,
) -> None:
    """Writes the database at `path` into `target`, where there is no file, as of the moment it begins.

    Nobody waits for it: one read transaction sees the same moment to its end, and a run goes on writing
    meanwhile. `target` is one file, without others beside it; `progress` is called after each step.
    Raises `sqlite3.Error` where that fails.
    """
    with closing(open_as_it_is(path)) as source, closing(_opened(target)) as copy:
        copy.execute("PRAGMA journal_mode = OFF")  # half a copy is thrown away, and the whole is synced later
        copy.execute("PRAGMA synchronous = OFF")
        source.execute("BEGIN")
        source.execute("SELECT 1 FROM sqlite_schema").fetchone()  # from here on it sees this moment
        source.backup(copy, pages=pages_a_step, progress=progress)
        copy.execute("PRAGMA journal_mode = DELETE")
        copy.execute(f"PRAGMA application_id = {mark}")
    shutil.copymode(path, target)


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=5.0, isolation_level=None)


@contextmanager
def reading_copy(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that only reads a file which nobody writes, and makes none beside it; rows as
    `sqlite3.Row`."""
    address = database_uri(path, "mode=ro&immutable=1")
    with closing(sqlite3.connect(address, uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        yield connection


def damage_of(connection: sqlite3.Connection) -> str | None:
    """What is wrong with the file itself, None where it is sound."""
    try:
        found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(1)")]
    except sqlite3.DatabaseError as error:
        return str(error)
    return None if found == ["ok"] else found[0]


def is_backup(path: Path) -> bool:
    """Whether the file at `path` is a backup that nobody has written to since."""
    try:
        with reading_copy(path) as connection:
            return bool(connection.execute("PRAGMA application_id").fetchone()[0] == BACKUP_MARK)
    except sqlite3.Error:
        return False


def size_of(path: Path) -> int:
    """The bytes of a database with what SQLite keeps beside it."""
    files = (path, *(path.with_name(path.name + ending) for ending in BESIDE))
    return sum(file.stat().st_size for file in files if file.exists())


def copy_before_upgrade(path: Path, moment: datetime) -> Path:
    """A backup of a database of an older version, verified, before anything in it is changed.

    Raises StoreError where the disk has no room for it, InputError where the file is damaged.
    """
    folder = backups_folder(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        check_room(path, folder, size_of(path), shutil.disk_usage(folder).free)
    except OSError as error:
        raise write_error(
            _("cannot make the folder of %s: %s") % (folder, system_reason(error)), error
        ) from error
    target = folder / copy_name(path, moment, f"-before-{LATEST_MIGRATION[:4]}")
    with replacing(target) as made:
        copy_database(path, made)
        with reading_copy(made) as connection:
            damage = damage_of(connection)
        if damage is not None:
            raise InputError(_("%s is damaged, and is not brought up to date: %s") % (path, damage))
    return target


def check_room(path: Path, folder: Path, needed: int, free: int) -> None:
    """Raises StoreError where `free` bytes are too few for a backup of `needed`, and for as much again that
    the upgrade itself may take."""
    if free < 2 * needed:
        raise StoreError(
            _(
                "%(db)s is of an older version: a backup in %(folder)s and the upgrade need %(needed)d MB, "
                "and %(free)d are free. Make room, or make that folder a link to another disk"
            )
            % {"db": path, "folder": folder, "needed": 2 * needed // 10**6 + 1, "free": free // 10**6}
        )
