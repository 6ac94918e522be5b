"""From a database to a `Report`: which period, which rows, as values."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from crawler.analysis.report import sql
from crawler.analysis.report.causes import cause_of
from crawler.analysis.report.values import (
    AccountLine,
    AnswerLine,
    BucketLine,
    CreatorLine,
    DayLine,
    FailureLine,
    InFull,
    KeywordGroup,
    KeywordLine,
    PricedCalls,
    Report,
    RunLine,
    Spent,
)
from crawler.clock import Now, shanghai_day, shanghai_day_start, stamp
from crawler.forecast import ForecastAccuracy
from crawler.money import stored_money
from crawler.reasons import Outcome, Reason, ReasonCode, read_reason
from crawler.store.forecasts import read_forecast_accuracy
from crawler.summary import CallCounts

DAYS = 30
BUCKETS: tuple[tuple[int | None, int | None], ...] = (
    (0, 100), (100, 1000), (1000, 10_000), (10_000, 100_000), (100_000, None), (None, None),
)  # fmt: skip
"""The follower ranges of the vendor's own search filters, then unknown."""

RUNS_MAX = 40
NEWCOMERS_MAX = 5000
GROWERS_MAX = 12
KEYWORDS_MAX = 15
EXAMPLES_MAX = 5
CAUSES_MAX = 200


def read_report(connection: sqlite3.Connection, *, since: str | None, now: Now) -> Report:
    """What happened since the stamp `since`, or in the last night where that is None.

    `connection` gives rows as `sqlite3.Row`; all is read from one state of the database.
    """
    connection.execute("BEGIN")
    try:
        return _Reader(connection, since, now()).read()
    finally:
        connection.execute("ROLLBACK")


class _Reader:
    """One reading: the connection and the period."""

    def __init__(self, connection: sqlite3.Connection, since: str | None, moment: datetime) -> None:
        self._connection = connection
        self._moment = moment
        self._of_last_night = since is None
        self._since = since or connection.execute(sql.LAST_NIGHT).fetchone()[0]
        # Without a run the period is empty.
        self._period: dict[str, object] = {"since": self._since or stamp(moment)}
        self._period["run_id"] = self._value(sql.FIRST_RUN_SINCE)

    def read(self) -> Report:
        buckets = self._buckets()
        growers = self._rows(sql.GROWERS, limit=GROWERS_MAX)
        runs = self._rows(sql.RUNS, limit=RUNS_MAX)
        forecasts = read_forecast_accuracy(self._connection, [row["id"] for row in runs])
        prices = _by(self._rows(sql.RUN_PRICES), "run_id")
        lines = ((row, _spent(prices.get(row["id"], ())), forecasts.get(row["id"])) for row in runs)
        run_lines = tuple(_run(*each) for each in lines)
        return Report(
            made_at=stamp(self._moment),
            since=self._since,
            service=self._value(sql.SERVICE),
            users_total=sum(bucket.users for bucket in buckets),
            users_new=sum(bucket.users_new for bucket in buckets),
            users_grown=growers[0]["growers"] if growers else 0,
            rejects=self._value(sql.REJECTS),
            oddities=tuple(_oddity(row) for row in self._rows(sql.ODDITIES, limit=CAUSES_MAX)),
            runs_total=runs[0]["runs"] if runs else 0,
            keywords_done=runs[0]["keywords_done_total"] if runs else 0,
            calls=_calls(self._rows(sql.CALLS)[0]),
            runs=run_lines,
            newcomers=self._creators(self._rows(sql.NEWCOMERS, limit=NEWCOMERS_MAX)),
            growers=self._creators(growers),
            fruitful=_keywords(self._rows(sql.FRUITFUL, limit=KEYWORDS_MAX)),
            barren=_keywords(
                self._rows(sql.BARREN, limit=KEYWORDS_MAX), _spent(self._rows(sql.BARREN_PRICES))
            ),
            repeaters=_keywords(self._rows(sql.REPEATERS, limit=KEYWORDS_MAX)),
            buckets=buckets,
            days=self._days(),
            failures=_failures(self._rows(sql.FAILURES, examples=EXAMPLES_MAX, limit=CAUSES_MAX)),
            answers=_answers(self._rows(sql.ANSWERS, limit=CAUSES_MAX)),
            spent=_spent(self._rows(sql.PRICES)),
            in_full=_in_full(run_lines) if self._of_last_night else None,
            accounts=_accounts(self._rows(sql.ACCOUNTS), self._rows(sql.ACCOUNTS_STOPPED)),
        )

    def _rows(self, statement: str, **parameters: object) -> list[sqlite3.Row]:
        return self._connection.execute(statement, self._period | parameters).fetchall()

    def _value(self, statement: str) -> Any:
        row = self._connection.execute(statement, self._period).fetchone()
        return None if row is None else row[0]

    def _buckets(self) -> tuple[BucketLine, ...]:
        found = {row["fans_min"]: (row["users"], row["users_new"]) for row in self._rows(sql.BUCKETS)}
        return tuple(BucketLine(low, below, *found.get(low, (0, 0))) for low, below in BUCKETS)

    def _creators(self, rows: Sequence[sqlite3.Row]) -> tuple[CreatorLine, ...]:
        keywords: dict[int, dict[str, None]] = {}
        tags: dict[int, dict[str, None]] = {}
        for key, text, listed in self._rows(sql.FOUND_BY, keys=json.dumps([row["key"] for row in rows])):
            keywords.setdefault(key, {})[text] = None
            tags.setdefault(key, {}).update(dict.fromkeys(json.loads(listed)))
        return tuple(_creator(row, keywords.get(row["key"], ()), tags.get(row["key"], ())) for row in rows)

    def _days(self) -> tuple[DayLine, ...]:
        """The thirty days that end with the day of the last call."""
        last_call = self._value(sql.LAST_CALL)
        if last_call is None:
            return ()
        start = shanghai_day_start(datetime.fromisoformat(last_call)) - timedelta(days=DAYS - 1)
        since = stamp(start)
        spent = {row["day"]: row for row in self._rows(sql.DAYS, since=since)}
        prices = _by(self._rows(sql.DAYS_PRICES, since=since), "day")
        users_new = {row["day"]: row["users_new"] for row in self._rows(sql.DAYS_NEW, since=since)}
        days = [shanghai_day(start + timedelta(days=number)) for number in range(DAYS)]
        return tuple(
            DayLine(
                day,
                _calls(spent[day]) if day in spent else CallCounts.of(0, 0, 0),
                users_new.get(day, 0),
                day in spent and bool(spent[day]["quota_reached"]),
                _spent(prices.get(day, ())),
            )
            for day in days
        )


