"""Whether a budget can be held at all, which a price decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.errors import InputError
from crawler.i18n import _
from crawler.money import Money

if TYPE_CHECKING:
    from crawler.run_settings import RunSettings


def check_budget(budget: Money | None, price: Money | None) -> None:
    """Raises InputError where a budget cannot be told in calls of this price."""
    if budget is None:
        return
    if price is None or not price.amount:
        raise InputError(_("a budget needs the price of a call: give --price too, such as 0.05CNY"))
    if budget.currency != price.currency:
        message = _("the budget is in %(budget)s and the price in %(price)s: give both in one currency")
        raise InputError(message % {"budget": budget.currency, "price": price.currency})


def check_budget_pays(settings: RunSettings) -> None:
    """Raises InputError where a budget does not pay for a single call: no run could ever make one."""
    for account in settings.senders:
        price = account.price
        for budget in (settings.budget, settings.budget_per_day, account.budget, account.budget_per_day):
            if budget is not None and price is not None and not budget.pays_for(price):
                message = _("the budget of %(budget)s does not pay for one call at %(price)s")
                raise InputError(message % {"budget": budget.amount, "price": price.amount})
