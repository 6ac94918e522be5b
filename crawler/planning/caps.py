"""What the caps of a run allow, told in charged calls: of calls, of money, of time."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from crawler.clock import next_occurrence
from crawler.forecast import Interval
from crawler.planning.accounts import calls_left
from crawler.planning.pace import Pace
from crawler.planning.prices import Prices
from crawler.run.spending_check import day_money
from crawler.run_settings import RunSettings
from crawler.store.runs import calls_charged_on_day


@dataclass(frozen=True, slots=True)
class Cap:
    """What an option leaves of charged calls; how many a time leaves is not known exactly."""

    option: str
    calls: Interval


def read_caps(
    connection: sqlite3.Connection,
    settings: RunSettings,
    prices: Prices | None,
    budgets: Mapping[str, Decimal],
    pace: Pace,
    moment: datetime,
) -> tuple[Cap, ...]:
    """Every cap that is set, with what was spent today taken off those of a day; the narrowest first.

    `budgets` are what `money_left` says.
    """
    counted = {
        "--max-calls": settings.calls_max,
        "--max-calls-per-day": _left(settings.calls_max_per_day, calls_charged_on_day(connection, moment)),
    }
    of_accounts = [calls_left(connection, each, moment) for each in settings.accounts]
    if of_accounts and None not in of_accounts:
        counted["[accounts]"] = sum(filter(None, of_accounts))
    caps = [Cap(option, Interval(left, left, left)) for option, left in counted.items() if left is not None]
    if prices is not None:
        caps += [Cap(option, prices.calls_for(money)) for option, money in budgets.items()]
    minutes = minutes_left(settings, moment)
    if minutes is not None:
        caps.append(Cap("--until", pace.calls(minutes)))
    return tuple(sorted(caps, key=lambda cap: cap.calls.expected or 0.0))


def money_left(connection: sqlite3.Connection, settings: RunSettings, moment: datetime) -> dict[str, Decimal]:
    """What is left of each budget of the run, by its option; earlier calls of the day that have no price
    count as the dearest."""
    left = {} if settings.budget is None else {"--budget": settings.budget.amount}
    if settings.budget_per_day is not None:
        dearest = max(each.price.amount for each in settings.senders if each.price is not None)
        spent = day_money(connection, moment, dearest)
        left["--budget-per-day"] = max(Decimal(0), settings.budget_per_day.amount - spent)
    return left


def minutes_left(settings: RunSettings, moment: datetime) -> float | None:
    """How long calls may go, None without an end."""
    if settings.until is None:
        return None
    return max(0.0, (next_occurrence(settings.until, moment) - moment).total_seconds() / 60)


def _left(cap: int | None, spent: int) -> int | None:
    return None if cap is None else max(0, cap - spent)
