"""Opening the database: pragmas, migrations, and foreign errors in the crawler's words."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.clock import utc_now
from crawler.errors import InputError, OutputError, StoreError
from crawler.i18n import _
from crawler.i18n.reasons import reason_text
from crawler.i18n.system_errors import system_reason
from crawler.reasons import Reason, ReasonCode
from crawler.store.copy import copy_before_upgrade
from crawler.store.disk_reserve import is_full, spare_a_small_disk
from crawler.store.readonly import NEWER, file_at, tables_of

if TYPE_CHECKING:
    from sqlite_utils import Database

LOCK_WAIT_SECONDS = 0.25
"""How long one statement waits for another program's lock; the event loop stands still for that long, so the
longer waiting is done between tries."""

FULL = "database or disk is full"
"""What SQLite says of a full disk, but where it has no room for a file beside the database."""

PAGE_SIZE = "PRAGMA page_size = 4096"
"""Of a new file, and of one that is written anew: most of the rows that a crawl writes here and there are
alone in their page, so that half the size is half the bytes."""

PRAGMAS = (
    PAGE_SIZE,
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA cache_size = -65536",
    "PRAGMA wal_autocheckpoint = 16000",
)


def open_database(path: Path, *, backup: bool = True) -> Database:
    """The database at `path`, made with its folder if need be, its tables up to date.

    One of an older version is backed up first, unless `backup` is False, and then brought up to date in one
    transaction. Raises InputError for a file that is not such a database, StoreError where it cannot be
    written.
    """
    from sqlite_utils import Database  # loads much that reading does not need

    with store_errors(path):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise InputError(_("cannot make the folder of %s: %s") % (path, system_reason(exc))) from exc
        _check_ours(path)
        _open_what_stands_beside(path)
        connection = sqlite3.connect(path, timeout=5.0, isolation_level=None, cached_statements=256)
        try:
            for pragma in PRAGMAS:
                connection.execute(pragma)
            spare_a_small_disk(connection, path)
            db = Database(connection)
            _migrate(db, path, backup)
            connection.execute(f"PRAGMA busy_timeout = {int(LOCK_WAIT_SECONDS * 1000)}")
        except BaseException:
            connection.close()
            raise
    return db


def _check_ours(path: Path) -> None:
    """Raises InputError for a file that holds anything but a database of this crawler, before it is opened
    for writing: that alone would change it."""
    if file_at(path) is None:
        return
    try:
        tables = tables_of(path)
    except OSError as exc:
        raise InputError(_("cannot open %s: %s") % (path, system_reason(exc))) from exc
    if tables and not {"users", "_sqlite_migrations"} <= tables:
        raise InputError(_("%s is a database of another program") % path)


def _open_what_stands_beside(path: Path) -> None:
    """Gives the files beside the database its own permissions: left from a time when it was read-only, they
    would keep it so after that is fixed."""
    for ending in ("-wal", "-shm"):
        beside = path.with_name(path.name + ending)
        with suppress(OSError):  # there is none, or it is somebody else's: SQLite says what it cannot do
            mode = stat.S_IMODE(path.stat().st_mode)
            if stat.S_IMODE(beside.stat().st_mode) != mode:
                beside.chmod(mode)


def _migrate(db: Database, path: Path, backup: bool) -> None:
    from crawler.store.migrations import applied_migrations, known_migrations, migrate

    applied, known = applied_migrations(db.conn), known_migrations()
    if applied - known:
        raise InputError(_(NEWER) % path)
    if not applied and db.table_names():
        raise InputError(_("%s is a database of another program") % path)
    if applied and known - applied and backup:
        copy_before_upgrade(path, utc_now())
    with db.atomic():
        migrate(db.conn)
    if db.execute("PRAGMA application_id").fetchone()[0]:
        db.execute("PRAGMA application_id = 0")  # who writes a backup makes a database of it


@contextmanager
def store_errors(path: Path) -> Iterator[None]:
    """Turns SQLite's errors into the crawler's, with the cause; errors of the program itself pass."""
    try:
        yield
    except sqlite3.OperationalError as exc:
        kind = OutputError if _may_never_write(path, exc) else StoreError
        raise kind(*_told(ReasonCode.CANNOT_WRITE, path, exc)) from exc
    except sqlite3.DatabaseError as exc:
        if isinstance(exc, sqlite3.IntegrityError | sqlite3.ProgrammingError | sqlite3.InterfaceError):
            raise
        raise InputError(*_told(ReasonCode.NOT_USABLE, path, exc)) from exc


def _told(code: ReasonCode, path: Path, error: Exception) -> tuple[str, Reason]:
    """What is wrong with the database, in words and as a reason."""
    what = FULL if is_full(error) else str(error)
    reason = Reason(code, {"path": str(path), "error": what})
    return reason_text(reason), reason


def _may_never_write(path: Path, error: sqlite3.OperationalError) -> bool:
    """Whether it is the right to write that is missing: the same command will not get over that."""
    read_only = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_READONLY
    return read_only and path.exists() and not os.access(path, os.W_OK)


def is_locked(error: BaseException | None) -> bool:
    """Whether `error` (or its cause) says that another program holds the database just now."""
    return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 0xFF in (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
    )
