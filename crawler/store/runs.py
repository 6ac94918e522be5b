"""The beginning and the end of a run in the database, and what earlier runs left behind."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from crawler.clock import Now, days_that_may_come, next_shanghai_day, shanghai_day_start, stamp
from crawler.errors import WrongService
from crawler.i18n import _
from crawler.money import Money, stored_money
from crawler.reasons import Reason
from crawler.store import sql
from crawler.store.forecasts import END_OF_THE_DEAD, end_forecast
from crawler.store.readonly import exported
from crawler.summary import CallCounts, CreatorCounts, RunSummary

SENT_LATER_SECONDS = 0.1
"""How much later than it says a call may have gone out: it is written down, made durable, and then sent."""

LAST_CALL_DAYS = 2
"""How far back the last call is looked for: before that it says nothing to any pace."""

PRICES_SINCE = """
SELECT paid.price, paid.currency, count(*)
  FROM calls
  JOIN run_prices AS paid ON paid.run_id = calls.run_id AND paid.account IS calls.account
 WHERE sent_at >= :since AND charge <> 'free' AND (:any_account OR calls.account IS :account)
 GROUP BY paid.price, paid.currency
"""

CALLS_LATER = """
SELECT count(*), date(max(sent_at), '+8 hours') FROM calls WHERE sent_at >= ? AND charge <> 'free'
"""

ANY_ACCOUNT = ""
"""In place of a name: of all accounts together. None is the account that has no name."""

EVER_CALLED = "SELECT EXISTS (SELECT 1 FROM calls) OR EXISTS (SELECT 1 FROM pruned_calls)"

EVER_CHARGED = """
SELECT (SELECT count(*) FROM calls WHERE charge = 'charged')
     + (SELECT coalesce(sum(calls), 0) FROM pruned_calls WHERE charge = 'charged')
"""


@dataclass(frozen=True, slots=True)
class LaterCalls:
    """Calls dated in the future, by a clock that was ahead or by what one that is behind takes for it: how
    many that were or may have been charged, and until which day in Shanghai caps of a day count them."""

    calls: int
    until: str


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
    total = connection.execute(sql.COUNT_CREATORS).fetchone()[0]
    new, changed, seen = row
    return CreatorCounts(new, changed, seen, total)


def start_accounts(connection: sqlite3.Connection, run_id: int, prices: Mapping[str, Money | None]) -> None:
    """Notes the accounts of a run and what a call costs by each, None where it is the run's price; inside the
    caller's transaction."""
    rows = [
        (run_id, account, *((None, None) if price is None else (format(price.amount, "f"), price.currency)))
        for account, price in prices.items()
    ]
    connection.executemany(sql.START_ACCOUNT, rows)


def end_account(connection: sqlite3.Connection, run_id: int, account: str, reason: Reason) -> None:
    """Notes why an account made no more calls in a run; inside the caller's transaction."""
    connection.execute(sql.END_ACCOUNT, (reason.code.value, reason.details_json, run_id, account))


def count_calls_by_account(connection: sqlite3.Connection, run_id: int) -> dict[str | None, CallCounts]:
    """The calls of a run as the ledger has them, by the account that sent them."""
    found: dict[str | None, dict[str, int]] = {}
    for account, charge, calls in connection.execute(sql.COUNT_CALLS_BY_ACCOUNT, (run_id,)):
        found.setdefault(account, {})[charge] = calls
    return {
        account: CallCounts.of(*(calls.get(charge, 0) for charge in ("charged", "free", "unknown")))
        for account, calls in found.items()
    }


def calls_charged_on_day(
    connection: sqlite3.Connection, moment: datetime, account: str | None = ANY_ACCOUNT
) -> int:
    """Calls of the quota's calendar day that were, or may have been, charged; over all runs, of one account
    or of all."""
    since = stamp(shanghai_day_start(moment))
    if account == ANY_ACCOUNT:
        return int(connection.execute(sql.CALLS_SINCE, (since,)).fetchone()[0])
    return int(connection.execute(sql.CALLS_SINCE_BY_ACCOUNT, (since, account)).fetchone()[0])


def calls_dated_later(connection: sqlite3.Connection, moment: datetime) -> LaterCalls | None:
    """The calls dated after the quota's calendar day of `moment`, which caps of that day count as well; None
    where there are none."""
    since = stamp(next_shanghai_day(moment))
    calls, until = connection.execute(CALLS_LATER, (since,)).fetchone()
    return LaterCalls(calls, until or "?") if calls else None


def calls_charged_by_day(
    connection: sqlite3.Connection, moment: datetime, account: str | None = ANY_ACCOUNT
) -> dict[str, int]:
    """The same for the days that a run begun at that moment may see first."""
    days = days_that_may_come(moment)
    return {day: calls_charged_on_day(connection, of_day, account) for day, of_day in days.items()}


def prices_on_day(
    connection: sqlite3.Connection, moment: datetime, account: str | None = ANY_ACCOUNT
) -> list[tuple[Money | None, int]]:
    """Calls of the quota's calendar day that were, or may have been, charged, by what they cost; of one
    account or of all."""
    values = {
        "since": stamp(shanghai_day_start(moment)),
        "any_account": account == ANY_ACCOUNT,
        "account": account,
    }
    rows = connection.execute(PRICES_SINCE, values).fetchall()
    return [(stored_money(price, currency), calls) for price, currency, calls in rows]


def ever_called(connection: sqlite3.Connection) -> bool:
    """Whether any run has made a call."""
    return bool(connection.execute(EVER_CALLED).fetchone()[0])


def answered_before(connection: sqlite3.Connection) -> bool:
    """Whether the service has ever answered with a creator."""
    return bool(connection.execute("SELECT EXISTS (SELECT 1 FROM users)").fetchone()[0])


def seconds_since_last_call(
    connection: sqlite3.Connection, now: Now, account: str | None = None
) -> float | None:
    """How long ago, at least, the last call of any run was sent by the account; None where there was none
    lately."""
    since = stamp(now() - timedelta(days=LAST_CALL_DAYS))
    last = connection.execute(sql.LAST_SENT, (account, since)).fetchone()
    if last is None:
        return None
    return max(0.0, (now() - datetime.fromisoformat(last[0])).total_seconds() - SENT_LATER_SECONDS)


def running_process(connection: sqlite3.Connection) -> tuple[int, str] | None:
    """Process number and start of the run that has not ended, None where all have."""
    row = connection.execute(
        "SELECT pid, started_at FROM runs WHERE ended_at IS NULL ORDER BY id DESC LIMIT 1"
    ).fetchone()
    return None if row is None else (row[0], row[1])
