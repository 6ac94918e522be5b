"""Caps on charged calls, reserved before a call is sent, so that no number of workers can overshoot them."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from crawler.model import Charge
from crawler.reasons import ReasonCode


class Verdict(enum.Enum):
    """The answer to a reservation."""

    GO = enum.auto()
    WAIT = enum.auto()  # only calls in flight stand in the way; one of them may turn out free
    RUN_CAP = enum.auto()
    DAY_CAP = enum.auto()
    RUN_BUDGET = enum.auto()
    DAY_BUDGET = enum.auto()


CAP_REASONS = {
    Verdict.RUN_CAP: ReasonCode.CALL_CAP,
    Verdict.DAY_CAP: ReasonCode.DAY_CAP,
    Verdict.RUN_BUDGET: ReasonCode.BUDGET,
    Verdict.DAY_BUDGET: ReasonCode.BUDGET_PER_DAY,
}
"""Why no call is made any more, by the cap that has been reached."""


@dataclass(frozen=True, slots=True)
class MoneyCaps:
    """Budgets of money, told in calls at the run's price; None means no budget.

    `used_by_day` is how many of a day's calls the money is gone for already.
    """

    run_max: int | None = None
    day_max: int | None = None
    used_by_day: Mapping[str, int] = field(default_factory=dict)


class Budget:
    """Counts calls that were or may have been charged, against a cap for the run and one for the day.

    `spent_by_day` holds what the ledger already has for a day; None as a cap means no cap.
    """

    def __init__(
        self,
        run_max: int | None,
        day_max: int | None,
        spent_by_day: dict[str, int] | None = None,
        money: MoneyCaps | None = None,
    ) -> None:
        self._run_max = run_max
        self._day_max = day_max
        self._spent = 0
        self._in_flight = 0
        self._spent_by_day = Counter(spent_by_day)
        self._in_flight_by_day: Counter[str] = Counter()
        self._money = money or MoneyCaps()
        self._used_by_day = Counter(self._money.used_by_day)

    def reserve(self, day: str) -> Verdict:
        """Takes a place for one call on `day` where the verdict is GO; `settle` or `release` frees it."""
        for cap, spent, in_flight, reached in (
            (self._run_max, self._spent, self._in_flight, Verdict.RUN_CAP),
            (self._money.run_max, self._spent, self._in_flight, Verdict.RUN_BUDGET),
            (self._day_max, self._spent_by_day[day], self._in_flight_by_day[day], Verdict.DAY_CAP),
            (self._money.day_max, self._used_by_day[day], self._in_flight_by_day[day], Verdict.DAY_BUDGET),
        ):
            if cap is not None and spent + in_flight >= cap:
                return reached if spent >= cap else Verdict.WAIT
        self._in_flight += 1
        self._in_flight_by_day[day] += 1
        return Verdict.GO

    def release(self, day: str) -> None:
        """Gives back the place of a call that was not sent."""
        self._in_flight -= 1
        self._in_flight_by_day[day] -= 1

    def settle(self, day: str, charge: Charge) -> None:
        """Turns a reserved place into spending, unless the call was free; unknown counts as spent."""
        self.release(day)
        if charge is not Charge.FREE:
            self._spent += 1
            self._spent_by_day[day] += 1
            self._used_by_day[day] += 1
