"""What the end of a night removes by age, so that a database in steady use stops growing."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlite_utils import Database

from crawler.clock import Now, shanghai_day_start, stamp, utc_now
from crawler.errors import CrawlerError
from crawler.i18n import _
from crawler.maintenance.sweep import Cutoffs, sweep
from crawler.reasons import Outcome
from crawler.settings.retention import Retention
from crawler.store.database import open_database, store_errors
from crawler.store.lock import hold
from crawler.store.page_history import HISTORY_SPAN
from crawler.store.sweeps import keep_sweep, start_before_last
from crawler.summary import Removed, RunSummary, Sweep

SECONDS_MAX = 60.0
"""Of a sweep; what is left then goes after the next night."""


def after_a_run(
    path: Path,
    retention: Retention,
    *,
    now: Now = utc_now,
    clock: Callable[[], float] = time.monotonic,
    clock_ahead: timedelta | None = None,
) -> Sweep:
    """Removes what the database at `path` need not keep any longer, and says what went. Ages are those of the
    service's clock where this one is ahead of it.

    Whatever is in the way, a signal too (as KeyboardInterrupt), ends it where it is and is told as its
    problem: each step is whole, and the next sweep goes on.
    """
    removed, problem = Removed(), None
    free = size = 0
    try:
        with hold(path), closing(open_database(path)) as db, store_errors(path):
            until = clock() + SECONDS_MAX
            moment = now() - max(clock_ahead or timedelta(0), timedelta(0))
            try:
                for step in sweep(db, cutoffs_after_a_run(db.conn, retention, moment)):
                    removed += step
                    if clock() > until:
                        problem = _("it took too long; the rest goes after the next run")
                        break
            except KeyboardInterrupt:
                problem = _("it was interrupted; the rest goes after the next run")
            _remember(db, removed, now, complete=problem is None)
            free, size = free_bytes(db.conn), file_bytes(db.conn)
    except KeyboardInterrupt:
        problem = _("it was interrupted; the rest goes after the next run")
    except CrawlerError as error:
        problem = error.args[0]
    return Sweep(removed, free, size, problem)


def sweep_after(summary: RunSummary, retention: Retention, now: Now = utc_now) -> RunSummary:
    """The summary with what goes by age now that its run has ended. Somebody who interrupted it is not kept
    waiting."""
    if not retention.asked_for or summary.ending.outcome is Outcome.INTERRUPTED:
        return summary
    swept = after_a_run(Path(summary.db), retention, now=now, clock_ahead=summary.clock_ahead)
    return replace(summary, sweep=swept)


def cutoffs_after_a_run(connection: sqlite3.Connection, retention: Retention, moment: datetime) -> Cutoffs:
    """Ages as of now, or as of the beginning of the run before the last where that is earlier: a clock that
    runs ahead for a night removes nothing, though the service told no time."""
    before = start_before_last(connection)
    if before is None:
        return Cutoffs()
    return cutoffs(retention, min(moment, datetime.fromisoformat(before)), moment)


def cutoffs(retention: Retention, moment: datetime, now: datetime) -> Cutoffs:
    """What is old at `moment`: nothing of today in Shanghai, and no page that the order of calls goes by."""

    def before(span: timedelta | None, least: timedelta = timedelta(0)) -> str:
        return "" if span is None else cutoff(max(span, least), moment, now)

    return Cutoffs(
        replies=before(retention.retain_replies),
        rejects=before(retention.retain_replies),
        calls=before(retention.retain_calls),
        pages=before(retention.retain_calls, HISTORY_SPAN),
        changes=before(retention.retain_changes),
    )


def cutoff(older_than: timedelta, moment: datetime, now: datetime) -> str:
    """The stamp before which rows are old: never later than the beginning of the quota's day."""
    try:
        return stamp(min(moment - older_than, shanghai_day_start(now)))
    except OverflowError:
        return ""  # older than time itself: nothing is


def _remember(db: Database, removed: Removed, now: Now, *, complete: bool) -> None:
    if removed:
        with db.atomic():
            keep_sweep(db.conn, removed, now, complete=complete)


def file_bytes(connection: sqlite3.Connection) -> int:
    """The size of the database's file once its journal is folded in."""
    return _pragma(connection, "page_count") * _pragma(connection, "page_size")


def free_bytes(connection: sqlite3.Connection) -> int:
    """What of it is free for new rows."""
    return _pragma(connection, "freelist_count") * _pragma(connection, "page_size")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