def _oddity(row: sqlite3.Row) -> tuple[Reason, int]:
    reason = read_reason(row["oddity"], row["oddity_details"])
    assert reason is not None
    return reason, row["pages"]


def _calls(row: sqlite3.Row) -> CallCounts:
    return CallCounts.of(row["charged"] or 0, row["free"] or 0, row["unknown"] or 0)


def _total(counts: Iterable[CallCounts]) -> CallCounts:
    charged = free = unknown = 0
    for one in counts:
        charged, free, unknown = charged + one.charged, free + one.free, unknown + one.unknown
    return CallCounts.of(charged, free, unknown)


def _creator(row: sqlite3.Row, keywords: Iterable[str], tags: Iterable[str]) -> CreatorLine:
    return CreatorLine(
        name=row["name"],
        red_id=row["red_id"],
        profile_url=row["profile_url"],
        image=row["image"],
        verify_label=row["verify_label"],
        fans=row["fans"],
        fans_before=row["fans_before"],
        bio=row["bio"],
        keywords=tuple(keywords),
        tags=tuple(tags),
    )


def _by(rows: Iterable[sqlite3.Row], column: str) -> dict[Any, list[sqlite3.Row]]:
    found: dict[Any, list[sqlite3.Row]] = {}
    for row in rows:
        found.setdefault(row[column], []).append(row)
    return found


def _run(row: sqlite3.Row, spent: Spent, forecast: ForecastAccuracy | None) -> RunLine:
    return RunLine(
        started_at=row["started_at"],
        seconds=None if row["ended_at"] is None else _seconds(row),
        outcome=row["outcome"],
        reason=read_reason(row["reason"], row["reason_details"]),
        keywords_due=row["keywords_due"],
        keywords_done=row["keywords_done"],
        keywords_failed=row["keywords_failed"],
        users_new=row["users_new"],
        users_changed=row["users_changed"],
        users_seen=row["users_seen"],
        rate_limited=row["rate_limited"],
        calls=_calls(row),
        spent=spent,
        price=stored_money(row["price"], row["currency"]),
        forecast=forecast,
    )


