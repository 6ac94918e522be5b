"""What a merge does, from several databases to one."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from crawler.atomic_files import database_uri, replacing
from crawler.errors import InputError, StoreError
from crawler.i18n import _
from crawler.maintenance.merge.inputs import Input, check_room, prepared
from crawler.maintenance.merge.steps import Merged, Merging
from crawler.store.database import PRAGMAS
from crawler.store.lock import hold
from crawler.store.migrations import migrate
from crawler.store.readonly import file_at

INPUTS_AT_ONCE = 8
"""SQLite attaches ten databases at most; of more inputs the first are merged first."""


def merge(paths: Sequence[Path], target: Path, *, replace: bool = False) -> Merged:
    """Makes a new database at `target` of all that the databases at `paths` hold, each as of one moment; they
    stay as they are.

    Raises InputError for databases that cannot be merged and, unless `replace`, where `target` exists;
    AlreadyRunning where another command writes it; StoreError where it cannot be written.
    """
    _check_target(target, paths, replace=replace)
    with hold(target):
        _check_target(target, paths, replace=replace)
        with replacing(target) as made:
            found = prepared(paths, made.parent)
            check_room(found, target)
            try:
                return _fold(found, made)
            except sqlite3.DatabaseError as exc:
                raise StoreError(_("cannot merge into %s: %s") % (target, exc)) from exc


def _check_target(target: Path, paths: Sequence[Path], *, replace: bool) -> None:
    if file_at(target) is None:
        return
    if any(path.exists() and path.samefile(target) for path in paths):
        raise InputError(_("%s is one of the databases to be merged: give the result another name") % target)
    if not replace:
        raise InputError(_("%s exists: give the result another name, or --replace") % target)
    if Path(f"{target}-wal").exists() or Path(f"{target}-journal").exists():
        raise InputError(_("%s is open in another program: close it, or give another name") % target)


def _fold(found: Sequence[Input], made: Path) -> Merged:
    """Merges all inputs, in parts where there are more than SQLite attaches at once."""
    done, turn = len(found), 0
    while len(found) > INPUTS_AT_ONCE:
        part = made.with_name(f"part-{turn}")
        _merge(found[:INPUTS_AT_ONCE], part)
        found = [Input(part, part, found[0].service), *found[INPUTS_AT_ONCE:]]
        turn += 1
    return _merge(found, made, done)


def _merge(found: Sequence[Input], made: Path, databases: int = 0) -> Merged:
    _make(made)
    stage = made.with_name(f"{made.name}.stage")
    uri = database_uri(stage, "mode=rwc")
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")  # broken off, it is thrown away
        connection.execute("PRAGMA cache_size = -65536")
        connection.execute("ATTACH ? AS result", (database_uri(made, "mode=rw"),))
        connection.execute(
            "PRAGMA result.synchronous = OFF"
        )  # it is not in its place before it is on the disk
        schemas = [f"s{number}" for number in range(len(found))]
        for schema, each in zip(schemas, found, strict=True):
            connection.execute(f"ATTACH ? AS {schema}", (database_uri(each.path, "mode=ro"),))
        connection.execute("BEGIN")  # from here on each is read as of one moment
        merged = Merging(connection, schemas).carry_out(databases or len(found))
        connection.execute("COMMIT")
    stage.unlink()
    return merged


def _make(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(PRAGMAS[0])
        connection.execute("PRAGMA synchronous = OFF")
        migrate(connection)
