"""Caps for each account and for all together: both are reserved before a call is sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from crawler.engine.budget import Budget, Verdict
from crawler.model import Charge


@dataclass(frozen=True, slots=True)
class CommonCaps:
    """What all accounts together may spend, in calls and in money; None means no cap. `calls_by_day` and
    `money_by_day` are what the ledger has already."""

    calls_max: int | None = None
    calls_max_per_day: int | None = None
    budget: Decimal | None = None
    budget_per_day: Decimal | None = None
    calls_by_day: Mapping[str, int] = field(default_factory=dict)
    money_by_day: Mapping[str, Decimal] = field(default_factory=dict)


class CommonBudget:
    """Counts calls of all accounts, each at its own price, that were or may have been charged."""

    def __init__(self, caps: CommonCaps) -> None:
        self._caps = caps
        self._calls = _Sums()
        self._money = _Sums()
        self._calls.by_day.update({day: Decimal(calls) for day, calls in caps.calls_by_day.items()})
        self._money.by_day.update(caps.money_by_day)

    def reserve(self, day: str, price: Decimal) -> Verdict:
        """Takes a place for a call at `price` on `day` where the verdict is GO."""
        caps, calls, money, one = self._caps, self._calls, self._money, Decimal(1)
        for cap, sums, cost, of_day, reached in (
            (caps.calls_max, calls, one, False, Verdict.RUN_CAP),
            (caps.budget, money, price, False, Verdict.RUN_BUDGET),
            (caps.calls_max_per_day, calls, one, True, Verdict.DAY_CAP),
            (caps.budget_per_day, money, price, True, Verdict.DAY_BUDGET),
        ):
            spent, under_way = sums.of(day) if of_day else sums.of_run()
            if cap is not None and spent + under_way + cost > cap:
                return reached if spent + cost > cap else Verdict.WAIT
        self._calls.begin(day, one)
        self._money.begin(day, price)
        return Verdict.GO

    def release(self, day: str, price: Decimal) -> None:
        """Gives back the place of a call that was not sent."""
        self._calls.begin(day, Decimal(-1))
        self._money.begin(day, -price)

    def settle(self, day: str, price: Decimal, charge: Charge) -> None:
        """Turns a reserved place into spending, unless the call was free; unknown counts as spent."""
        self.release(day, price)
        if charge is not Charge.FREE:
            self._calls.spend(day, Decimal(1))
            self._money.spend(day, price)


class AccountBudget:
    """The caps of one account, behind which stand those of all: the calls of both are reserved at once."""

    def __init__(self, own: Budget, common: CommonBudget, price: Decimal) -> None:
        self._own = own
        self._common = common
        self._price = price

    def reserve(self, day: str) -> Verdict:
        """Takes a place for one call on `day` where the verdict is GO; `settle` or `release` frees it."""
        verdict = self._own.reserve(day)
        if verdict is Verdict.GO:
            verdict = self._common.reserve(day, self._price)
            if verdict is not Verdict.GO:
                self._own.release(day)
        return verdict

    def release(self, day: str) -> None:
        """Gives back the place of a call that was not sent."""
        self._own.release(day)
        self._common.release(day, self._price)

    def settle(self, day: str, charge: Charge) -> None:
        """Turns a reserved place into spending, unless the call was free; unknown counts as spent."""
        self._own.settle(day, charge)
        self._common.settle(day, self._price, charge)


class _Sums:
    """What was spent and what is under way, in all and by day."""

    def __init__(self) -> None:
        self.spent = Decimal(0)
        self.by_day: dict[str, Decimal] = {}
        self._under_way: dict[str, Decimal] = {}

    def of_run(self) -> tuple[Decimal, Decimal]:
        return self.spent, sum(self._under_way.values(), start=Decimal(0))

    def of(self, day: str) -> tuple[Decimal, Decimal]:
        return self.by_day.get(day, Decimal(0)), self._under_way.get(day, Decimal(0))

    def begin(self, day: str, cost: Decimal) -> None:
        self._under_way[day] = self._under_way.get(day, Decimal(0)) + cost

    def spend(self, day: str, cost: Decimal) -> None:
        self.spent += cost
        self.by_day[day] = self.by_day.get(day, Decimal(0)) + cost
