"""Caps of a day, where calls dated in the future count against them: why one is reached, and what helps."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from crawler.clock import next_shanghai_day
from crawler.reasons import Reason, ReasonCode
from crawler.run.spending_check import day_money
from crawler.settings.run import RunSettings
from crawler.store.runs import LaterCalls, calls_charged_on_day, calls_dated_later

DAY_OPTIONS = (_CALLS, _MONEY) = ("--max-calls-per-day", "--budget-per-day")
_OPTIONS = {ReasonCode.DAY_CAP: _CALLS, ReasonCode.BUDGET_PER_DAY: _MONEY}


def reason_with_later_calls(
    connection: sqlite3.Connection, settings: RunSettings, reason: Reason, moment: datetime
) -> Reason:
    """The reason of a run; where a cap of the day is reached with the help of calls dated in the future, it
    says so in its details."""
    option = _OPTIONS.get(reason.code)
    if option is None:
        return reason
    later = calls_dated_later(connection, moment)
    if later is None:
        return reason
    told: dict[str, str | int] = {"later_calls": later.calls, "later_until": later.until}
    without = option_without_later_calls(connection, settings, option, later, moment)
    return Reason(reason.code, told if without is None else told | {"instead": without})


def option_without_later_calls(
    connection: sqlite3.Connection, settings: RunSettings, option: str, later: LaterCalls, moment: datetime
) -> str | None:
    """The option with which that cap leaves for today what it would without the calls dated `later`; None
    where accounts may have caps of their own. Once there are calls of today it is not told any more: nobody
    knows whether the cap has been raised for them already."""
    if settings.accounts or calls_charged_on_day(connection, moment) > later.calls:
        return None
    if option == _CALLS and settings.calls_max_per_day is not None:
        return f"{option} {settings.calls_max_per_day + later.calls}"
    budget, price = settings.budget_per_day, settings.price
    if option == _MONEY and budget is not None and price is not None:
        more = day_money(connection, next_shanghai_day(moment), price.amount)
        return f"{option} {budget.amount + more:f}{budget.currency}"
    return None
