"""Caps for each account and for all together."""

from decimal import Decimal

from crawler.engine.account_budget import AccountBudget, CommonBudget, CommonCaps
from crawler.engine.budget import Budget, MoneyCaps, Verdict
from crawler.model import Charge

DAY, NEXT_DAY = "2026-11-25", "2026-11-26"
CHEAP, DEAR = Decimal("0.02"), Decimal("0.05")


def account(common, price=CHEAP, **caps):
    own = Budget(caps.get("calls_max"), caps.get("per_day"), money=MoneyCaps(run_max=caps.get("pays_for")))
    return AccountBudget(own, common, price)


def spend(budget, day=DAY, charge=Charge.CHARGED):
    verdict = budget.reserve(day)
    if verdict is Verdict.GO:
        budget.settle(day, charge)
    return verdict


def test_the_caps_of_all_are_shared():
    common = CommonBudget(CommonCaps(calls_max=3))
    one, other = account(common), account(common)
    assert [spend(one), spend(other), spend(one)] == [Verdict.GO] * 3
    assert (spend(one), spend(other)) == (Verdict.RUN_CAP, Verdict.RUN_CAP)


def test_the_caps_of_one_bind_it_alone_and_take_nothing_from_the_others():
    common = CommonBudget(CommonCaps(calls_max=3))
    one, other = account(common, calls_max=1), account(common)
    assert (spend(one), spend(one)) == (Verdict.GO, Verdict.RUN_CAP)
    assert [spend(other), spend(other), spend(other)] == [Verdict.GO, Verdict.GO, Verdict.RUN_CAP]


def test_a_call_under_way_keeps_its_place_in_both():
    common = CommonBudget(CommonCaps(calls_max=1))
    one, other = account(common), account(common)
    assert one.reserve(DAY) is Verdict.GO
    assert other.reserve(DAY) is Verdict.WAIT
    one.settle(DAY, Charge.FREE)
    assert spend(other) is Verdict.GO


def test_a_budget_is_held_at_the_price_of_each_account():
    common = CommonBudget(CommonCaps(budget=Decimal("0.10")))
    cheap, dear = account(common), account(common, DEAR)
    assert [spend(dear), spend(cheap)] == [Verdict.GO] * 2
    assert spend(dear) is Verdict.RUN_BUDGET  # 0.07 are spent
    assert [spend(cheap), spend(cheap)] == [Verdict.GO, Verdict.RUN_BUDGET]


def test_what_a_day_has_cost_already_counts_for_that_day_alone():
    caps = CommonCaps(
        calls_max_per_day=5, budget_per_day=Decimal("0.10"), calls_by_day={DAY: 1},
        money_by_day={DAY: Decimal("0.09")},
    )  # fmt: skip
    cheap = account(CommonBudget(caps))
    assert spend(cheap) is Verdict.DAY_BUDGET
    assert [spend(cheap, NEXT_DAY) for _ in range(6)] == [Verdict.GO] * 5 + [Verdict.DAY_CAP]


def test_a_charge_nobody_knows_counts_as_spent():
    one = account(CommonBudget(CommonCaps(budget=DEAR)), DEAR)
    assert (spend(one, charge=Charge.UNKNOWN), spend(one)) == (Verdict.GO, Verdict.RUN_BUDGET)
