"""What a database holds and how its last runs went, as values."""

from __future__ import annotations

import os
import platform
import sqlite3
from dataclasses import dataclass

from crawler.analysis.calls_by_day import calls_by_day
from crawler.clock import Age, Now, shanghai_day_start, stamp
from crawler.forecast import ForecastAccuracy
from crawler.money import Money, stored_money
from crawler.reasons import Reason, read_reason
from crawler.settings.run import PAGES
from crawler.store.archive_size import Archive, read_archive
from crawler.store.forecasts import read_forecast_accuracy
from crawler.store.rate_limits import KeptLimit, read_limit
from crawler.store.runs import LaterCalls, calls_dated_later
from crawler.store.sweeps import PastSweep, last_sweep
from crawler.store.worklist import due_values
from crawler.store.worklist_sql import judged

DAYS_SHOWN = 7
RUNS_SHOWN = 5
KEYWORDS_SHOWN = 10

# What is due, and from which page on, is told as a run decides it.
_JUDGED = judged("(SELECT id AS keyword_id, id AS position FROM keywords WHERE retired_at IS NULL)")

_KEYWORDS = f"""
WITH {_JUDGED},
counts AS (
    SELECT (SELECT count(*) FROM keywords)                                    AS known,
           (SELECT count(*) FROM keywords WHERE retired_at IS NOT NULL)       AS retired,
           count(*)                                                           AS crawled,
           count(*) FILTER (WHERE state = 'done')                             AS done,
           count(*) FILTER (WHERE state = 'open')                             AS unfinished,
           count(*) FILTER (WHERE state = 'failed')                           AS failed,
           count(*) FILTER (WHERE due)                                        AS due_again,
           count(*) FILTER (WHERE state = 'done' AND stop_reason = 'not_worthwhile') AS in_part,
           count(*) FILTER (WHERE state = 'done' AND finished_at > :future)   AS finished_in_future
      FROM judged
)
SELECT known, done, unfinished, failed,
       known - retired - crawled                                              AS never,
       known - retired - crawled + due_again                                  AS due,
       retired, in_part,
       (SELECT count(*) FROM not_asked JOIN keywords ON keywords.id = not_asked.keyword_id
         WHERE retired_at IS NULL AND not_asked.endpoint_id = :endpoint_id)   AS not_asked,
       finished_in_future
  FROM counts
"""

_UNDONE = f"""
WITH {_JUDGED}
SELECT text, iif(due, page, next_page) AS page, due, stop_reason, stop_details
  FROM judged
 WHERE state = :state
 ORDER BY updated_at DESC, keyword_id
 LIMIT :limit
"""

# Only the calls of the days that are shown are read: a database of years has millions.
_DAYS = f"""
WITH RECURSIVE shown(began_at, others) AS (
    SELECT '9999', :limit
     UNION ALL
    SELECT (SELECT strftime('%Y-%m-%dT%H:%M:%fZ', date(max(sent_at), '+8 hours'), '-8 hours')
              FROM calls
             WHERE sent_at < began_at), others - 1
      FROM shown
     WHERE others > 0 AND began_at IS NOT NULL
),
{calls_by_day("(SELECT min(began_at) FROM shown)")}
SELECT day, sent, charged, free, unknown
  FROM by_day
 ORDER BY day DESC
 LIMIT :limit
"""

_RUNS = """
SELECT id, started_at, outcome, reason, reason_details, keywords_due, keywords_done, keywords_failed,
       users_new, seconds, price, currency, pid, host
  FROM runs
 ORDER BY id DESC
 LIMIT :limit
"""

_ACCOUNTS = """
SELECT run_accounts.account, reason, reason_details,
       count(*) FILTER (WHERE charge = 'charged')                             AS charged,
       count(*) FILTER (WHERE charge = 'unknown')                             AS unknown
  FROM run_accounts
  LEFT JOIN calls ON calls.account = run_accounts.account AND sent_at >= :since
 WHERE run_accounts.run_id = (SELECT max(run_id) FROM run_accounts)
 GROUP BY run_accounts.account
"""

_CREATORS = """
SELECT (SELECT count(*) FROM users) AS total,
       (SELECT users_new FROM runs WHERE users_seen > 0 ORDER BY id DESC LIMIT 1) AS new
"""


@dataclass(frozen=True, slots=True)
class KeywordStates:
    """How many keywords the database knows, by state; `due` are those a run would ask for now, `retired`
    those that their files no longer list, `in_part` those that a refresh saw down to a page only, `not_asked`
    those that the last run left out, `finished_in_future` those that are due for the date on which they were
    finished."""

    known: int
    done: int
    unfinished: int
    failed: int
    never: int
    due: int
    retired: int
    in_part: int
    not_asked: int
    finished_in_future: int = 0


