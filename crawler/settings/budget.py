"""Whether a budget can be held at all, which a price decides."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from crawler.account import Account
from crawler.errors import InputError
from crawler.i18n import _
from crawler.money import Money
from crawler.settings.setting import about

if TYPE_CHECKING:
    from crawler.settings.run import RunSettings


def check_budget(budget: Money | None, price: Money | None) -> None:
    """Raises InputError where a budget cannot be told in calls of this price."""
    if budget is None:
        return
    if price is None:
        raise InputError(_("a budget needs the price of a call: give --price too, such as 0.05CNY"))
    check_price_counts(budget, price)
    if budget.currency != price.currency:
        message = _("the budget is in %(budget)s and the price in %(price)s: give both in one currency")
        raise InputError(message % {"budget": budget.currency, "price": price.currency})


def check_price_counts(budget: Money | None, price: Money) -> None:
    """Raises InputError for a budget that calls at this price would never use up."""
    if budget is not None and not price.amount:
        message = _(
            "a price of 0 never uses up the budget of %s: give what a call costs, such as 0.05CNY, or leave "
            "the budget out"
        )
        raise InputError(message % f"{budget.amount:f}{budget.currency}")


def check_budgets(settings: RunSettings) -> None:
    """Raises InputError, with the account's name, where a budget cannot be told in calls of one's price."""
    for account in settings.senders:
        with about_account(account.name):
            for budget in (*_budgets(settings), *_budgets(account)):
                check_budget(budget, account.price)


def check_budget_pays(settings: RunSettings) -> None:
    """Raises InputError, with the account's name, where a budget does not pay for a single call of it: none
    could ever be made."""
    for account in settings.senders:
        price = account.price
        for budget in (*_budgets(settings), *_budgets(account)):
            if budget is not None and price is not None and not budget.pays_for(price):
                message = _("the budget of %(budget)s does not pay for one call at %(price)s")
                with about_account(account.name):
                    told = {"budget": f"{budget.amount:f}", "price": f"{price.amount:f}"}
                    raise InputError(message % told)


def _budgets(of: RunSettings | Account) -> tuple[Money | None, ...]:
    return of.budget, of.budget_per_day


def about_account(name: str | None) -> AbstractContextManager[None]:
    """An InputError raised within is about the account of that name, if it has one."""
    return about(_("account %s") % name) if name else nullcontext()
