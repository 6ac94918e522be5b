"""The status of a database of many nights: the days shown are those of the ledger, and no others are read."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crawler.analysis.status import DAYS_SHOWN, Status, read_status
from crawler.store.database import open_database

BEGAN = datetime(2026, 1, 1, 15, 30, tzinfo=UTC)  # half past eleven at night in Shanghai
CALLS = 40  # of a night, one a minute: it goes on past midnight

RUN = "INSERT INTO runs (id, started_at, pid, host, version) VALUES (?, ?, 1, 'here', '1')"
CALL = """
INSERT INTO calls (run_id, endpoint_id, keyword_id, generation, page, attempt, charge, sent_at)
VALUES (?, 1, 1, 1, 1, 1, ?, ?)
"""
KEYWORD = "INSERT INTO keywords (id, identity, text, first_seen_at) VALUES (1, 'tea', 'tea', '2026')"
PRUNED = "INSERT INTO pruned_calls (day, endpoint_id, charge, calls) VALUES (?, 1, ?, ?)"
QUOTA = "INSERT INTO pruned_quotas (day, account) VALUES (?, '')"
LEDGER = "SELECT day, calls, charged, free, unknown FROM daily_spend ORDER BY day DESC LIMIT ?"


def moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_database(tmp_path / "crawl.db")) as database:
        database.conn.row_factory = sqlite3.Row
        database.conn.execute(KEYWORD)
        yield database.conn


def add_nights(connection: sqlite3.Connection, nights: range) -> None:
    for night in nights:
        begun = BEGAN + timedelta(days=night)
        connection.execute(RUN, (night + 1, moment(begun)))
        for call in range(CALLS):
            charge = ("charged", "charged", "free", "unknown")[call * (night + 1) % 4]
            connection.execute(CALL, (night + 1, charge, moment(begun + timedelta(minutes=call))))


def status(connection: sqlite3.Connection) -> Status:
    now = BEGAN + timedelta(days=400)
    return read_status(connection, endpoint_id=1, refresh_after=timedelta(days=1), now=lambda: now)


def shown(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    return [(day.day, day.sent, day.charged, day.free, day.unknown) for day in status(connection).days]


def ledger(connection: sqlite3.Connection) -> list[tuple[object, ...]]:
    return [tuple(row) for row in connection.execute(LEDGER, (DAYS_SHOWN,))]


@pytest.mark.parametrize("nights", [0, 1, 3, 6, 30])
def test_the_days_shown_are_those_of_the_ledger(connection: sqlite3.Connection, nights: int) -> None:
    add_nights(connection, range(nights))
    assert shown(connection) == ledger(connection)


def test_what_was_removed_of_a_day_counts_as_well(connection: sqlite3.Connection) -> None:
    add_nights(connection, range(20, 24))
    for day in ("2026-01-20", "2026-01-21", "2026-01-22", "2026-01-23"):
        connection.executemany(PRUNED, [(day, "charged", 5), (day, "unknown", 2)])
    connection.execute(QUOTA, ("2026-01-19",))
    assert shown(connection) == ledger(connection)
    assert len(shown(connection)) == DAYS_SHOWN


def test_nights_apart_are_found_however_far(connection: sqlite3.Connection) -> None:
    add_nights(connection, range(0, 300, 50))
    assert shown(connection) == ledger(connection)


def steps(connection: sqlite3.Connection) -> int:
    """The work of a status: SQLite's steps, by tens."""
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 1
        return 0

    connection.set_progress_handler(count, 10)
    status(connection)
    connection.set_progress_handler(None, 0)
    return counted


def test_the_work_does_not_grow_with_the_nights(connection: sqlite3.Connection) -> None:
    add_nights(connection, range(20))
    few = steps(connection)
    add_nights(connection, range(20, 200))
    assert steps(connection) < 1.1 * few
