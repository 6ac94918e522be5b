"""Making room: raw replies and call rows go by age, what they add up to stays."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from crawler.clock import Now, shanghai_day_start, stamp, utc_now
from crawler.errors import StoreError
from crawler.i18n import _
from crawler.store.database import PAGE_SIZE, open_database, store_errors
from crawler.store.lock import hold
from crawler.store.readonly import reading

OLD_REPLIES = """
SELECT count(*), coalesce(sum(length(body)), 0)
  FROM replies
  JOIN pages ON pages.id = page_id
 WHERE fetched_at < ?
"""

DELETE_REPLIES = "DELETE FROM replies WHERE page_id IN (SELECT id FROM pages WHERE fetched_at < ?)"

# The throttle asks for the last call, and a charged call without its page is for `crawler verify` to find.
OLD_CALLS = """
      sent_at < :before
  AND id <> (SELECT id FROM calls ORDER BY sent_at DESC, id DESC LIMIT 1)
  AND NOT (charge = 'charged' AND NOT EXISTS (SELECT 1 FROM pages WHERE pages.call_id = calls.id))
"""

COUNT_CALLS = f"SELECT count(*) FROM calls WHERE {OLD_CALLS}"

ADD_UP_CALLS = f"""
INSERT INTO pruned_calls (day, endpoint_id, charge, calls)
SELECT date(sent_at, '+8 hours'), endpoint_id, charge, count(*)
  FROM calls
 WHERE {OLD_CALLS}
 GROUP BY date(sent_at, '+8 hours'), endpoint_id, charge
ON CONFLICT (day, endpoint_id, charge) DO UPDATE SET calls = calls + excluded.calls
"""

ADD_UP_RUNS = f"""
INSERT INTO pruned_runs (run_id, day, endpoint_id, charge, account, calls)
SELECT run_id, date(sent_at, '+8 hours'), endpoint_id, charge, coalesce(account, ''), count(*)
  FROM calls
 WHERE {OLD_CALLS}
 GROUP BY run_id, date(sent_at, '+8 hours'), endpoint_id, charge, account
ON CONFLICT (run_id, day, endpoint_id, charge, account) DO UPDATE SET calls = calls + excluded.calls
"""

ADD_UP_PRICES = f"""
INSERT INTO pruned_prices (day, charge, price, currency, calls)
SELECT date(sent_at, '+8 hours'), charge, price, currency, count(*)
  FROM (SELECT * FROM calls WHERE {OLD_CALLS}) AS old
  JOIN run_prices AS paid ON paid.run_id = old.run_id AND paid.account IS old.account
 WHERE price IS NOT NULL AND currency IS NOT NULL
 GROUP BY date(sent_at, '+8 hours'), charge, price, currency
ON CONFLICT (day, charge, price, currency) DO UPDATE SET calls = calls + excluded.calls
"""

DELETE_CALLS = f"DELETE FROM calls WHERE {OLD_CALLS}"


@dataclass(frozen=True, slots=True)
class Pruned:
    """What went, or would go: raw replies with their bytes as they were kept, and call rows older than
    `before`; and what the file had and has: its bytes, and those of them that are free for new rows."""

    before: str
    replies: int
    reply_bytes: int
    calls: int
    file_bytes_before: int
    file_bytes: int
    free_bytes: int


def free_disk_bytes(path: Path) -> int:
    """The room left on the disk that holds `path`."""
    return shutil.disk_usage(path.resolve().parent).free


def prune(
    path: Path,
    older_than: timedelta,
    *,
    vacuum: bool = False,
    now: Now = utc_now,
    room: Callable[[Path], int] = free_disk_bytes,
) -> Pruned:
    """Removes raw replies and call rows older than `older_than`, never those of today in Shanghai.

    Calls are added up by day in `pruned_calls`, so that sums stay. Raises AlreadyRunning while a run writes
    the database, StoreError where `vacuum` is asked for and the disk has no room for it.
    """
    before = cutoff(older_than, now)
    with hold(path), closing(open_database(path)) as db, store_errors(path):
        connection: sqlite3.Connection = db.conn
        size = _file_bytes(connection)
        if vacuum:
            _check_room(path, size, room(path))
        with db.atomic():
            replies, reply_bytes = connection.execute(OLD_REPLIES, (before,)).fetchone()
            connection.execute(DELETE_REPLIES, (before,))
            for statement in (ADD_UP_CALLS, ADD_UP_RUNS, ADD_UP_PRICES):
                connection.execute(statement, {"before": before})
            calls = connection.execute(DELETE_CALLS, {"before": before}).rowcount
        if vacuum:
            _write_anew(connection)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        after = _file_bytes(connection), _free_bytes(connection)
        return Pruned(before, replies, reply_bytes, calls, size, *after)


def preview(path: Path, older_than: timedelta, *, now: Now = utc_now) -> Pruned:
    """What `prune` would remove; writes nothing."""
    before = cutoff(older_than, now)
    with reading(path) as connection:
        replies, reply_bytes = connection.execute(OLD_REPLIES, (before,)).fetchone()
        calls = connection.execute(COUNT_CALLS, {"before": before}).fetchone()[0]
        size = _file_bytes(connection)
        return Pruned(before, replies, reply_bytes, calls, size, size, _free_bytes(connection))


def cutoff(older_than: timedelta, now: Now) -> str:
    """The stamp before which rows are old: never later than the beginning of the quota's day."""
    moment = now()
    try:
        return stamp(min(moment - older_than, shanghai_day_start(moment)))
    except OverflowError:
        return ""  # older than time itself: nothing is


def _write_anew(connection: sqlite3.Connection) -> None:
    """The file without its free space, in pages of the size that a new one has."""
    with suppress(sqlite3.OperationalError):  # somebody is reading it: then its pages stay as they are
        connection.execute("PRAGMA journal_mode = DELETE")  # with a WAL their size cannot be changed
        connection.execute(PAGE_SIZE)
    connection.execute("VACUUM")
    with suppress(sqlite3.OperationalError):  # somebody has come: whoever opens it to write sets this again
        connection.execute("PRAGMA journal_mode = WAL")


def _file_bytes(connection: sqlite3.Connection) -> int:
    return _pragma(connection, "page_count") * _pragma(connection, "page_size")


def _free_bytes(connection: sqlite3.Connection) -> int:
    return _pragma(connection, "freelist_count") * _pragma(connection, "page_size")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _check_room(path: Path, size: int, free: int) -> None:
    """Writing the file anew takes a copy of it and a journal of the same size meanwhile."""
    if free < 2 * size:
        raise StoreError(
            _("--vacuum needs %(needed)d MB of free disk space beside %(db)s, and there are %(free)d")
            % {"needed": 2 * size // 1_000_000 + 1, "db": path, "free": free // 1_000_000}
        )
