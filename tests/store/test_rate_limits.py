"""What was learnt of a rate limit: kept by account and endpoint, and only where it is news."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from crawler.rate import LearntLimit
from crawler.store.database import open_database
from crawler.store.rate_limits import LimitKeeper, read_limit

NOW = datetime(2026, 11, 25, 16, tzinfo=UTC)
LIMIT = LearntLimit(10.0, found=True, window_seconds=60.0, fixed=False)


@pytest.fixture
def connection(empty_file, tmp_path):
    path = tmp_path / "creators.db"
    path.write_bytes(empty_file)
    with closing(open_database(path)) as db:
        yield db.conn


def keeper(connection, learnt, *, account="default", now=NOW):
    made = LimitKeeper(connection, 1, lambda: now, account)
    made.learn_from(lambda: learnt)
    return made


@pytest.mark.parametrize(
    "limit",
    [LIMIT, LearntLimit(0.25, found=False), LearntLimit(3.5, found=True, window_seconds=1, fixed=True)],
)
def test_what_was_kept_is_read_again(connection, limit):
    keeper(connection, limit).keep()
    kept = read_limit(connection, 1)
    assert (kept.learnt, kept.learnt_at) == (limit, "2026-11-25T16:00:00.000Z")


def test_nothing_is_known_of_a_new_database(connection):
    assert read_limit(connection, 1) is None
    assert keeper(connection, None).known is None


@pytest.mark.parametrize(
    ("then", "news"),
    [
        (LearntLimit(10.4, found=True, window_seconds=60.0), False),
        (LearntLimit(10.6, found=True, window_seconds=60.0), True),
        (LearntLimit(9.4, found=True, window_seconds=60.0), True),
        (LearntLimit(10.0, found=True, window_seconds=1.0), True),
        (LearntLimit(10.0, found=False, window_seconds=60.0), True),
        (None, False),
    ],
)
def test_only_news_is_written_during_a_run_and_everything_at_its_end(connection, then, news):
    keeper(connection, LIMIT).keep()
    later = keeper(connection, then, now=NOW + timedelta(hours=1))
    later.keep()
    assert (read_limit(connection, 1).learnt == then) is (news and then is not None)
    later.keep(always=True)
    assert read_limit(connection, 1).learnt == (then or LIMIT)


def test_accounts_are_kept_apart(connection):
    keeper(connection, LIMIT).keep()
    keeper(connection, LearntLimit(1.0, found=True), account="second").keep()
    assert read_limit(connection, 1).learnt == LIMIT
    assert read_limit(connection, 1, "second").learnt.per_second == 1.0


def test_a_database_of_an_earlier_version_knows_nothing(tmp_path):
    with closing(sqlite3.connect(tmp_path / "old.db")) as connection:
        assert read_limit(connection, 1) is None


def test_calls_of_the_last_minute_are_told_by_their_age(connection):
    for seconds in (5, 59, 61):
        sent_at = (NOW - timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        connection.execute(
            "INSERT INTO calls (run_id, endpoint_id, keyword_id, generation, page, attempt, sent_at) "
            "VALUES (1, 1, 1, 1, 1, 1, ?)",
            (sent_at,),
        )
    ages = keeper(connection, None).calls_lately_seconds_ago()
    assert sorted(ages) == pytest.approx([4.9, 58.9])


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("calls_per_second", 0.0),
        ("calls_per_second", -5),
        ("calls_per_second", 1e308),
        ("calls_per_second", float("inf")),
        ("calls_per_second", 1e-300),
        ("calls_per_second", "abc"),
        ("calls_per_second", b"\x00\xff"),
        ("learnt_at", b"7"),
    ],
)
def test_what_somebody_wrote_that_is_no_limit_is_nothing_known(connection, column, value):
    keeper(connection, LIMIT).keep()
    connection.execute(f"UPDATE rate_limits SET {column} = ?", (value,))
    assert read_limit(connection, 1) is None
    assert keeper(connection, LIMIT).known is None


@pytest.mark.parametrize("seconds", [0, -60, "x", 1e18, float("inf")])
def test_a_window_that_is_none_is_not_known(connection, seconds):
    keeper(connection, LIMIT).keep()
    connection.execute("UPDATE rate_limits SET window_seconds = ?", (seconds,))
    assert read_limit(connection, 1).learnt == LearntLimit(10.0, found=True, fixed=False)


@pytest.mark.parametrize(
    ("then", "kept"),
    [
        (LearntLimit(1.4, found=False), LearntLimit(5.5, found=False)),
        (LearntLimit(7.0, found=False), LearntLimit(7.0, found=False)),
        (LearntLimit(1.4, found=True, window_seconds=60.0, fixed=False),) * 2,
    ],
)
def test_a_shorter_run_does_not_forget_how_fast_an_earlier_one_could_go(connection, then, kept):
    keeper(connection, LearntLimit(5.5, found=False)).keep(always=True)
    keeper(connection, then).keep(always=True)
    assert read_limit(connection, 1).learnt == kept
