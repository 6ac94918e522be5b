"""Money: an exact amount in a currency, as people write it and as it is shown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

DEFAULT_CURRENCY = "CNY"
"""What a number alone is in: the vendor's currency."""

_WRITTEN = re.compile(r"[¥￥]?\s*([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*([A-Za-z]{3}|元)?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency, three capital letters; `str` gives it to the cent: `¥1,234.50`, `1.20 USD`."""

    amount: Decimal
    currency: str = DEFAULT_CURRENCY

    def __str__(self) -> str:
        amount = f"{self.amount.quantize(_CENT, ROUND_HALF_UP):,}"
        return f"¥{amount}" if self.currency == DEFAULT_CURRENCY else f"{amount} {self.currency}"

    def times(self, calls: int) -> Money:
        """What so many calls cost at this price."""
        return Money(self.amount * calls, self.currency)

    def pays_for(self, price: Money) -> int:
        """How many calls at `price`, of the same currency and more than nothing, this pays for in full."""
        assert self.currency == price.currency
        return max(0, int(self.amount // price.amount))


def read_money(text: str) -> Money | None:
    """The money that `20`, `0.05CNY`, `¥0.05` or `1.5 usd` names, None for anything else."""
    match = _WRITTEN.fullmatch(text.strip())
    if match is None:
        return None
    number, currency = match.groups()
    named = (currency or DEFAULT_CURRENCY).upper()
    return Money(Decimal(number), DEFAULT_CURRENCY if named == "元" else named)


def stored_money(amount: str | None, currency: str | None) -> Money | None:
    """The money in two columns of the database, None where there is none."""
    return None if amount is None or currency is None else Money(Decimal(amount), currency)


def is_currency(text: object) -> bool:
    """Whether a value from outside is a currency's code."""
    return isinstance(text, str) and _CURRENCY.fullmatch(text) is not None
