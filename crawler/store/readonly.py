"""A connection that cannot write, for everything that reads the database."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from crawler.atomic_files import database_uri, real_path
from crawler.errors import CrawlerError, InputError, StoreError
from crawler.i18n import N_, _
from crawler.i18n.system_errors import system_reason
from crawler.store.disk_reserve import is_full

DEMO_DB = Path("data/demo.db")
"""Where a night against the simulator leaves its creators."""

EXPORT_OF = "an export of "
"""What an exported database writes before the name of the service its creators came from."""

LATEST_MIGRATION = "0018_retention"
NEWER = N_("%s was made by a newer version of creator-crawler: upgrade first")
IS_NEWER = "SELECT 1 FROM _sqlite_migrations WHERE migration_set = 'crawler' AND name > ?"
IS_LATEST = "SELECT 1 FROM _sqlite_migrations WHERE name = ?"

_MAGIC = b"SQLite format 3\0"
_CANNOT_OPEN = {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}


def exported(service: str | None) -> str | None:
    """The service from which an export has its creators; None where a crawl filled the database."""
    if service is None or not service.startswith(EXPORT_OF):
        return None
    return service.removeprefix(EXPORT_OF)


def file_at(path: Path) -> os.stat_result | None:
    """What the file system says of the file at `path`, None where there is none.

    Raises InputError for what is no file, and for a path that leads nowhere: too long, a loop of links, a
    folder that may not be entered.
    """
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as exc:
        raise InputError(_("cannot open %s: %s") % (path, system_reason(exc))) from exc
    if not stat.S_ISREG(found.st_mode):
        raise InputError(_("%s is not a file: give the name of a database") % path)
    return found


def begins_as_database(path: Path) -> bool:
    """Whether the file at `path` has the beginning of a database, however damaged the rest may be."""
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def tables_of(path: Path) -> set[str]:
    """The names of the tables in the database at `path`, without a byte of it or beside it being changed.

    There are none in an empty file. Raises `sqlite3.DatabaseError` for a file that is no database.
    """
    with path.open("rb") as file:
        if not (begins := file.read(len(_MAGIC))):
            return set()
    if begins != _MAGIC:
        raise sqlite3.DatabaseError("file is not a database")
    # Without a journal beside it nobody is writing the file, and it is read as it lies there: even a reader
    # would make the files that the journal needs.
    if not _has_journal(path):
        try:
            return _tables(path, "mode=ro&immutable=1")
        except sqlite3.DatabaseError:
            if not _has_journal(path):  # else somebody has begun to write it meanwhile
                raise
    return _tables(path, "mode=ro")


def _has_journal(path: Path) -> bool:
    return any(Path(f"{path}{ending}").exists() for ending in ("-wal", "-journal"))


def _tables(path: Path, mode: str) -> set[str]:
    with closing(sqlite3.connect(database_uri(path, mode), uri=True, timeout=10.0)) as connection:
        return {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}


def open_readonly(path: Path) -> sqlite3.Connection:
    """A connection to the database at `path` that is read-only by construction; rows read as `sqlite3.Row`.

    A database of an older version is brought up to date first, after a backup of it.
    Raises InputError where there is no such file, no database of this crawler in it, or one that is of a
    newer version; StoreError where its disk is full.
    """
    connection = open_as_it_is(path)
    try:
        if connection.execute(IS_NEWER, (LATEST_MIGRATION,)).fetchone():
            raise InputError(_(NEWER) % path)
        if connection.execute(IS_LATEST, (LATEST_MIGRATION,)).fetchone():
            return connection
    except sqlite3.OperationalError:
        pass  # a table is missing that newer versions have
    except BaseException as exc:
        connection.close()
        if isinstance(exc, sqlite3.DatabaseError):
            raise _unopened(path, exc) from exc
        raise
    connection.close()
    from crawler.store.upgrade import bring_up_to_date  # loads much that reading does not need

    bring_up_to_date(path)
    return open_as_it_is(path)


def open_as_it_is(path: Path) -> sqlite3.Connection:
    """The same without bringing anything up to date."""
    if file_at(path) is None:
        if DEMO_DB.is_file():
            message = _(
                "there is no database at %s: `crawler run` creates one; --db %s has invented creators"
            )
            raise InputError(message % (path, DEMO_DB))
        raise InputError(_("there is no database at %s: `crawler run` creates one") % path)
    try:
        if "users" not in tables_of(path):
            raise InputError(_("%s is a database of another program") % path)
        connection = sqlite3.connect(database_uri(path, "mode=ro"), uri=True, timeout=10.0)
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA cache_size = -65536")
            connection.execute("SELECT 1 FROM users LIMIT 1")
        except BaseException:
            connection.close()
            raise
    except OSError as exc:
        raise InputError(_("cannot open %s: %s") % (path, system_reason(exc))) from exc
    except sqlite3.DatabaseError as exc:
        raise _unopened(path, exc) from exc
    return connection


def _unopened(path: Path, exc: sqlite3.DatabaseError) -> CrawlerError:
    """Says what kept the database from being opened: the file system, or what is in the file."""
    if is_full(exc):
        message = _(
            "cannot open %s: its disk is full, and reading it needs a little room for the files SQLite keeps "
            "beside it; make room"
        )
        return StoreError(message % path)
    code = getattr(exc, "sqlite_errorcode", 0) & 0xFF
    if code in _CANNOT_OPEN and not os.access(real_path(path).parent, os.W_OK):
        message = _(
            "cannot open %s: reading it needs a folder that can be written, as for the files SQLite keeps "
            "beside it; copy it to such a folder"
        )
        return InputError(message % path)
    if code in _CANNOT_OPEN or code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR):
        return InputError(_("cannot open %s: %s") % (path, exc))
    return InputError(_("%s is not a database of creator-crawler: %s") % (path, exc))


def snapshot(path: Path) -> sqlite3.Connection:
    """A connection, for any thread, that cannot write and sees the database as it is now, whatever is
    written from here on. Raises `sqlite3.Error` where there is none to be had."""
    connection = sqlite3.connect(
        database_uri(path, "mode=ro"), uri=True, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("BEGIN")
        connection.execute("SELECT 1 FROM runs LIMIT 1").fetchone()  # from here on it sees no change
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection as from `open_readonly` for as long as the block runs, in which a damaged file, a value
    that SQLite cannot take and a lack of memory are InputErrors."""
    with closing(open_readonly(path)) as connection, read_errors(path):
        yield connection


@contextmanager
def read_errors(path: Path) -> Iterator[None]:
    """Turns what goes wrong while the database at `path` is read into InputErrors; errors of the program
    itself pass."""
    try:
        yield
    except sqlite3.DatabaseError as exc:
        if isinstance(exc, sqlite3.ProgrammingError | sqlite3.InterfaceError):
            raise
        raise InputError(_("cannot read %s: %s") % (path, exc)) from exc
    except UnicodeEncodeError as exc:
        raise InputError(_("%r holds bytes that are no UTF-8 text") % exc.object) from exc
    except OverflowError as exc:
        raise InputError(_("a number is too big for the database")) from exc
    except MemoryError as exc:
        raise InputError(_("this needs more memory than there is: ask for less at a time")) from exc
