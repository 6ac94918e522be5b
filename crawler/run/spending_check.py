"""What a run may spend and is about to: budgets told in calls, and what is said before the first one."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from crawler.clock import shanghai_day
from crawler.engine.budget import MoneyCaps
from crawler.engine.events import BalanceTold, SpendingAhead
from crawler.errors import InputError
from crawler.i18n import _
from crawler.money import Money
from crawler.run_settings import RunSettings, is_loopback
from crawler.store import runs

if TYPE_CHECKING:
    from crawler.engine.shutdown import Shutdown
    from crawler.vendor.client import ApiSettings

FEW_CALLS = 100
"""A balance that does not pay for so many calls is low, where nobody knows how many there will be."""

AskBalance = Callable[["ApiSettings"], Awaitable[Money | None]]


@dataclass(frozen=True, slots=True)
class Ahead:
    """The calls of a run before it begins: of `keywords` that are due, at most `calls_max`."""

    keywords: int
    calls_max: int


def money_caps(connection: sqlite3.Connection, settings: RunSettings, moment: datetime) -> MoneyCaps:
    """The budgets told in calls at the run's price; earlier calls of the day count at the price they had, or
    at this one where their run was given none."""
    price, run, day = settings.price, settings.budget, settings.budget_per_day
    run_max = None if run is None or price is None else run.pays_for(price)
    if day is None or price is None:
        return MoneyCaps(run_max)
    spent = sum(
        ((paid or price).amount * calls for paid, calls in runs.prices_on_day(connection, moment)),
        start=Decimal(0),
    )
    day_max = day.pays_for(price)
    left = Money(day.amount - spent, day.currency).pays_for(price)
    return MoneyCaps(run_max, day_max, {shanghai_day(moment): day_max - left})


def check_currency(connection: sqlite3.Connection, settings: RunSettings, moment: datetime) -> None:
    """Raises InputError where a budget of the day cannot be held: earlier calls of the day were paid in
    another currency."""
    if settings.budget_per_day is None:
        return
    for paid, _calls in runs.prices_on_day(connection, moment):
        if paid is not None and paid.currency != settings.budget_per_day.currency:
            message = _("calls of today were paid in %(paid)s: a daily budget in %(budget)s cannot be held")
            raise InputError(message % {"paid": paid.currency, "budget": settings.budget_per_day.currency})


def calls_within_caps(settings: RunSettings) -> int | None:
    """The most calls that the run's caps let be charged, None where there is no cap."""
    caps = [cap for cap in (settings.calls_max, settings.calls_max_per_day) if cap is not None]
    if settings.price is not None:
        budgets = (settings.budget, settings.budget_per_day)
        caps += [budget.pays_for(settings.price) for budget in budgets if budget is not None]
    return min(caps, default=None)


def first_spending(
    connection: sqlite3.Connection, settings: RunSettings, ahead: Ahead
) -> SpendingAhead | None:
    """What is to be said, and asked, before the first paid calls of a database; None where these were made,
    where a cap binds them, where nothing is due, and for a simulator."""
    if is_loopback(settings.base_url) or calls_within_caps(settings) is not None or not ahead.keywords:
        return None
    if runs.ever_called(connection):
        return None
    money = None if settings.price is None else settings.price.times(ahead.calls_max)
    return SpendingAhead(ahead.keywords, ahead.calls_max, money)


async def balance_told(
    settings: RunSettings, ahead: Ahead, shutdown: Shutdown, ask: AskBalance
) -> BalanceTold | None:
    """What the account holds, None where nobody says so or no call is ahead; a run that is ending waits for
    no answer."""
    import asyncio  # this and the client are loaded where a run begins, not for a plan or a command's help

    from crawler.vendor.client import ApiSettings

    cap = calls_within_caps(settings)
    if not ahead.calls_max or cap == 0 or shutdown.requested:
        return None
    asking = asyncio.ensure_future(
        ask(ApiSettings(settings.base_url, settings.token, settings.timeout_seconds))
    )
    ending = asyncio.ensure_future(shutdown.wait_requested())
    try:
        await asyncio.wait({asking, ending}, return_when=asyncio.FIRST_COMPLETED)
        balance = asking.result() if asking.done() else None
    finally:
        for task in (asking, ending):
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.wait({asking, ending})
    return None if balance is None else BalanceTold(balance, _missing(balance, settings.price, ahead, cap))


def _missing(balance: Money, price: Money | None, ahead: Ahead, cap: int | None) -> Money | None:
    """The money that may be needed, where the balance falls short of it."""
    if price is None or price.currency != balance.currency:
        return None
    needed = price.times(min(ahead.calls_max, FEW_CALLS if cap is None else cap))
    return needed if balance.amount < needed.amount else None