def _in_full(runs: Sequence[RunLine]) -> InFull | None:
    """What the night would have taken, by the run that said most: those after it go on with what it left.
    `runs` are the latest first."""
    before, found = 0, None
    for run in reversed(runs):
        if run.forecast is not None:
            said = run.forecast.calls_in_full
            unknown = said.expected is None and run.outcome not in (Outcome.DONE, Outcome.FAILED)
            calls = said.high if unknown else said.expected or 0.0
            if run.outcome == Outcome.DONE:
                calls = run.calls.charged
            if found is None or before + calls > found.calls:
                in_full = before + round(calls)
                found = InFull(in_full, unknown, _of_so_many(run, in_full))
        before += run.calls.charged
    return found


def _of_so_many(run: RunLine, calls: int) -> Spent:
    """So many calls at the prices of the run, in the same shares."""
    spent = run.spent or (PricedCalls(run.price, 1),)
    charged = sum(each.charged for each in spent)
    return tuple(PricedCalls(each.price, round(calls * each.charged / charged)) for each in spent)


def _seconds(row: sqlite3.Row) -> float | None:
    """None for a run that died: only the next run closed it, perhaps days later."""
    return None if row["outcome"] == "crashed" else row["seconds"]


def _spent(rows: Iterable[sqlite3.Row]) -> Spent:
    return tuple(PricedCalls(stored_money(row["price"], row["currency"]), row["charged"]) for row in rows)


def _keywords(rows: Sequence[sqlite3.Row], spent: Spent = ()) -> KeywordGroup:
    lines = tuple(KeywordLine(row["text"], row["charged"], row["entries"], row["users_new"]) for row in rows)
    return KeywordGroup(
        lines, rows[0]["keywords"] if rows else 0, rows[0]["charged_total"] if rows else 0, spent
    )


def _cause(row: sqlite3.Row) -> str:
    return cause_of(row["reason"]) or ReasonCode.UNDOCUMENTED_CODE.value


def _failures(rows: Sequence[sqlite3.Row]) -> tuple[FailureLine, ...]:
    """One line per cause, whatever the wording: several reasons can mean the same."""
    keywords: dict[str, int] = {}
    examples: dict[str, list[str]] = {}
    for row in rows:
        cause = _cause(row)
        if row["place"] == 1:
            keywords[cause] = keywords.get(cause, 0) + row["keywords"]
        examples.setdefault(cause, []).append(row["text"])
    return tuple(
        FailureLine(cause, count, tuple(examples[cause][:EXAMPLES_MAX])) for cause, count in keywords.items()
    )


def _answers(rows: Sequence[sqlite3.Row]) -> tuple[AnswerLine, ...]:
    by_cause: dict[str, list[sqlite3.Row]] = {}
    for row in rows:
        by_cause.setdefault(_cause(row), []).append(row)
    lines = [
        AnswerLine(cause, _total(map(_calls, found)), _priced(found, "charged"), _priced(found, "unknown"))
        for cause, found in by_cause.items()
    ]
    return tuple(sorted(lines, key=lambda line: -line.calls.sent))


def _accounts(rows: Sequence[sqlite3.Row], stopped: Sequence[sqlite3.Row]) -> tuple[AccountLine, ...]:
    """A line for each account, where there are several."""
    by_account: dict[str, list[sqlite3.Row]] = {}
    for row in rows:
        by_account.setdefault(row["account"], []).append(row)
    reasons = {row["account"]: read_reason(row["reason"], row["reason_details"]) for row in stopped}
    lines = tuple(
        AccountLine(
            account, _total(map(_calls, found)), _priced(found, "charged"), _priced(found, "unknown"),
            reasons.get(account),
        )
        for account, found in by_account.items()
    )  # fmt: skip
    return lines if len(lines) > 1 else ()


def _priced(rows: Iterable[sqlite3.Row], charge: str) -> Spent:
    return tuple(
        PricedCalls(stored_money(row["price"], row["currency"]), row[charge]) for row in rows if row[charge]
    )
