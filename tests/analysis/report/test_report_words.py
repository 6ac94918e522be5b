from __future__ import annotations

import gettext
from dataclasses import replace
from decimal import Decimal

import pytest

from crawler.analysis.report import Formatter
from crawler.analysis.report.values import PricedCalls
from crawler.i18n.formatting import span
from crawler.money import Money
from crawler.safe_links import picture_link, profile_link

ENGLISH = Formatter("en", gettext.NullTranslations())
CHINESE = Formatter("zh", gettext.NullTranslations())


@pytest.mark.parametrize(
    ("number", "english", "chinese"),
    [
        (None, "unknown", "unknown"),
        (0, "0", "0"),
        (9_999, "9,999", "9,999"),
        (10_000, "10K", "1万"),
        (12_345, "12.3K", "1.2万"),
        (3_812_000, "3.8M", "381.2万"),
        (123_456_789, "123.5M", "1.2亿"),
        (2_500_000_000, "2.5B", "25亿"),
        (-20_000, "-20K", "-2万"),
    ],
)
def test_a_large_number_is_written_as_people_of_the_language_say_it(number, english, chinese):
    assert ENGLISH.short(number) == english
    assert CHINESE.short(number) == chinese


@pytest.mark.parametrize(
    ("price", "calls", "money"),
    [(None, 10, None), ("0.05", 3, "¥0.15"), ("0.005", 1, "¥0.01"), ("1.07", 12_345, "¥13,209.15")],
)
def test_money_is_calculated_in_decimals_and_only_with_a_price(price, calls, money):
    words = Formatter("en", gettext.NullTranslations(), None if price is None else Decimal(price))
    assert words.money(calls) == money


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (78, "78 s"), (95, "2 min"), (3_599, "60 min"), (11_100, "3 h 5 min")],
)
def test_a_duration_is_as_coarse_as_people_need_and_as_the_terminal_says_it(seconds, text):
    assert ENGLISH.duration(seconds) == span(seconds) == text


def test_bands_of_followers_are_written_as_people_of_the_language_say_them():
    assert [ENGLISH.bucket(1000, 10_000), ENGLISH.bucket(100_000, None)] == ["1,000–10,000", "100,000+"]
    assert [CHINESE.bucket(1000, 10_000), CHINESE.bucket(100_000, None)] == ["1,000–1万", "10万+"]
    assert CHINESE.bucket(0, 100) == "0–100"


def test_moments_are_shown_in_shanghai():
    assert ENGLISH.moment("2026-11-03T18:30:01.000Z") == "2026-11-04 02:30"


def test_nothing_per_nothing_is_no_number():
    assert ENGLISH.ratio(5, 2) == "2.5"
    assert ENGLISH.ratio(0, 0) == "–"


@pytest.mark.parametrize(
    "address",
    [
        None,
        "",
        "javascript:alert(1)",
        "http://www.xiaohongshu.com/user/profile/5f00",
        "https://www.xiaohongshu.com.evil.example/user/profile/5f00",
        "https://www.xiaohongshu.com@evil.example/user/profile/5f00",
        "https://www.xiaohongshu.com/user/profile/../../login",
        "https://www.xiaohongshu.com/user/profile/5f00\n",
        'https://www.xiaohongshu.com/user/profile/5f00" onclick="alert(1)',
        "xhsdiscover://user/5f00",
    ],
)
def test_only_a_profile_page_becomes_a_link(address):
    assert profile_link(address) is None


def test_a_profile_page_becomes_a_link():
    address = "https://www.xiaohongshu.com/user/profile/5f0000000000000000000001"
    assert profile_link(address) == address


@pytest.mark.parametrize(
    ("address", "link"),
    [
        (None, None),
        ("data:image/svg+xml,<svg/>", None),
        ("javascript:alert(1)", None),
        ("https://user@host.example/1.jpg", None),
        ("http://sns.example/1.jpg", "https://sns.example/1.jpg"),
        ("https://sns.example/1.jpg?w=120", "https://sns.example/1.jpg?w=120"),
    ],
)
def test_a_picture_is_loaded_over_https_or_not_at_all(address, link):
    assert picture_link(address) == link


def test_calls_at_no_known_price_are_counted_beside_the_money():
    spent = (PricedCalls(Money(Decimal("0.05")), 10), PricedCalls(None, 1_300))
    assert ENGLISH.spent(spent) == "¥0.50, and 1,300 at no known price"
    assert ENGLISH.spent(spent[1:]) is None
    assert replace(ENGLISH, price=Decimal("0.01")).spent(spent) == "¥13.50"
