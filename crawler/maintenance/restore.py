"""Putting a backup back: what is lost by it is said first, what it replaces is kept, and never is there half.

At each moment the path holds the old database or the new one, whole, whatever kills the process.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from crawler.atomic_files import put_in_place, real_path, replacing, temporary_folder, write_errors
from crawler.clock import Now, utc_now
from crawler.errors import InputError, StoreError
from crawler.i18n import _
from crawler.maintenance.erasure_after_restore import erase_again
from crawler.maintenance.restore_loss import Loss, loss_of
from crawler.maintenance.verify import examine
from crawler.store.copy import (
    BESIDE,
    backups_folder,
    copy_database,
    copy_name,
    damage_of,
    reading_copy,
)
from crawler.store.database import is_locked, open_database, store_errors
from crawler.store.lock import hold
from crawler.store.readonly import begins_as_database, file_at, open_as_it_is


@dataclass(frozen=True, slots=True)
class Restored:
    """What was kept of the database before (nothing where there was none), how many gaps `crawler verify`
    names in the new one, and how many creators were erased in it again."""

    kept: tuple[Path, ...]
    gaps: int
    erased_again: int


def restore(
    path: Path, backup: Path, approve: Callable[[Loss | None], bool], *, now: Now = utc_now
) -> Restored | None:
    """Puts the database in the file `backup` at `path`; None where `approve`, told what would be lost, says
    no. It is told None where there is no database yet.

    Raises AlreadyRunning while a run writes the database at `path`, InputError for a backup that cannot be
    used or is of another service, StoreError where the disk is full or another program has the database open.
    """
    if file_at(backup) is None:
        raise InputError(_("there is no backup at %s") % backup)
    open_as_it_is(backup).close()
    with hold(path):
        found = file_at(path)
        there = found is not None and found.st_size > 0
        if there and backup.samefile(path):
            raise InputError(_("%s is the database itself") % backup)
        if there and not begins_as_database(path):
            raise InputError(_("%s is no database: move it away, and restore again") % path)
        with (
            write_errors(path),
            temporary_folder(real_path(path).parent) as folder,
            store_errors(path),
        ):
            work = folder / "restored.db"
            copy_database(backup, work, mark=0)
            _check_sound(work, backup)
            if not approve(loss_of(path, work, now) if there else None):
                return None
            erased, gaps = _made_ready(work, path if there else None)
            kept = tuple(_kept(path, now, there=there))
            put_in_place(work, real_path(path))
    return Restored(kept, gaps, erased)


def _check_sound(work: Path, backup: Path) -> None:
    with reading_copy(work) as connection:
        damage = damage_of(connection)
    if damage is not None:
        raise InputError(_("%s is damaged, and nothing was restored: %s") % (backup, damage))


def _made_ready(work: Path, old: Path | None) -> tuple[int, int]:
    """Brings the copy up to date as one file, without those who were erased since; how many these were, and
    its gaps."""
    open_database(work, backup=False).close()
    erased = 0 if old is None else erase_again(old, work)
    with closing(sqlite3.connect(work, isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = DELETE")
        return erased, len(examine(connection).gaps)


def _kept(path: Path, now: Now, *, there: bool) -> Iterator[Path]:
    """Copies what is at `path`, and leaves nothing beside it that SQLite would apply to the new file."""
    folder = backups_folder(path)
    folder.mkdir(parents=True, exist_ok=True)
    moment = now()
    names = (copy_name(path, moment, f"-replaced{number or ''}") for number in count())
    name = next(name for name in names if not os.path.lexists(folder / name))
    if there and _settled(path):
        with replacing(folder / name) as made:
            copy_database(path, made)
        yield folder / name
        return
    resolved = real_path(path)
    for ending in ("", *BESIDE):  # of a damaged one, each file as it lies there
        if os.path.exists(f"{resolved}{ending}"):
            with replacing(folder / (name + ending)) as made:
                shutil.copyfile(f"{resolved}{ending}", made)
            yield folder / (name + ending)
    for ending in BESIDE:
        Path(f"{resolved}{ending}").unlink(missing_ok=True)


def _settled(path: Path) -> bool:
    """Whether all that SQLite keeps beside the database is now in its file; False for a damaged one.

    Raises StoreError where another program has it open: that would go on reading a file that is gone.
    """
    try:
        with closing(sqlite3.connect(path, timeout=5.0, isolation_level=None)) as connection:
            connection.execute("SELECT 1 FROM users LIMIT 1").fetchone()
            connection.execute("PRAGMA journal_mode = DELETE")
            return damage_of(connection) is None
    except sqlite3.DatabaseError as error:
        if is_locked(error):
            raise StoreError(_("another program has %s open: end it first") % path) from error
        return False
