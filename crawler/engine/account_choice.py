"""Which account makes the next call: a pure decision."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

SOON_SECONDS = 1e-6
"""Too short to wait for: times are sums of floats."""


@dataclass(frozen=True, slots=True)
class Offer:
    """The account at `place` could make a call after `wait_seconds`, for `price`, 0 where none is known."""

    place: int
    wait_seconds: float
    price: Decimal = Decimal(0)


def choose_account(offers: Iterable[Offer]) -> Offer | None:
    """The account that may make a call first, of several that may the cheapest, then as they were declared;
    None where there is no offer."""
    return min(offers, key=_order, default=None)


def _order(offer: Offer) -> tuple[float, Decimal, int]:
    waits = 0.0 if offer.wait_seconds <= SOON_SECONDS else offer.wait_seconds
    return waits, offer.price, offer.place
