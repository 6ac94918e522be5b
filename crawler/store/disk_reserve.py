"""A full disk is met with room in hand: for the pages that are paid for and still on their way."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Protocol

from crawler.atomic_files import NO_ROOM, real_path
from crawler.errors import StoreError
from crawler.i18n import _
from crawler.i18n.counts import calls_text

CALL_BYTES = 1 << 20
"""What one call may write: a page whose twenty creators all changed takes 1.1 MB of a large database's
journal, one of new creators half of that."""

CALLS_MAX = 64
"""So many at once are provided for; more than that seldom come home together."""

WAL_SHARE = 8
"""The journal is folded into the database before it takes this part of the free disk."""

WAL_PAGES_MIN = 64

Allocate = Callable[[int, int, int], None]

ALLOCATE: Allocate | None = getattr(os, "posix_fallocate", None)
"""Takes room without writing it, where the system can."""


class Usage(Protocol):
    """How large a disk is and what is free of it, in bytes."""

    @property
    def total(self) -> int:
        """All of it; 0 where the system does not tell."""
        ...

    @property
    def free(self) -> int:
        """What the user may have of it."""
        ...


class DiskReserve:
    """Room on the disk of a database, taken before the first call. It has no name, so that nothing of it is
    left behind however the process ends."""

    def __init__(self, db: Path, calls: int, allocate: Allocate | None = ALLOCATE) -> None:
        """Takes room for so many calls in flight; raises StoreError where there is none.

        A system that gives none for another reason (a limit on files, say) is not asked again.
        """
        self._file: IO[bytes] | None = None
        size = min(calls, CALLS_MAX) * CALL_BYTES
        try:
            self._file = tempfile.TemporaryFile(dir=real_path(db).parent, prefix="crawler-", buffering=0)  # noqa: SIM115 - held until it is needed
            _fill(self._file, size, allocate)
        except OSError as error:
            self.release()
            if error.errno in NO_ROOM:
                message = _(
                    "the disk is too full to begin: %(path)s needs %(size)d MB of room for %(calls)s "
                    "in flight; make room, or give fewer --workers"
                )
                raise StoreError(
                    message % {"path": db, "size": size >> 20, "calls": calls_text(calls)}
                ) from error

    def release(self) -> bool:
        """Gives the room to the database; whether there was any."""
        file, self._file = self._file, None
        if file is None:
            return False
        file.close()
        return True

    def close(self) -> None:
        """Gives the room back."""
        self.release()


def _fill(file: IO[bytes], size: int, allocate: Allocate | None) -> None:
    if allocate is not None:
        allocate(file.fileno(), 0, size)
        return
    for _chunk in range(size // CALL_BYTES):
        file.write(bytes(CALL_BYTES))


def spare_a_small_disk(
    connection: sqlite3.Connection, db: Path, usage: Callable[[Path], Usage] = shutil.disk_usage
) -> None:
    """Has the journal folded in early where it would take a large part of the free disk: until then each page
    takes it several times the room that it takes in the database."""
    try:
        disk = usage(real_path(db).parent)
    except OSError:
        return
    if not disk.total:
        return
    (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
    (pages,) = connection.execute("PRAGMA wal_autocheckpoint").fetchone()
    affordable = max(WAL_PAGES_MIN, disk.free // WAL_SHARE // page_bytes)
    if affordable < pages:
        connection.execute(f"PRAGMA wal_autocheckpoint = {affordable}")


def is_full(error: BaseException | None) -> bool:
    """Whether `error` says that the disk, or what the user may have of it, is full."""
    return isinstance(error, sqlite3.OperationalError) and getattr(error, "sqlite_errorcode", None) in (
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR_WRITE,  # a quota
        sqlite3.SQLITE_IOERR_SHMSIZE,
    )
