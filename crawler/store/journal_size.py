"""How large the journal may become before it is folded into the database."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from crawler.atomic_files import real_path

SMALLEST_BYTES, LARGEST_BYTES = 64 << 20, 256 << 20
FILE_SHARE = 4
"""The larger the file, the seldomer one of its pages is written twice before the journal is folded in, and
the more a larger journal saves: up to this part of the file, not to fill the disk."""

FREE_SHARE = 8
"""The journal is folded in before it takes this part of the free disk: until then each page takes it several
times the room that it takes in the database."""

PAGES_MIN = 64


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


def bound_journal(
    connection: sqlite3.Connection, db: Path, usage: Callable[[Path], Usage] = shutil.disk_usage
) -> None:
    """Sets from which size on the journal is folded in, for the file and the disk as they are."""
    (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    journal_bytes = journal_bytes_max(pages * page_bytes, _free_bytes(db, usage))
    connection.execute(f"PRAGMA wal_autocheckpoint = {max(PAGES_MIN, journal_bytes // page_bytes)}")


def journal_bytes_max(file_bytes: int, free_bytes: int | None) -> int:
    """A quarter of the file within bounds, but no more than an eighth of what is free (None: not known)."""
    wanted = min(LARGEST_BYTES, max(SMALLEST_BYTES, file_bytes // FILE_SHARE))
    return wanted if free_bytes is None else min(wanted, free_bytes // FREE_SHARE)


def _free_bytes(db: Path, usage: Callable[[Path], Usage]) -> int | None:
    try:
        disk = usage(real_path(db).parent)
    except OSError:
        return None
    return disk.free if disk.total else None
