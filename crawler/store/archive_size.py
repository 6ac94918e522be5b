"""How much the archive of raw replies holds."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

READ_ARCHIVE = "SELECT replies, bytes FROM archive"


@dataclass(frozen=True, slots=True)
class Archive:
    """How many raw replies are kept, and the bytes they take."""

    replies: int
    bytes: int


def read_archive(connection: sqlite3.Connection) -> Archive:
    """The archive's size as of now."""
    return Archive(*connection.execute(READ_ARCHIVE).fetchone())
