"""What the account holds, asked for free; whatever is in the way, the answer is only missing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from crawler.model import Outcome, PageRequest, Reply
from crawler.money import Money, is_currency
from crawler.vendor.client import ApiSettings, open_api

PATH = "/user/get-balance"
PATIENCE_SECONDS = 5.0

_AMOUNT_MAX = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class BalanceAnswer:
    """What the service says of an account's balance, and of the clock here; None where it does not say."""

    balance: Money | None = None
    clock_ahead_seconds: float | None = None


async def ask_balance(settings: ApiSettings) -> BalanceAnswer:
    """What the service says within five seconds."""
    patient = replace(settings, timeout_seconds=min(settings.timeout_seconds, PATIENCE_SECONDS))
    try:
        async with asyncio.timeout(PATIENCE_SECONDS), open_api(patient) as api:
            outcome = await api.call(PageRequest(PATH, {}))
    except TimeoutError:
        return BalanceAnswer()
    ahead_seconds = outcome.clock_ahead_seconds if isinstance(outcome, Reply) else None
    return BalanceAnswer(read_balance(outcome), ahead_seconds)


def read_balance(outcome: Outcome) -> Money | None:
    """The balance in an answer, None where there is none that can be understood."""
    if not isinstance(outcome, Reply) or outcome.code != 0 or not isinstance(outcome.data, dict):
        return None
    balance, currency = outcome.data.get("balance"), outcome.data.get("currency")
    if isinstance(balance, bool) or not isinstance(balance, int | float | str) or not is_currency(currency):
        return None
    try:
        amount = Decimal(str(balance)[:40])
    except InvalidOperation:
        return None
    return Money(amount, str(currency)) if amount.is_finite() and abs(amount) < _AMOUNT_MAX else None
