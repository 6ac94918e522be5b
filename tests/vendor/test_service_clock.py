"""What an answer tells of the service's clock, whatever stands in its header."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.model import Reply
from crawler.vendor.balance import ask_balance
from crawler.vendor.client import ApiSettings
from crawler.vendor.service_clock import clock_ahead_seconds, read_http_date
from tests.vendor.test_client import BASE, PAGE, TOKEN
from tests.vendor.test_client import api as api
from tests.vendor.test_client import call as call

NOW = datetime(2026, 11, 26, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("date", "ahead_seconds"),
    [
        ("Thu, 26 Nov 2026 16:00:00 GMT", 0.0),
        ("Thu, 26 Nov 2026 15:00:00 GMT", 3600.0),
        ("Fri, 27 Nov 2026 16:00:00 GMT", -86400.0),
        ("Fri, 27 Nov 2026 00:00:00 +0800", 0.0),
        ("Thu, 26 Nov 2026 16:00:00", 0.0),
    ],
)
def test_a_date_says_how_far_this_clock_is_ahead(date, ahead_seconds):
    assert clock_ahead_seconds(date, NOW) == ahead_seconds


def test_a_clock_that_has_lost_its_battery_is_far_behind():
    assert clock_ahead_seconds("Thu, 26 Nov 2026 16:00:00 GMT", datetime(1970, 1, 1, tzinfo=UTC)) < -(10**9)


@pytest.mark.parametrize(
    "date",
    [
        None, "", "soon", "0", "Thu, 26 Nov 1970 16:00:00 GMT", "Thu, 26 Nov 9999 23:59:59 -2359",
        "Mon, 01 Jan 0001 00:00:00 +2359", "Thu, 26 Nov 99999999999 16:00:00 GMT",
        "Thu, 26 Nov 2026 16:00:00 +999999999", "Thu, 99 Nov 2026 99:99:99 GMT", "\x00" * 40,
        "Thu, 26 Nov 2026 16:00:00 GMT" + " " * 8000, "1" * 8000, "Thu, ２６ Nov 2026 1６:00:00 GMT" * 9,
    ],
)  # fmt: skip
def test_nonsense_says_no_time(date):
    assert clock_ahead_seconds(date, NOW) is None


@given(st.text(max_size=70) | st.from_regex(r"\w{3}, \d{1,3} (Nov|Jan) \d{1,6} \d+:\d+:\d+ [+-]\d{1,6}"))
def test_whatever_stands_there_it_is_a_time_or_none(date):
    moment, ahead_seconds = read_http_date(date), clock_ahead_seconds(date, NOW)
    assert moment is None or moment.tzinfo is not None
    assert ahead_seconds is None or abs(ahead_seconds) < timedelta(days=100 * 366).total_seconds()


async def test_it_comes_along_with_an_answer(call):
    date = format_datetime(datetime.now(UTC) - timedelta(hours=3), usegmt=True)
    outcome = await call(headers={"Date": date}, body=PAGE)
    assert isinstance(outcome, Reply)
    assert outcome.clock_ahead_seconds == pytest.approx(3 * 3600, abs=60)


async def test_a_balance_tells_it_too_and_needs_no_balance_for_that(answers):
    date = format_datetime(datetime.now(UTC) + timedelta(days=9), usegmt=True)
    url = f"{BASE}/user/get-balance?token={TOKEN}"
    answers.get(url, body=b'{"code": 404, "message": "", "data": null}', headers={"Date": date})
    told = await ask_balance(ApiSettings(BASE, TOKEN))
    assert told.balance is None
    assert told.clock_ahead_seconds == pytest.approx(-9 * 86400, abs=60)
