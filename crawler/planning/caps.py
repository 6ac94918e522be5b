"""What the caps of a run allow, told in charged calls: of calls, of money, of time."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from datetime import datetime

from crawler.clock import next_occurrence, shanghai_day
from crawler.forecast import Interval
from crawler.planning.accounts import calls_left
from crawler.planning.pace import Pace
from crawler.run.spending_check import money_caps
from crawler.run_settings import RunSettings
from crawler.store.runs import calls_charged_on_day


@dataclass(frozen=True, slots=True)
class Cap:
    """What an option leaves of charged calls; how many a time leaves is not known exactly."""

    option: str
    calls: Interval


def read_caps(
    connection: sqlite3.Connection, settings: RunSettings, pace: Pace, moment: datetime
) -> tuple[Cap, ...]:
    """Every cap that is set, with what was spent today taken off those of a day; the narrowest first."""
    money, today = money_caps(connection, _priced(settings), moment), shanghai_day(moment)
    left: dict[str, int | None] = {
        "--max-calls": settings.calls_max,
        "--max-calls-per-day": _left(settings.calls_max_per_day, calls_charged_on_day(connection, moment)),
        "--budget": money.run_max,
        "--budget-per-day": _left(money.day_max, money.used_by_day.get(today, 0)),
    }
    of_accounts = [calls_left(connection, each, moment) for each in settings.accounts]
    if of_accounts and None not in of_accounts:
        left["[accounts]"] = sum(filter(None, of_accounts))
    caps = [Cap(option, Interval(calls, calls, calls)) for option, calls in left.items() if calls is not None]
    minutes = minutes_left(settings, moment)
    if minutes is not None:
        caps.append(Cap("--until", pace.calls(minutes)))
    return tuple(sorted(caps, key=lambda cap: cap.calls.expected or 0.0))


def _priced(settings: RunSettings) -> RunSettings:
    """The run at the price of its dearest account, so that a budget promises no call that it does not pay."""
    prices = [each.price for each in settings.senders if each.price is not None]
    return replace(settings, price=max(prices, key=lambda price: price.amount, default=None))


def minutes_left(settings: RunSettings, moment: datetime) -> float | None:
    """How long calls may go, None without an end."""
    if settings.until is None:
        return None
    return max(0.0, (next_occurrence(settings.until, moment) - moment).total_seconds() / 60)


def _left(cap: int | None, spent: int) -> int | None:
    return None if cap is None else max(0, cap - spent)
