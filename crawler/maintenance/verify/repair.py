"""Repair: what can be fixed in place is fixed, the rest is asked for again by the next run."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from crawler.clock import Now, stamp, utc_now
from crawler.maintenance.verify import repair_sql
from crawler.maintenance.verify.checks import Findings, Gap, examine
from crawler.store.database import open_database, store_errors
from crawler.store.lock import hold


@dataclass(frozen=True, slots=True)
class Repaired:
    """What was found `before`, what is left `after`, and the keywords that the next run asks for again."""

    before: Findings
    after: Findings
    keywords: tuple[str, ...]


def repair(path: Path, now: Now = utc_now) -> Repaired:
    """Repairs the database at `path`, in one transaction; raises AlreadyRunning while a run writes it."""
    with hold(path), closing(open_database(path)) as db, store_errors(path):
        connection: sqlite3.Connection = db.conn
        connection.row_factory = sqlite3.Row
        with db.atomic():
            before = examine(connection)
            keywords = apply(connection, before.gaps, stamp(now()))
            after = examine(connection)
        return Repaired(before, after, keywords)


def apply(connection: sqlite3.Connection, gaps: Sequence[Gap], moment: str) -> tuple[str, ...]:
    """Runs the repairs of every gap, each keyword's restart once; the keywords that are due by it."""
    again: set[tuple[object, object]] = set()
    keywords: list[str] = []
    for gap in gaps:
        values = dict(gap.values) | {"now": moment}
        for statement in gap.repairs:
            if statement != repair_sql.CRAWL_AGAIN:
                connection.execute(statement, values)
                continue
            which = (values["keyword_id"], values["endpoint_id"])
            if which not in again and connection.execute(statement, values).rowcount > 0:
                again.add(which)
                keywords.append(str(gap.keyword))
    return tuple(keywords)
