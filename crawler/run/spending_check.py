"""What a run may spend and is about to: budgets told in calls, and what is said before the first one."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from crawler.account import Account
from crawler.clock import days_that_may_come
from crawler.engine.budget import MoneyCaps
from crawler.engine.events import BalanceTold, SpendingAhead
from crawler.errors import InputError
from crawler.i18n import _
from crawler.money import Money
from crawler.settings.budget import about_account
from crawler.settings.run import RunSettings
from crawler.settings.service_address import is_loopback
from crawler.store import runs

if TYPE_CHECKING:
    from crawler.engine.shutdown import Shutdown
    from crawler.vendor.client import ApiSettings

FEW_CALLS = 100
"""A balance that does not pay for so many calls is low, where nobody knows how many there will be."""

AskBalance = Callable[["ApiSettings"], Awaitable[Money | None]]


@dataclass(frozen=True, slots=True)
class WorkAhead:
    """The calls of a run before it begins: of `keywords` that are due, at most `calls_max`."""

    keywords: int
    calls_max: int


def money_caps(
    connection: sqlite3.Connection,
    caps: RunSettings | Account,
    moment: datetime,
    account: str | None = runs.ANY_ACCOUNT,
) -> MoneyCaps:
    """The budgets of a run or an account told in calls at its price; earlier calls of the day count at the
    price they had, or at this one where their run was given none."""
    price, run, day = caps.price, caps.budget, caps.budget_per_day
    run_max = None if run is None or price is None else run.pays_for(price)
    if day is None or price is None:
        return MoneyCaps(run_max)
    day_max = day.pays_for(price)
    spent = money_by_day(connection, moment, price.amount, account)
    left = {each: Money(day.amount - paid, day.currency).pays_for(price) for each, paid in spent.items()}
    return MoneyCaps(run_max, day_max, {each: day_max - calls for each, calls in left.items()})


def money_by_day(
    connection: sqlite3.Connection,
    moment: datetime,
    unpriced: Decimal,
    account: str | None = runs.ANY_ACCOUNT,
) -> dict[str, Decimal]:
    """What `day_money` says of the days that a run begun at that moment may see first."""
    days = days_that_may_come(moment)
    return {day: day_money(connection, of_day, unpriced, account) for day, of_day in days.items()}


def day_money(
    connection: sqlite3.Connection,
    moment: datetime,
    unpriced: Decimal,
    account: str | None = runs.ANY_ACCOUNT,
) -> Decimal:
    """What the day's calls have cost, those without a price at `unpriced`."""
    paid = runs.prices_on_day(connection, moment, account)
    return sum(((price.amount if price else unpriced) * calls for price, calls in paid), start=Decimal(0))


def check_currency(connection: sqlite3.Connection, settings: RunSettings, moment: datetime) -> None:
    """Raises InputError where a budget of the day cannot be held: earlier calls of the day were paid in
    another currency."""
    daily: list[tuple[Money | None, str | None]] = [(settings.budget_per_day, runs.ANY_ACCOUNT)]
    daily += [(each.budget_per_day, each.name) for each in settings.accounts]
    for budget, account in daily:
        if budget is None:
            continue
        for paid, _calls in runs.prices_on_day(connection, moment, account):
            if paid is not None and paid.currency != budget.currency:
                message = _(
                    "calls of today were paid in %(paid)s: a daily budget in %(budget)s cannot be held"
                )
                with about_account(account):
                    raise InputError(message % {"paid": paid.currency, "budget": budget.currency})


def calls_within_caps(settings: RunSettings) -> int | None:
    """The most calls that the caps of the run and of its accounts let be charged, None without a cap."""
    senders = settings.senders
    prices = [each.price for each in senders if each.price is not None]
    cheapest = min(prices, key=lambda price: price.amount, default=None)
    caps = _caps(settings, cheapest)
    by_account = [min(_caps(each, each.price), default=None) for each in senders]
    if all(cap is not None for cap in by_account):
        caps.append(sum(cap for cap in by_account if cap is not None))
    return min(caps, default=None)


def _caps(caps: RunSettings | Account, price: Money | None) -> list[int]:
    """Every cap of a run or an account, told in calls at that price."""
    found = [cap for cap in (caps.calls_max, caps.calls_max_per_day) if cap is not None]
    if price is not None and price.amount:
        budgets = (caps.budget, caps.budget_per_day)
        found += [budget.pays_for(price) for budget in budgets if budget is not None]
    return found


def first_spending(
    connection: sqlite3.Connection, settings: RunSettings, ahead: WorkAhead
) -> SpendingAhead | None:
    """What is to be said, and asked, before the first paid calls of a database; None where these were made,
    where a cap binds them, where nothing is due, and for a simulator."""
    simulated = all(is_loopback(each.base_url) for each in settings.senders)
    if simulated or calls_within_caps(settings) is not None or not ahead.keywords:
        return None
    if runs.ever_called(connection):
        return None
    prices = [each.price for each in settings.senders]
    dearest = None if None in prices else max((p for p in prices if p), key=lambda price: price.amount)
    money = None if dearest is None else dearest.times(ahead.calls_max)
    return SpendingAhead(ahead.keywords, ahead.calls_max, money)


async def balances_told(
    settings: RunSettings, ahead: WorkAhead, shutdown: Shutdown, ask: AskBalance
) -> list[BalanceTold | None]:
    """What each account holds, None where nobody says so; nothing where no call is ahead. A run that is
    ending waits for no answer. The token of an account that is bound to a cluster worker is not used
    here: it is seen at that worker's address alone."""
    import asyncio  # this and the client are loaded where a run begins, not for a plan or a command's help

    from crawler.vendor.client import ApiSettings

    cap = calls_within_caps(settings)
    if not ahead.calls_max or cap == 0 or shutdown.requested:
        return []
    senders = settings.senders
    asking = [
        asyncio.ensure_future(
            _not_asked()
            if settings.cluster is not None and each.worker is not None
            else ask(ApiSettings(each.base_url, each.token, settings.timeout_seconds))
        )
        for each in senders
    ]
    ending = asyncio.ensure_future(shutdown.wait_requested())
    tasks: list[asyncio.Future[Any]] = [*asking, ending]
    try:
        while not ending.done() and (waiting := [each for each in asking if not each.done()]):
            await asyncio.wait((*waiting, ending), return_when=asyncio.FIRST_COMPLETED)
        balances = [each.result() if each.done() else None for each in asking]
    finally:
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.wait(tasks)
    return [
        None if balance is None else BalanceTold(balance, _missing(balance, account.price, ahead, cap))
        for account, balance in zip(senders, balances, strict=True)
    ]


async def _not_asked() -> None:
    """Nobody says what the account holds."""


def _missing(balance: Money, price: Money | None, ahead: WorkAhead, cap: int | None) -> Money | None:
    """The money that may be needed, where the balance falls short of it."""
    if price is None or price.currency != balance.currency:
        return None
    needed = price.times(min(ahead.calls_max, FEW_CALLS if cap is None else cap))
    return needed if balance.amount < needed.amount else None
