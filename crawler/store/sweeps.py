"""What sweeps removed, as the database remembers it; `Sweep` in `crawler.summary` is one as it ended."""

from __future__ import annotations

import sqlite3
from dataclasses import astuple, dataclass

from crawler.clock import Now, stamp
from crawler.summary import Removed

_KEEP = """
INSERT INTO sweeps (swept_at, replies, reply_bytes, calls, pages, rejects, changes, complete)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""

_LAST = """
SELECT swept_at, complete, replies, reply_bytes, calls, pages, rejects, changes
  FROM sweeps
 ORDER BY id DESC
 LIMIT 1
"""

_START_BEFORE_LAST = """
SELECT min(started_at)
  FROM (SELECT started_at FROM runs WHERE origin IS NULL AND users_seen > 0 ORDER BY id DESC LIMIT 2)
HAVING count(*) = 2
"""


@dataclass(frozen=True, slots=True)
class PastSweep:
    """The last sweep that removed something: when, whether it came to its end, and what went."""

    swept_at: str
    complete: bool
    removed: Removed


def keep_sweep(connection: sqlite3.Connection, removed: Removed, now: Now, *, complete: bool) -> None:
    """Writes down what a sweep removed; inside the caller's transaction."""
    connection.execute(_KEEP, (stamp(now()), *astuple(removed), complete))


def last_sweep(connection: sqlite3.Connection) -> PastSweep | None:
    """The last one that removed something, None where there was none."""
    row = connection.execute(_LAST).fetchone()
    return None if row is None else PastSweep(row[0], bool(row[1]), Removed(*tuple(row)[2:]))


def start_before_last(connection: sqlite3.Connection) -> str | None:
    """When the run before the last one began, None where there was none; of those that met a creator, for in
    them the service has told the time."""
    row = connection.execute(_START_BEFORE_LAST).fetchone()
    return None if row is None else str(row[0])
