"""Several accounts in a run: who stops, who goes on, what the run ends for, and how fast all are together."""

from collections import Counter
from dataclasses import replace

import pytest

from crawler.engine.events import AccountParked, OfAccount, QuotaBack, QuotaWait
from crawler.reasons import Reason, ReasonCode, soonest
from crawler.simulator import SimulatorSettings
from tests.simulation.checks import violations
from tests.simulation.play import play
from tests.simulation.scenario import AccountLife, Ending, EndingKind, Life, Scenario

KEYWORDS = tuple((f"关键词{number}", None) for number in range(40))
WORLD = SimulatorSettings(
    seed=5, creators=200, users_per_page=2, pages_per_keyword=(2, 2), latency_seconds=(0.5, 1.0)
)
A, B, C = (AccountLife(name, rate="2/s") for name in ("a", "b", "c"))


def scenario(*lives, **service):
    return Scenario(5, KEYWORDS, 3, replace(WORLD, **service), lives)


def kept(place, *lives, **service):
    """The history of a scenario in which every promise is kept."""
    history = play(scenario(*lives, **service), place)
    assert violations(history) == {}
    return history


def stopped(life):
    return {each.name: each.reason and each.reason.code for each in life.summary.accounts}


def by_token(history, life):
    return Counter(line.token for line in history.lines if life.begun <= line.at <= life.ended)


def test_a_quota_and_a_refusal_stop_their_accounts_and_the_others_finish(folder):
    refusals = {A.token: {"daily_quota": 5}, C.token: {"tokens": ()}}
    first = (history := kept(folder, Life(accounts=(A, B, C)), accounts=refusals)).lived[0]
    assert first.summary.reason.code is ReasonCode.ALL_DONE
    assert stopped(first) == {
        "a": ReasonCode.DAILY_QUOTA, "b": None, "c": ReasonCode.TOKEN_INVALID,
    }  # fmt: skip
    parked = [each.account for each in history.events if isinstance(getattr(each, "event", 0), AccountParked)]
    assert sorted(parked) == ["a", "c"]


def test_the_run_ends_when_no_account_is_left_for_what_is_over_soonest(folder):
    refusals = {A.token: {"daily_quota": 5}, B.token: {"balance": 0.03}, C.token: {"tokens": ()}}
    first = kept(folder, Life(accounts=(A, B, C)), accounts=refusals).lived[0]
    assert first.summary.reason.code is ReasonCode.DAILY_QUOTA
    assert first.summary.exit_code == 75
    assert set(stopped(first).values()) == {
        ReasonCode.DAILY_QUOTA, ReasonCode.BALANCE, ReasonCode.TOKEN_INVALID,
    }  # fmt: skip


def test_a_quota_is_waited_for_only_when_no_account_has_any_left(folder):
    refusals = {A.token: {"daily_quota": 5}, B.token: {"daily_quota": 40}}
    life = Life(accounts=(A, B), wait_for_quota=True)
    history = kept(folder, life, accounts=refusals)
    first = history.lived[0]
    assert first.summary.reason.code is ReasonCode.ALL_DONE
    waits = [each.account for each in history.events if isinstance(getattr(each, "event", 0), QuotaWait)]
    backs = [each for each in history.events if isinstance(getattr(each, "event", 0), QuotaBack)]
    assert waits[:2] == ["a", "b"]
    assert backs
    assert any(isinstance(each, OfAccount) for each in history.events)


def test_the_cheapest_is_asked_first_as_long_as_it_may(folder):
    cheap, dear = AccountLife("a", price="0.02"), AccountLife("b", price="0.05")
    history = kept(folder, Life(workers=4, accounts=(dear, replace(cheap, calls_max=30))))
    asked = by_token(history, history.lived[0])
    assert (asked[cheap.token], asked[dear.token]) == (30, len(history.lines) - 30)
    assert {line.token for line in history.lines[:30]} == {cheap.token}


def test_all_together_are_as_fast_as_each_of_them_allows(folder):
    accounts = (A, replace(B, rate="4/s"), replace(C, rate="60/m"))
    history = kept(folder, Life(workers=40, accounts=accounts))
    first = history.lived[0]
    asked, seconds = by_token(history, first), first.ended - first.begun
    assert sum(asked.values()) / seconds >= 0.95 * 7
    assert asked[B.token] > asked[A.token] > asked[C.token]


def test_an_account_that_cannot_be_reached_is_probed_while_another_goes_on(folder):
    history = play(scenario(Life(accounts=(A, B)), accounts={}), folder, open_client=unreachable_for(A.token))
    first = history.lived[0]
    assert first.summary.reason.code is ReasonCode.ALL_DONE
    assert stopped(first)["b"] is None
    assert by_token(history, first)[A.token] == 0


def unreachable_for(token):
    """A client that connects nowhere for one account."""
    from contextlib import asynccontextmanager

    from crawler.model import CallFailed, FailureKind, NoConnection
    from crawler.vendor.client import open_api

    class Unreachable:
        async def call(self, request):
            return CallFailed(FailureKind.NOT_SENT, "", 0, no_connection=NoConnection.REFUSED)

    @asynccontextmanager
    async def opened(settings):
        async with open_api(settings) as api:
            yield Unreachable() if settings.token == token else api

    return opened


def test_a_killed_run_leaves_each_account_what_it_has_learnt(folder):
    limits = {
        A.token: {"rate_limit": 2, "rate_window_seconds": 1.0},
        B.token: {"rate_limit": 5, "rate_window_seconds": 1.0},
    }
    auto = tuple(replace(each, rate="auto") for each in (A, B))
    killed = Life(workers=40, accounts=auto, ending=Ending(EndingKind.KILL_AT, seconds=12.0))
    history = kept(folder, killed, Life(workers=40, accounts=auto), accounts=limits)
    second = history.lived[1]
    lines = [line for line in history.lines if second.begun <= line.at <= second.ended]
    assert sum(line.code == 302 for line in lines) <= 0.05 * len(lines) + 2


@pytest.mark.parametrize(
    ("codes", "reason"),
    [
        (["token_invalid", "daily_quota"], "daily_quota"),
        (["daily_quota", "call_cap"], "call_cap"),
        (["token_invalid", "balance"], "balance"),
        (["outage", "day_cap"], "day_cap"),
        (["no_such_route", "token_invalid"], "no_such_route"),
    ],
)
def test_what_goes_on_soonest_by_itself_is_why_a_run_ends(codes, reason):
    assert soonest(Reason(ReasonCode(code)) for code in codes).code == reason
