"""What the caps of a run allow, told in charged calls: of calls, of money, of time."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from crawler.clock import next_occurrence
from crawler.forecast import Interval, exactly
from crawler.planning.day_caps import over_midnight, spent_by_day
from crawler.planning.pace import Pace
from crawler.planning.prices import Prices
from crawler.run.spending_check import day_money
from crawler.settings.run import RunSettings
from crawler.store.runs import calls_charged_on_day


@dataclass(frozen=True, slots=True)
class Cap:
    """What an option leaves of charged calls; how many a time leaves is not known exactly, nor how many a cap
    of the day leaves that may begin anew at midnight. `money` is what a budget leaves of money;
    `over_midnight` says that what the next day allows is counted."""

    option: str
    calls: Interval
    money: Interval | None = None
    over_midnight: bool = False

    @property
    def is_reached(self) -> bool:
        """Whether it is expected to end a run that is long enough."""
        return math.isfinite(self.calls.expected or 0.0)


def read_caps(
    connection: sqlite3.Connection,
    settings: RunSettings,
    prices: Prices | None,
    pace: Pace,
    moment: datetime,
) -> tuple[Cap, ...]:
    """Every cap that is set, with what was spent today taken off those of a day; the narrowest first."""
    caps = []
    if settings.calls_max is not None:
        caps.append(Cap("--max-calls", exactly(settings.calls_max)))
    today, later = spent_by_day(pace, moment)
    if settings.calls_max_per_day is not None:
        left = max(0, settings.calls_max_per_day - calls_charged_on_day(connection, moment))
        calls = over_midnight(exactly(left), exactly(settings.calls_max_per_day), today, later)
        caps.append(Cap("--max-calls-per-day", calls, over_midnight=(calls.expected or 0.0) > left))
    of_accounts = [part.calls_left for part in pace.parts if part.calls_left is not None]
    if of_accounts and len(of_accounts) == len(pace.parts):
        caps.append(Cap("[accounts]", _sum(of_accounts)))
    if prices is not None:
        caps += _budgets(connection, settings, prices, (today, later), moment)
    minutes = minutes_left(settings, moment)
    if minutes is not None:
        caps.append(Cap("--until", pace.calls(minutes)))
    return tuple(sorted(caps, key=lambda cap: cap.calls.expected or 0.0))


def _budgets(
    connection: sqlite3.Connection,
    settings: RunSettings,
    prices: Prices,
    spent: tuple[Interval, Interval],
    moment: datetime,
) -> Iterator[Cap]:
    """The budgets of the run; earlier calls of the day that have no price count as the dearest."""
    if settings.budget is not None:
        budget = settings.budget.amount
        yield Cap("--budget", prices.calls_for(budget), exactly(budget))
    if settings.budget_per_day is not None:
        dearest = max(each.price.amount for each in settings.senders if each.price is not None)
        each_day = settings.budget_per_day.amount
        left = max(Decimal(0), each_day - day_money(connection, moment, dearest))
        calls_left, (today, later) = prices.calls_for(left), spent
        calls = over_midnight(calls_left, prices.calls_for(each_day), today, later)
        money = over_midnight(exactly(left), exactly(each_day), prices.cost(today), prices.cost(later))
        beyond = (calls.expected or 0.0) > (calls_left.expected or 0.0)
        yield Cap("--budget-per-day", calls, money, over_midnight=beyond)


def _sum(parts: Sequence[Interval]) -> Interval:
    return Interval(
        sum(each.expected or 0.0 for each in parts),
        sum(each.low for each in parts),
        sum(each.high for each in parts),
    )


def minutes_left(settings: RunSettings, moment: datetime) -> float | None:
    """How long calls may go, None without an end."""
    if settings.until is None:
        return None
    return max(0.0, (next_occurrence(settings.until, moment) - moment).total_seconds() / 60)
