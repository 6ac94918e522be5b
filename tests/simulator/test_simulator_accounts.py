"""Pace, quota and money of a token, as timelines."""

from datetime import UTC, datetime

import pytest

from crawler.simulator import SimulatorSettings
from crawler.simulator.accounts import Accounts

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


class Till:
    """Accounts under fixed settings."""

    def __init__(self, **settings):
        self.settings = SimulatorSettings(**settings)
        self.accounts = Accounts()

    def call(self, at=0.0, now=NOON, token="t", code=0):
        """The code of a refusal; a call let through is charged with `code` and gives None."""
        refusal = self.accounts.refusal(token, self.settings, at, now)
        if refusal is None:
            self.accounts.charge(token, code)
        return refusal and refusal.code

    def wait_seconds(self, at):
        refusal = self.accounts.refusal("t", self.settings, at, NOON)
        return refusal and refusal.wait_seconds


def test_the_rate_limit_holds_in_any_window():
    till = Till(rate_limit=2, rate_window_seconds=1.0)
    assert [till.call(at) for at in (0.0, 0.9, 0.95, 1.0, 1.5, 1.9)] == [None, None, 302, None, 302, None]


def test_calls_spaced_at_the_rate_are_never_refused():
    till = Till(rate_limit=10, rate_window_seconds=1.0)
    at = 0.0
    for _call in range(1_000):
        assert till.call(at) is None
        at += 0.1


def test_a_refused_call_does_not_count_for_the_pace():
    till = Till(rate_limit=1, rate_window_seconds=60.0)
    assert [till.call(at) for at in (0.0, 30.0, 60.0)] == [None, 302, None]


def test_a_refusal_knows_when_there_is_room_again():
    till = Till(rate_limit=1, rate_window_seconds=60.0)
    till.call(0.0)
    assert till.wait_seconds(45.0) == pytest.approx(15.0)


def test_a_lowered_limit_waits_until_enough_calls_are_out_of_the_window():
    till = Till(rate_limit=3, rate_window_seconds=10.0)
    for at in (0.0, 1.0, 2.0):
        till.call(at)
    till.settings = SimulatorSettings(rate_limit=1, rate_window_seconds=10.0)
    assert till.wait_seconds(5.0) == pytest.approx(7.0)


def test_the_quota_comes_back_with_the_day_in_shanghai():
    till = Till(daily_quota=1)
    before_midnight = datetime(2026, 11, 25, 15, 59, 59, tzinfo=UTC)
    midnight = datetime(2026, 11, 25, 16, 0, 0, tzinfo=UTC)
    assert [till.call(now=now) for now in (NOON, before_midnight, midnight, midnight)] == [
        None,
        303,
        None,
        303,
    ]


def test_only_code_0_uses_up_the_quota():
    till = Till(daily_quota=1)
    assert [till.call(code=code) for code in (201, 201, 0, 0)] == [None, None, None, 303]


def test_the_quota_can_be_given_back():
    till = Till(daily_quota=1)
    till.call()
    till.accounts.reset_quota()
    assert till.call() is None


def test_each_token_has_a_pace_a_quota_and_money_of_its_own():
    till = Till(daily_quota=1, rate_limit=5, balance=0.02, price=0.01)
    assert [till.call(token=token) for token in ("a", "a", "b")] == [None, 303, None]


def test_money_lasts_for_exactly_as_many_calls_as_it_pays():
    till = Till(balance=0.3, price=0.1)
    assert [till.call() for _call in range(4)] == [None, None, None, 601]
    assert till.accounts.balance("t", till.settings) == 0.0


def test_a_top_up_lets_the_calls_go_on():
    till = Till(balance=0.1, price=0.1)
    assert [till.call(), till.call()] == [None, 601]
    till.settings = SimulatorSettings(balance=0.2, price=0.1)
    assert till.call() is None


def test_a_token_has_a_spending_cap():
    till = Till(token_cap=0.2, price=0.1)
    assert [till.call() for _call in range(3)] == [None, None, 602]


@pytest.mark.parametrize(("token", "code"), [("", 101), ("wrong", 100), ("barred", 600), ("good", None)])
def test_a_token_is_missing_wrong_barred_or_good(token, code):
    settings = SimulatorSettings(tokens=("good", "barred"), barred_tokens=("barred",))
    refusal = Accounts().token_refusal(token, settings)
    assert (refusal and refusal.code) == code
