"""What must hold in a database, as a table of checks, and what is found to be missing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any

from crawler.i18n import N_, _
from crawler.maintenance.verify import repair_sql, sql
from crawler.reasons import Reason, read_reason


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold: `query` finds where it does not, `repairs` set it right, in this order.

    `message` shows columns of the query; a check without `repairs` can only be answered by a backup.
    """

    kind: str
    query: str
    message: str
    repairs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gap:
    """Something missing or contradictory; `keyword` and `page` say where, if it belongs to one.

    `repairs` are the statements that set it right, `values` what they bind.
    """

    kind: str
    message: str
    repairs: tuple[str, ...]
    keyword: str | None = None
    page: int | None = None
    values: tuple[tuple[str, Any], ...] = ()

    @property
    def repairable(self) -> bool:
        """Whether `crawler verify --repair` can fix it, or have it asked for again."""
        return bool(self.repairs)


@dataclass(frozen=True, slots=True)
class Totals:
    """What was looked at. `keywords_in_part` of the finished ones were last read down to a page only, as
    reading on was not worthwhile. `keywords_never` were never asked for. `calls_unknown` may or may not be on
    the bill: they were in flight when a run died, or their answers could not be read. `calls_open` of them
    are in flight now; `calls_lost` are charged calls whose page was found missing and asked for again."""

    keywords_done: int
    keywords_in_part: int
    keywords_unfinished: int
    keywords_never: int
    pages: int
    calls_charged: int
    calls_unknown: int
    calls_open: int
    calls_lost: int
    users: int
    sightings: int


@dataclass(frozen=True, slots=True)
class InPart:
    """A keyword that was seen down to `page` on `day`, and was last read to its end on `complete_day`."""

    keyword: str
    page: int
    day: str
    complete_day: str | None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A keyword that was left out on `day`: so many new creators were expected of a call, `stop_below` being
    the least that is wanted."""

    keyword: str
    expected: float
    stop_below: float
    day: str


@dataclass(frozen=True, slots=True)
class Findings:
    """The verdict on a database; no totals where the file itself is damaged.

    `oddities` are what was strange about whole answers in the keywords' last crawls, each with its number of
    pages, most first: they were paid for and are kept, and so are no gaps. Nor is what a run left out because
    it was told to: the keywords `in_part` and those `not_asked`.
    """

    gaps: tuple[Gap, ...]
    totals: Totals | None
    oddities: tuple[tuple[Reason, int], ...] = ()
    in_part: tuple[InPart, ...] = ()
    not_asked: tuple[LeftOut, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether everything that was paid for is there."""
        return not self.gaps


AGAIN = (repair_sql.CRAWL_AGAIN,)

CHECKS = (
    Check("stop_reason", sql.STOP_REASON, N_("finished without saying why"), AGAIN),
    Check(
        "complete_in_part",
        sql.COMPLETE_IN_PART,
        N_("read down to page %(page)s, which does not fit the time it is called complete"),
        AGAIN,
    ),
    Check("page_missing", sql.PAGE_MISSING, N_("page %(pages)s is missing"), AGAIN),
    Check(
        "last_page",
        sql.LAST_PAGE,
        N_("finished with %(stop_reason)s, which page %(page)s contradicts"),
        AGAIN,
    ),
    Check("page_ahead", sql.PAGE_AHEAD, N_("page %(page)s is saved, and the checkpoint is behind it"), AGAIN),
    Check(
        "sighting_ahead",
        sql.SIGHTING_AHEAD,
        N_("page %(page)s brought creator %(user)s, and the checkpoint is behind it"),
        AGAIN,
    ),
    Check(
        "sighting_missing",
        sql.SIGHTING_MISSING,
        N_("creators that its pages brought: %(expected)s; of these are kept: %(found)s"),
        AGAIN,
    ),
    Check(
        "sighting_without_user",
        sql.SIGHTING_WITHOUT_USER,
        N_("the creator that page %(page)s brought is gone (row %(user_key)s)"),
        (repair_sql.CRAWL_AGAIN, repair_sql.DELETE_SIGHTINGS_OF),
    ),
    Check(
        "user_without_sighting",
        sql.USER_WITHOUT_SIGHTING,
        N_("no keyword is kept for creator %(user)s"),
        AGAIN,
    ),
    Check(
        "red_id_twice",
        sql.RED_ID_TWICE,
        N_("red_id %(red_id)s is held by %(holders)s creators"),
        (repair_sql.NOTE_OLD_HOLDERS, repair_sql.KEEP_LAST_HOLDER),
    ),
    Check(
        "call_without_page",
        sql.CALL_WITHOUT_PAGE,
        N_("page %(page)s was charged at %(sent_at)s and is not there"),
        (repair_sql.NOTE_LOST_PAGE, repair_sql.CRAWL_AGAIN),
    ),
    Check(
        "page_without_charge",
        sql.PAGE_WITHOUT_CHARGE,
        N_("page %(page)s is there, and its call is down as %(charge)s"),
        (repair_sql.SETTLE_AS_CHARGED,),
    ),
    Check(
        "page_of_another_call",
        sql.PAGE_OF_ANOTHER_CALL,
        N_("page %(page)s is tied to the call of another page"),
    ),
    Check(
        "call_gone",
        sql.CALL_GONE,
        N_("the call of page %(page)s is gone"),
        (repair_sql.COUNT_AS_PRUNED, repair_sql.FORGET_CALL),
    ),
    Check(
        "page_without_call",
        sql.PAGE_WITHOUT_CALL,
        N_("pages that have no call: %(pages)s; charged calls that were pruned: %(pruned)s"),
        (repair_sql.COUNT_AS_PRUNED,),
    ),
    Check(
        "run_counters",
        sql.RUN_COUNTERS,
        N_("new creators that run %(run_id)s counts: %(counted)s; that its pages have: %(found)s"),
        (repair_sql.COUNT_RUN_AGAIN,),
    ),
)


