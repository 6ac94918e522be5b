"""The databases to be merged: opened so that nothing of them changes, and found to belong together."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from crawler.atomic_files import real_path
from crawler.errors import InputError, StoreError
from crawler.i18n import _
from crawler.store.database import open_database
from crawler.store.migrations import known_migrations
from crawler.store.readonly import exported, file_at, open_as_it_is, read_errors

_SERVICE = "SELECT value FROM settings WHERE name = 'service'"
_SETTINGS = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'settings'"
_APPLIED = "SELECT name FROM _sqlite_migrations"


@dataclass(frozen=True, slots=True)
class Input:
    """A database as it was named, where it is read, and the service that filled it, if any has."""

    name: Path
    path: Path
    service: str | None


def prepared(paths: Sequence[Path], folder: Path) -> list[Input]:
    """The databases ready to be read; those of an older version are brought up to date in copies in `folder`.

    Raises InputError for what is no database of the crawler, one of a newer version, an export, and one that
    another service filled than the first.
    """
    found: list[Input] = []
    for number, path in enumerate(paths):
        if any(real_path(path) == real_path(other.name) for other in found):
            continue
        read = _prepared(path, folder / f"{number}.db")
        first = next((each for each in found if each.service is not None), None)
        if first is not None and read.service is not None and read.service != first.service:
            assert first.service is not None
            raise InputError(
                _("%(first)s was filled from %(one)s and %(second)s from %(other)s: they cannot be merged")
                % {
                    "first": first.name,
                    "one": _(first.service),
                    "second": path,
                    "other": _(read.service),
                }
            )
        found.append(read)
    return found


def _prepared(path: Path, copy: Path) -> Input:
    known = known_migrations()
    with closing(open_as_it_is(path)) as connection, read_errors(path):
        if connection.execute(_SETTINGS).fetchone() is None:
            raise InputError(_("%s is a database of another program") % path)
        row = connection.execute(_SERVICE).fetchone()
        service = None if row is None else str(row[0])
        if exported(service) is not None:
            raise InputError(_("%s is an export, without its ledger: give the database it came from") % path)
        applied = {name for (name,) in connection.execute(_APPLIED)}
        if applied - known:
            raise InputError(_("%s was made by a newer version of creator-crawler: upgrade first") % path)
        if applied == known:
            return Input(path, real_path(path), service)
        with closing(sqlite3.connect(copy)) as made:
            connection.backup(made)
    open_database(copy).close()
    return Input(path, copy, service)


def check_room(inputs: Sequence[Input], target: Path) -> None:
    """Raises StoreError where the disk of `target` cannot hold the result and what it is made from."""
    needed = 2 * sum(found.st_size for each in inputs if (found := file_at(each.path)) is not None)
    free = shutil.disk_usage(real_path(target).parent).free
    if free < needed:
        raise StoreError(
            _("merging needs %(needed)d MB of free disk space beside %(db)s, and there are %(free)d")
            % {"needed": needed // 1_000_000 + 1, "db": target, "free": free // 1_000_000}
        )
