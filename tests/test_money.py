"""Money as it is written, shown and told in calls."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.keywords.samples import SAMPLES, digest
from crawler.model import CallFailed, FailureKind, Reply
from crawler.money import Money, read_money
from crawler.vendor.balance import read_balance
from tests.test_readme import ROOT


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("0.05", "0.05", "CNY"),
        (" 20CNY ", "20", "CNY"),
        ("1.5 usd", "1.5", "USD"),
        ("¥0.05", "0.05", "CNY"),
        ("￥3元", "3", "CNY"),
        ("0", "0", "CNY"),
    ],
)
def test_money_is_a_number_and_a_currency(text, amount, currency):
    assert read_money(text) == Money(Decimal(amount), currency)


@pytest.mark.parametrize(
    "text", ["", "free", "-1", "nan", "1e9", "1,5", "5 CN", "CNY", "٣", "1" * 10, "0.1234567891"]
)
def test_what_is_no_money_is_none(text):
    assert read_money(text) is None


def test_money_is_shown_to_the_cent():
    assert str(Money(Decimal("1234.505"))) == "¥1,234.51"
    assert str(Money(Decimal("0.5"), "USD")) == "0.50 USD"


amounts = st.decimals(0, 999_999, places=6)


@given(amounts, amounts.filter(bool))
def test_a_budget_pays_for_calls_to_the_last_one_and_not_beyond(budget, price):
    calls = Money(budget).pays_for(Money(price))
    assert price * calls <= budget < price * (calls + 1)


def test_three_calls_at_a_third_of_a_budget_are_three():
    assert Money(Decimal("0.3")).pays_for(Money(Decimal("0.1"))) == 3
    assert Money(Decimal("-1")).pays_for(Money(Decimal("0.1"))) == 0


def reply(data: object, code: int = 0) -> Reply:
    return Reply(200, code, "", data, b"", 1, None)


@pytest.mark.parametrize("amount", [12.34, "12.34"])
def test_a_balance_is_read_exactly(amount):
    assert read_balance(reply({"balance": amount, "currency": "CNY"})) == Money(Decimal("12.34"))


@pytest.mark.parametrize(
    "data",
    [
        None, [], {}, {"balance": 1}, {"balance": True, "currency": "CNY"}, {"balance": 1, "currency": "***"},
        {"balance": "nan", "currency": "CNY"}, {"balance": "1e999999", "currency": "CNY"},
        {"balance": 1, "currency": "CNY\x1b[2J"}, {"balance": 10**400, "currency": "CNY"},
    ],
)  # fmt: skip
def test_what_is_no_balance_is_none(data):
    assert read_balance(reply(data)) is None


def test_a_refusal_and_a_failure_tell_no_balance():
    assert read_balance(reply({"balance": 1, "currency": "CNY"}, code=100)) is None
    assert read_balance(CallFailed(FailureKind.TIMEOUT, "", 5000)) is None


def test_the_samples_are_known_by_what_they_hold():
    assert {digest(file.read_bytes()) for file in (ROOT / "keywords").iterdir()} == SAMPLES
