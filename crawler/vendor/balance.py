"""What the account holds, asked for free; whatever is in the way, the answer is only missing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal, InvalidOperation

from crawler.model import Outcome, PageRequest, Reply
from crawler.money import Money, is_currency
from crawler.vendor.client import ApiSettings, open_api

PATH = "/user/get-balance"
PATIENCE_SECONDS = 5.0

_AMOUNT_MAX = Decimal(10) ** 12


async def ask_balance(settings: ApiSettings) -> Money | None:
    """The account's balance, None where the service does not say it within five seconds."""
    patient = replace(settings, timeout_seconds=min(settings.timeout_seconds, PATIENCE_SECONDS))
    try:
        async with asyncio.timeout(PATIENCE_SECONDS), open_api(patient) as api:
            return read_balance(await api.call(PageRequest(PATH, {})))
    except TimeoutError:
        return None


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