def examine(connection: sqlite3.Connection) -> Findings:
    """Everything that is missing or contradictory, as of one moment: a run may go on meanwhile.

    Rows must read as `sqlite3.Row`.
    """
    with _snapshot(connection):
        damage = list(_damage(connection))
        if damage:
            return Findings(tuple(damage), None)
        gaps = [gap for check in CHECKS for gap in run_check(connection, check)]
        gaps += _dangling(connection)
        row = connection.execute(sql.TOTALS).fetchone()
        oddities = tuple(_oddities(connection))
        return Findings(
            tuple(gaps),
            Totals(*(row[each.name] for each in fields(Totals))),
            oddities,
            tuple(InPart(*row) for row in connection.execute(sql.IN_PART)),
            tuple(LeftOut(*row) for row in connection.execute(sql.NOT_ASKED)),
        )


def _oddities(connection: sqlite3.Connection) -> Iterator[tuple[Reason, int]]:
    for code, details, pages in connection.execute(sql.ODDITIES):
        reason = read_reason(code, details)
        assert reason is not None
        yield reason, pages


def run_check(connection: sqlite3.Connection, check: Check) -> Iterator[Gap]:
    """The gaps that one check finds."""
    for row in connection.execute(check.query):
        values = dict(zip(row.keys(), row, strict=True))
        # Without a keyword to ask for, nothing brings it back.
        repairs = check.repairs if check.repairs != AGAIN or values["keyword_id"] is not None else ()
        yield Gap(
            check.kind,
            _(check.message) % values,
            repairs,
            values.get("keyword"),
            values.get("page"),
            tuple(values.items()),
        )


@contextmanager
def _snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """Every question in the block sees the same moment, inside a transaction or not."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")


def _damage(connection: sqlite3.Connection) -> Iterator[Gap]:
    try:
        for row in connection.execute("PRAGMA integrity_check"):
            if row[0] != "ok":
                yield Gap("damaged_file", str(row[0]), ())
    except sqlite3.DatabaseError as exc:
        yield Gap("damaged_file", str(exc), ())


def _dangling(connection: sqlite3.Connection) -> Iterator[Gap]:
    """References to rows that are not there, apart from those that have a check of their own."""
    for table, row, parent, _number in connection.execute("PRAGMA foreign_key_check"):
        if (table, parent) in (("sightings", "users"), ("pages", "calls")):
            continue
        message = _("row %(row)s of %(table)s refers to a row of %(parent)s that is gone")
        values = {"row": row, "table": table, "parent": parent}
        statement = repair_sql.DANGLING.get((table, parent))
        repairs = () if statement is None else (statement,)
        yield Gap("foreign_key", message % values, repairs, values=tuple(values.items()))
