"""Wall time as the database keeps it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.clock import parse_span, shanghai_day, shanghai_day_start, stamp, utc_now
from crawler.errors import InputError

moments = st.datetimes(timezones=st.timezones()).filter(lambda moment: 1 < moment.year < 9999)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("30m", 1800), ("20h", 72000), ("7d", 604800), (" 1.5H ", 5400), ("0s", 0), ("1 d", 86400)],
)
def test_a_span_is_a_number_and_a_unit(text, seconds):
    assert parse_span(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "h", "20", "20 hours", "h20", "1w", "-1h", "nan h", "nanh", "infd", "1e99d", "一h", "1_0"]
)
def test_what_is_no_span_is_refused(text):
    with pytest.raises(InputError, match="a span of time"):
        parse_span(text)


def test_the_present_moment_has_its_zone():
    assert utc_now().tzinfo is UTC


def test_a_stamp_is_utc_to_the_millisecond_whatever_the_zone():
    moment = datetime(2026, 11, 26, 1, 2, 3, 4999, timezone(timedelta(hours=8)))
    assert stamp(moment) == "2026-11-25T17:02:03.004Z"


@given(moments, moments)
def test_the_order_of_stamps_is_the_order_of_time(one, other):
    earlier, later = sorted([one, other], key=lambda moment: moment.astimezone(UTC))
    assert stamp(earlier) <= stamp(later)


@given(moments)
def test_a_stamp_is_read_back_to_the_millisecond(moment):
    assert timedelta(0) <= moment - datetime.fromisoformat(stamp(moment)) < timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("utc", "day"),
    [((2026, 11, 25, 15, 59, 59), "2026-11-25"), ((2026, 11, 25, 16, 0, 0), "2026-11-26")],
)
def test_the_day_of_the_quota_begins_at_midnight_in_shanghai(utc, day):
    assert shanghai_day(datetime(*utc, tzinfo=UTC)) == day


@given(moments)
def test_a_day_begins_on_itself_and_a_moment_before_is_the_day_before(moment):
    start = shanghai_day_start(moment)
    assert start <= moment < start + timedelta(days=1)
    assert shanghai_day(start) == shanghai_day(moment)
    assert shanghai_day(start - timedelta(microseconds=1)) < shanghai_day(moment)
