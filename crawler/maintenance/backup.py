"""Backups: a verified copy of the database while a run goes on, and older ones thinned by age."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from crawler.atomic_files import replacing, write_error
from crawler.clock import Now, utc_now
from crawler.errors import InputError
from crawler.i18n import _
from crawler.i18n.system_errors import system_reason
from crawler.maintenance.backup_rotation import Rule, surplus
from crawler.maintenance.verify import examine
from crawler.store.copy import (
    backups_folder,
    copy_database,
    copy_name,
    damage_of,
    is_backup,
    reading_copy,
)
from crawler.store.database import store_errors
from crawler.store.readonly import IS_LATEST, LATEST_MIGRATION, file_at, open_as_it_is

_MOMENT = re.compile(r"-([0-9]{8}T[0-9]{6}Z)\.db")


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was made: where, its bytes, how many gaps `crawler verify` would name in it, as in the
    database itself (None for one of an older version), and which older backups went."""

    path: Path
    bytes: int
    gaps: int | None
    removed: tuple[Path, ...]


def back_up(path: Path, target: Path | None, keep: Sequence[Rule] = (), now: Now = utc_now) -> Backup:
    """A copy of the database at `path` in the file `target`, or under a name of its moment in that folder.

    It is verified before it takes its name, so that there is never half of one. With `keep` the folder is
    thinned afterwards. Raises InputError for a place that cannot hold it or holds anything but a backup, and
    for a damaged database; StoreError where writing fails.
    """
    open_as_it_is(path).close()
    moment = now()
    folder, file = _place(path, target, moment)
    if keep and target is not None and target == file:
        raise InputError(_("--keep thins a folder of backups: give a folder instead of %s") % target)
    if target is None:
        _make(folder)
    _check_free(path, file)
    with store_errors(file), replacing(file) as made:
        copy_database(path, made)
        gaps = verified(made, path)
        size = made.stat().st_size
    return Backup(file, size, gaps, tuple(_thinned(path, folder, keep, moment)) if keep else ())


def verified(copy: Path, path: Path) -> int | None:
    """How many gaps the copy of the database at `path` has, None for one of an older version; raises
    InputError for a damaged one."""
    with reading_copy(copy) as connection:
        damage = damage_of(connection)
        if damage is not None:
            raise InputError(_("%s is damaged: %s. No backup was made; earlier ones stay") % (path, damage))
        try:
            if not connection.execute(IS_LATEST, (LATEST_MIGRATION,)).fetchone():
                return None
        except sqlite3.OperationalError:
            return None
        return len(examine(connection).gaps)


def _place(path: Path, target: Path | None, moment: datetime) -> tuple[Path, Path]:
    """The folder and the file of a backup."""
    if target is None or target.is_dir():
        folder = backups_folder(path) if target is None else target
        return folder, folder / copy_name(path, moment)
    return target.parent, target


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(
            _("cannot make the folder of %s: %s") % (folder, system_reason(error)), error
        ) from error


def _check_free(path: Path, file: Path) -> None:
    """Raises InputError where anything but an earlier backup is in the way: it would be gone for good."""
    if file_at(file) is not None and (file.samefile(path) or not is_backup(file)):
        raise InputError(_("%s is there already and is no backup: give another name, or a folder") % file)


def backups_of(path: Path, folder: Path) -> Iterator[tuple[datetime, Path]]:
    """The backups of the database at `path` in `folder` that were named by their moment."""
    for file in folder.iterdir():
        if file.name.startswith(path.stem) and (match := _MOMENT.fullmatch(file.name[len(path.stem) :])):
            with suppress(ValueError):  # digits that are no day
                yield datetime.strptime(match[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC), file


def _thinned(path: Path, folder: Path, keep: Sequence[Rule], made: datetime) -> Iterator[Path]:
    """Removes what the rules do not keep. A clock that was ahead has named some after moments to come: they
    stay until then, and no other goes for them, least of all the one just made."""
    found = {moment: file for moment, file in backups_of(path, folder) if moment <= made}
    for moment in surplus(found, keep):
        file = found[moment]
        if is_backup(file):  # else somebody has gone on working in it
            with suppress(OSError):  # another process thins too
                file.unlink()
                yield file
