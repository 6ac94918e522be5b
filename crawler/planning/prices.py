"""What calls cost by accounts of different prices, and how many of them an amount of money pays for."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from crawler.forecast import Interval
from crawler.money import Money
from crawler.planning.accounts import usual_price
from crawler.planning.pace import Pace, Part
from crawler.settings.run import RunSettings


@dataclass(frozen=True, slots=True)
class Offer:
    """Calls that can be made at a price: how many, None where no cap of the account's own binds them."""

    price: Decimal
    calls_left: int | None = None


@dataclass(frozen=True, slots=True)
class Prices:
    """What the calls of a run cost: `usual` on average, and what each account takes, the cheapest first."""

    usual: Money
    offers: tuple[Offer, ...]

    def calls_for(self, money: Decimal) -> Interval:
        """How many calls so much pays for: at most the cheapest, at least the dearest."""
        least, most = _paid_by(money, self.offers[::-1]), _paid_by(money, self.offers)
        usual = int(money // self.usual.amount)
        return Interval(min(max(least, usual), most), least, most)

    def cost(self, calls: Interval) -> Interval:
        """What so many calls cost: at least the cheapest, at most the dearest."""
        cheapest, dearest = self.offers, self.offers[::-1]
        expected = calls.expected
        if expected is not None:  # the average would let an account make more calls than its caps leave
            usual = expected * float(self.usual.amount)
            expected = min(max(_cost(expected, cheapest), usual), _cost(expected, dearest))
        return Interval(expected, _cost(calls.low, cheapest), _cost(calls.high, dearest))

    def in_full(self, calls: Interval) -> Money:
        """What it costs to read all that is due, in as many nights as it takes: at the usual price, at most
        at the dearest one where no number of calls is expected."""
        if calls.expected is None:
            return Money(self.offers[-1].price, self.usual.currency).times(round(calls.high))
        return self.usual.times(round(calls.expected))


def read_prices(
    connection: sqlite3.Connection, endpoint_id: int, settings: RunSettings, pace: Pace
) -> Prices | None:
    """What each account of a run takes; None where a price is not known or they are in several currencies."""
    usual = usual_price(connection, endpoint_id, settings)
    if usual is None:
        return None
    parts = pace.parts or [None] * len(settings.senders)
    offers = [
        Offer(each.price.amount, None if part is None else _calls_most(part))
        for each, part in zip(settings.senders, parts, strict=True)
        if each.price is not None
    ]
    return Prices(usual, tuple(sorted(offers, key=lambda offer: offer.price)))


def _calls_most(part: Part) -> int | None:
    """The most calls that an account's caps may leave; None where nothing binds it."""
    most = math.inf if part.calls_left is None else part.calls_left.high
    return None if math.isinf(most) else int(most)


def _paid_by(money: Decimal, offers: Iterable[Offer]) -> int:
    """How many calls are made of what is offered, in that order, before the money is gone."""
    calls = 0
    for offer in offers:
        paid = int(money // offer.price)
        made = paid if offer.calls_left is None else min(paid, offer.calls_left)
        calls, money = calls + made, money - made * offer.price
    return calls


def _cost(calls: float, offers: Iterable[Offer]) -> float:
    """What so many calls cost, made by what is offered in that order."""
    cost = 0.0
    for offer in offers:
        made = calls if offer.calls_left is None else min(calls, offer.calls_left)
        cost += made * float(offer.price)
        if made == calls:  # which may be without end
            break
        calls -= made
    return cost