@dataclass(frozen=True, slots=True)
class UndoneKeyword:
    """A keyword that a run would go on with at `page`; not `due` is one beyond the page limit, which
    is asked for again when a finished one would be. `reason` says why it failed, None where it is only
    unfinished."""

    text: str
    page: int
    due: bool
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class Day:
    """The calls of one day in Shanghai."""

    day: str
    sent: int
    charged: int
    free: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Run:
    """One run; `outcome` is None while it goes on, or where its process died.

    `lives` tells these apart: whether there still is a process of its number; None for a run that has ended,
    and where another machine would have to be asked. `forecast` is how far that was off, None where there was
    none or where it has not ended; `price` is what a charged call cost.
    """

    id: int
    started_at: str
    outcome: str | None
    reason: Reason | None
    keywords_due: int
    keywords_done: int
    keywords_failed: int
    users_new: int
    seconds: float
    lives: bool | None
    price: Money | None
    forecast: ForecastAccuracy | None


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """An account of the last run that had any: what is known of its rate limit, what it was charged and may
    have been charged today, why it stopped in that run, None where it did not."""

    name: str
    rate_limit: KeptLimit | None
    charged_today: int
    unknown_today: int
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class Status:
    """All of it; lists are cut to what a person reads, latest first."""

    service: str | None
    creators: int
    creators_new: int
    keywords: KeywordStates
    unfinished: tuple[UndoneKeyword, ...]
    failed: tuple[UndoneKeyword, ...]
    days: tuple[Day, ...]
    runs: tuple[Run, ...]
    archive: Archive
    rate_limit: KeptLimit | None
    accounts: tuple[AccountStatus, ...] = ()
    sweep: PastSweep | None = None
    later_calls: LaterCalls | None = None


def read_status(
    connection: sqlite3.Connection,
    *,
    endpoint_id: int,
    refresh_after: Age,
    now: Now,
    pages_max: int = PAGES.default,
    worthwhile: bool = False,
) -> Status:
    """The status as of one moment. `connection` gives rows as `sqlite3.Row`; what is due follows from the
    settings of a run that are given."""

    def rows(statement: str, **parameters: object) -> list[sqlite3.Row]:
        return connection.execute(statement, {"endpoint_id": endpoint_id} | parameters).fetchall()

    run = due_values(endpoint_id, pages_max, refresh_after, now(), worthwhile=worthwhile)

    def undone(state: str) -> tuple[UndoneKeyword, ...]:
        found = rows(_UNDONE, **run, state=state, limit=KEYWORDS_SHOWN)
        return tuple(
            UndoneKeyword(
                row["text"],
                row["page"],
                bool(row["due"]),
                read_reason(row["stop_reason"], row["stop_details"]),
            )
            for row in found
        )

    today = stamp(shanghai_day_start(now()))
    connection.execute("BEGIN")
    try:
        service = connection.execute("SELECT value FROM settings WHERE name = 'service'").fetchone()
        creators = connection.execute(_CREATORS).fetchone()
        runs = rows(_RUNS, limit=RUNS_SHOWN)
        forecasts = read_forecast_accuracy(connection, [row["id"] for row in runs])
        return Status(
            service=service and service[0],
            creators=creators["total"],
            creators_new=creators["new"] or 0,
            keywords=KeywordStates(*rows(_KEYWORDS, **run)[0]),
            unfinished=undone("open"),
            failed=undone("failed"),
            days=tuple(Day(*row) for row in rows(_DAYS, limit=DAYS_SHOWN)),
            runs=tuple(_run(row, forecasts.get(row["id"])) for row in runs),
            archive=read_archive(connection),
            rate_limit=read_limit(connection, endpoint_id),
            accounts=tuple(_account(connection, endpoint_id, row) for row in rows(_ACCOUNTS, since=today)),
            sweep=last_sweep(connection),
            later_calls=calls_dated_later(connection, now()),
        )
    finally:
        connection.execute("ROLLBACK")


def _account(connection: sqlite3.Connection, endpoint_id: int, row: sqlite3.Row) -> AccountStatus:
    limit = read_limit(connection, endpoint_id, row["account"])
    reason = read_reason(row["reason"], row["reason_details"])
    return AccountStatus(row["account"], limit, row["charged"], row["unknown"], reason)


def _run(row: sqlite3.Row, forecast: ForecastAccuracy | None) -> Run:
    told = dict(row)
    pid, host = told.pop("pid"), told.pop("host")
    reason = read_reason(told.pop("reason"), told.pop("reason_details"))
    price = stored_money(told.pop("price"), told.pop("currency"))
    lives = _process_lives(pid, host) if row["outcome"] is None else None
    return Run(**told, reason=reason, lives=lives, price=price, forecast=forecast)


def _process_lives(pid: int, host: str) -> bool | None:
    """Whether this machine has a process of that number, which may be another's by now; None where it is not
    `host`, or cannot be asked without a signal being sent."""
    if host != platform.node() or os.name != "posix":
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        pass
    return True
