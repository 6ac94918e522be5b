"""Filters as SQL, held against a database of three nights, and `--since` as people write it."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

import pytest

from crawler.analysis.filters import Filters, parse_fans, parse_when, where
from crawler.errors import InputError
from tests.filled import ORDINARY, OUTFITS, SPECIAL, fill

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "stamp"),
    [
        ("2026-11-01", "2026-10-31T16:00:00.000Z"),
        ("2026-11-01T08:00Z", "2026-11-01T08:00:00.000Z"),
        ("2026-11-01T08:00", "2026-11-01T00:00:00.000Z"),
        ("2026-11-01T08:00+01:00", "2026-11-01T07:00:00.000Z"),
        ("7d", "2026-11-18T10:00:00.000Z"),
        (" 20h ", "2026-11-24T14:00:00.000Z"),
        ("90s", "2026-11-25T09:58:30.000Z"),
        ("today", "2026-11-24T16:00:00.000Z"),
        ("Yesterday", "2026-11-23T16:00:00.000Z"),
        ("今天", "2026-11-24T16:00:00.000Z"),
        ("昨天", "2026-11-23T16:00:00.000Z"),
    ],
)
def test_since_is_a_day_in_shanghai_a_moment_or_a_span(text, stamp):
    assert parse_when(text, NOW) == stamp


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "2026-13-01", "-1d", "999999999d", "11/01/2026", "0001-01-01", "nand"]
)
def test_what_is_no_since_is_refused(text):
    with pytest.raises(InputError, match="--since takes"):
        parse_when(text, NOW)


@pytest.mark.parametrize(
    ("text", "fans"),
    [("5000", 5000), ("5,000", 5000), ("1万", 10_000), ("1.5万", 15_000), ("10w", 100_000), ("10W", 100_000),
     ("12k", 12_000), ("１亿", 100_000_000), ("0", 0), (" 7 ", 7), ("9" * 5000, 2**63 - 1)],
)  # fmt: skip
def test_a_number_of_fans_is_written_as_people_write_it(text, fans):
    assert parse_fans(text) == fans


@pytest.mark.parametrize("text", ["", "-1", "many", "1.5", "万", "1万2", "1e5", "²"])
def test_what_is_no_number_of_fans_is_refused(text):
    with pytest.raises(InputError, match="a number of fans is written"):
        parse_fans(text)


def test_nothing_asked_is_no_condition():
    assert where(Filters()) == ("1", {})
    assert where(Filters(limit=5)) == ("1", {})


def test_zero_and_false_are_asked_for():
    condition, values = where(Filters(fans_min=0, verified=False))
    assert condition == "users.fans >= :fans_min AND coalesce(users.verified, 0) = :verified"
    assert values == {"fans_min": 0, "verified": False}


def test_what_is_asked_for_is_bound_and_never_part_of_the_sql():
    hostile = "'); DROP TABLE users; --"
    condition, values = where(Filters(keyword=hostile, tag=hostile, since=hostile))
    assert "DROP" not in condition
    assert set(values.values()) == {hostile}


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """The database of three nights, for reading."""
    path = tmp_path_factory.mktemp("filters") / "creators.db"
    fill(path)
    connection = sqlite3.connect(path)
    yield connection
    connection.close()


@pytest.fixture
def found(filled):
    """Counts the creators that filters let through."""

    def count(**asked):
        condition, values = where(Filters(**asked))
        return filled.execute(f"SELECT count(*) FROM users WHERE {condition}", values).fetchone()[0]

    return count


def test_the_sides_of_a_filter_part_all_creators(found):
    unknown_fans = sum(creator.fans is None for creator in (*ORDINARY, *SPECIAL))
    assert unknown_fans == 1
    assert found(fans_min=1000) + found(fans_max=999) + unknown_fans == found()
    assert found(verified=True) + found(verified=False) == found()
    assert 0 < found(verified=True) < found()


def test_bounds_of_followers_include_themselves(found):
    assert found(fans_min=12_000, fans_max=12_000) == 1


def test_a_keyword_and_a_tag_let_through_whom_they_found(found):
    assert 0 < found(keyword=OUTFITS.identity) < found()
    assert found(keyword="no such keyword") == found(tag="no such tag") == 0
    assert found(keyword=OUTFITS.identity) <= found(tag="时尚")
    assert found(keyword=OUTFITS.identity, tag="吃喝") < found(tag="吃喝") < found()


def test_since_lets_through_who_was_first_seen_then_or_later(found):
    assert found(since="2026-11-03T00:00:00.000Z") == 2
    assert found(since="2026-11-01T00:00:00.000Z") == found()


def test_until_parts_all_creators_as_since_does(found):
    moment = "2026-11-03T00:00:00.000Z"
    assert found(until=moment) + found(since=moment) == found()
    assert found(until=moment) == found() - 2
