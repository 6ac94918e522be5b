"""The beginning and the end of a run in the database, and what earlier runs left behind."""

from __future__ import annotations

import os
import platform
import sqlite3
from datetime import datetime

from crawler.clock import Now, shanghai_day_start, stamp
from crawler.errors import WrongService
from crawler.i18n import _
from crawler.money import Money, stored_money
from crawler.store import sql
from crawler.store.forecasts import END_OF_THE_DEAD, end_forecast
from crawler.store.readonly import exported
from crawler.summary import CallCounts, CreatorCounts, RunSummary

SENT_LATER_SECONDS = 0.1
"""How much later than it says a call may have gone out: it is written down, made durable, and then sent."""

PRICES_SINCE = """
SELECT runs.price, runs.currency, count(*)
  FROM calls
  JOIN runs ON runs.id = calls.run_id
 WHERE sent_at >= ? AND charge <> 'free'
 GROUP BY runs.price, runs.currency
"""

EVER_CALLED = "SELECT EXISTS (SELECT 1 FROM calls) OR EXISTS (SELECT 1 FROM pruned_calls)"


def claim_service(connection: sqlite3.Connection, service: str) -> None:
    """Ties a new database to `service`; inside the caller's transaction.

    Raises WrongService where the database was filled from another, so that creators never mix, and where it
    is an export: it has no checkpoints, so that a run would pay again for what its origin holds.
    """
    row = connection.execute("SELECT value FROM settings WHERE name = 'service'").fetchone()
    if row is None:
        connection.execute("INSERT INTO settings (name, value) VALUES ('service', ?)", (service,))
    elif exported(row[0]) is not None:
        raise WrongService(
            _(
                "this database is an export, and a run would pay again for what it leaves out: "
                "give the database it came from, or another file, with --db"
            )
        )
    elif row[0] != service:
        raise WrongService(
            _(
                "this database was filled from %(old)s and cannot take creators from %(new)s: "
                "give another file with --db"
            )
            % {"old": _(row[0]), "new": _(service)}
        )


def start_run(connection: sqlite3.Connection, version: str, now: Now, price: Money | None = None) -> int:
    """The number of a new run, whose calls cost `price`; runs whose process died are closed first. Inside the
    caller's transaction."""
    moment = stamp(now())
    connection.execute(sql.CLOSE_DEAD_RUNS, (moment,))
    connection.execute(END_OF_THE_DEAD)
    paid = (None, None) if price is None else (format(price.amount, "f"), price.currency)
    row = (moment, os.getpid(), platform.node(), version, *paid)
    run_id = connection.execute(sql.START_RUN, row).lastrowid
    assert run_id is not None
    return run_id


def end_run(
    connection: sqlite3.Connection, run_id: int, summary: RunSummary, rate_limited: int, now: Now
) -> None:
    """Writes down how the run ended; inside the caller's transaction."""
    keywords = summary.keywords
    row = (
        stamp(now()), summary.outcome, summary.reason.code.value, summary.reason.details_json,
        summary.exit_code, keywords.due, keywords.done, keywords.failed, rate_limited, summary.seconds,
        run_id,
    )  # fmt: skip
    connection.execute(sql.END_RUN, row)
    end_forecast(connection, run_id, summary.calls.charged)


def count_calls(connection: sqlite3.Connection, run_id: int) -> CallCounts:
    """The calls of a run as the ledger has them."""
    by_charge = dict(connection.execute(sql.COUNT_CALLS, (run_id,)).fetchall())
    return CallCounts.of(*(by_charge.get(charge, 0) for charge in ("charged", "free", "unknown")))


def count_creators(connection: sqlite3.Connection, run_id: int) -> CreatorCounts:
    """The creators of a run, and how many the database holds."""
    row = connection.execute(
        "SELECT users_new, users_changed, users_seen FROM runs WHERE id = ?", (run_id,)
    ).fetchone()
    total = connection.execute("SELECT count(*) FROM users").fetchone()[0]
    new, changed, seen = row
    return CreatorCounts(new, changed, seen, total)


def calls_charged_on_day(connection: sqlite3.Connection, moment: datetime) -> int:
    """Calls of the quota's calendar day that were, or may have been, charged; over all runs."""
    since = stamp(shanghai_day_start(moment))
    return int(connection.execute(sql.CALLS_SINCE, (since,)).fetchone()[0])


def prices_on_day(connection: sqlite3.Connection, moment: datetime) -> list[tuple[Money | None, int]]:
    """Calls of the quota's calendar day that were, or may have been, charged, by the price of their run."""
    rows = connection.execute(PRICES_SINCE, (stamp(shanghai_day_start(moment)),)).fetchall()
    return [(stored_money(price, currency), calls) for price, currency, calls in rows]


def ever_called(connection: sqlite3.Connection) -> bool:
    """Whether any run has made a call."""
    return bool(connection.execute(EVER_CALLED).fetchone()[0])


def answered_before(connection: sqlite3.Connection) -> bool:
    """Whether the service has ever answered with a creator."""
    return bool(connection.execute("SELECT EXISTS (SELECT 1 FROM users)").fetchone()[0])


def seconds_since_last_call(connection: sqlite3.Connection, now: Now) -> float | None:
    """How long ago, at least, the last call of any run was sent; None where there was none."""
    last = connection.execute(sql.LAST_SENT).fetchone()[0]
    if last is None:
        return None
    return max(0.0, (now() - datetime.fromisoformat(last)).total_seconds() - SENT_LATER_SECONDS)


def running_process(connection: sqlite3.Connection) -> tuple[int, str] | None:
    """Process number and start of the run that has not ended, None where all have."""
    row = connection.execute(
        "SELECT pid, started_at FROM runs WHERE ended_at IS NULL ORDER BY id DESC LIMIT 1"
    ).fetchone()
    return None if row is None else (row[0], row[1])
