"""The facts about backups: the newest one of the database, and what happened since."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from crawler.errors import CrawlerError
from crawler.i18n import _
from crawler.i18n.system_errors import system_reason
from crawler.maintenance.backup import backups_of
from crawler.maintenance.doctor.facts import BackupFacts, DatabaseFacts
from crawler.store.copy import is_backup, reading_copy
from crawler.store.readonly import open_as_it_is, read_errors
from crawler.store.runs import EVER_CHARGED

_FIRST_RUN = "SELECT min(started_at) FROM runs"
_LAST_RUN = "SELECT coalesce(max(started_at), '') FROM runs"
_RUNS_SINCE = "SELECT count(*) FROM runs WHERE started_at > ?"


def read_backups(database: DatabaseFacts, folder: Path) -> BackupFacts:
    """What `folder` holds of the database, and how far behind the newest is."""
    facts = BackupFacts(folder)
    if database.status is None or not database.status.runs:
        return facts
    try:
        with closing(open_as_it_is(database.path)) as connection, read_errors(database.path):
            return _read(connection, facts, database)
    except CrawlerError as error:
        return replace(facts, problem=error.message)


def _read(connection: sqlite3.Connection, facts: BackupFacts, database: DatabaseFacts) -> BackupFacts:
    begun_at = datetime.fromisoformat(connection.execute(_FIRST_RUN).fetchone()[0])
    facts, folder = replace(facts, begun_at=begun_at), facts.folder
    try:
        found = dict(backups_of(database.path, folder)) if folder.is_dir() else {}
    except OSError as error:
        return replace(facts, problem=_("%s cannot be read: %s") % (folder, system_reason(error)))
    if not found:
        return facts
    newest = max(found)
    facts = replace(facts, count=len(found), newest=found[newest], made_at=newest)
    if not is_backup(found[newest]):
        return replace(facts, damage=_("it was written to since, or is no database"))
    try:
        with reading_copy(found[newest]) as backup:
            damage = backup.execute("PRAGMA quick_check(1)").fetchone()[0]
            if damage != "ok":
                return replace(facts, damage=str(damage))
            last_run = backup.execute(_LAST_RUN).fetchone()[0]
            charged = backup.execute(EVER_CHARGED).fetchone()[0]
    except sqlite3.DatabaseError as error:
        return replace(facts, damage=str(error))
    runs = connection.execute(_RUNS_SINCE, (last_run,)).fetchone()[0]
    return replace(facts, runs_since=runs, calls_since=database.calls_charged - charged)
