"""What each account of a run is expected to carry: its pace, its price, what its caps leave."""

from __future__ import annotations

import math
import sqlite3
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from crawler.account import Account
from crawler.clock import Now, shanghai_day
from crawler.forecast import Interval, exactly
from crawler.money import Money
from crawler.planning.day_caps import over_midnight, spent_by_day
from crawler.planning.pace import SAFE_CALLS_PER_MINUTE, Pace, PaceFrom, Part, read_pace
from crawler.rate import parse_rate
from crawler.run.spending_check import money_caps
from crawler.settings.run import RunSettings
from crawler.store.rate_limits import read_limit
from crawler.store.runs import calls_charged_on_day

_LEAST_SURE_FIRST = (PaceFrom.SAFE, PaceFrom.RUNS, PaceFrom.RATE)


@dataclass(frozen=True, slots=True)
class AccountPlan:
    """One account of several: the calls a minute it carries, what one costs, and how many charged ones its
    own caps leave today, None where there is no cap."""

    name: str
    calls_per_minute: float
    price: Money | None
    calls_left: int | None


@dataclass(frozen=True, slots=True)
class _AccountPace:
    """Calls a minute of one account, expected and at most, and what that rests on."""

    expected: float
    at_most: float
    rests_on: PaceFrom


def read_paces(connection: sqlite3.Connection, endpoint_id: int, settings: RunSettings, now: Now) -> Pace:
    """The pace of a run by all its accounts together, as far as each has learnt its own."""
    pace = read_pace(connection, endpoint_id, settings.rate, now)
    if not settings.accounts:
        return pace
    moment, of_each = now(), [_pace_of(connection, endpoint_id, each) for each in settings.senders]
    return replace(
        pace,
        calls_per_minute=sum(each.expected for each in of_each),
        ceiling=sum(each.at_most for each in of_each),
        rests_on=next(each for each in _LEAST_SURE_FIRST if each in {one.rests_on for one in of_each}),
        parts=tuple(
            _part(replace(pace, calls_per_minute=each.expected, ceiling=each.at_most), caps, moment)
            for each, caps in zip(
                of_each, (_own_caps(connection, one, moment) for one in settings.senders), strict=True
            )
        ),
    )


def _part(pace: Pace, caps: _OwnCaps, moment: datetime) -> Part:
    """What an account that works at this pace makes of the calls of a run."""
    today, later = spent_by_day(pace, moment)
    left = [exactly(cap) for cap in caps.of_run]
    left += [over_midnight(exactly(cap), exactly(each), today, later) for cap, each in caps.of_day]
    fewest = Interval(
        min((each.expected or 0.0 for each in left), default=math.inf),
        min((each.low for each in left), default=math.inf),
        min((each.high for each in left), default=math.inf),
    )
    return Part(pace.calls_per_minute, pace.ceiling, fewest if left else None)


def plan_accounts(
    connection: sqlite3.Connection, endpoint_id: int, settings: RunSettings, moment: datetime
) -> tuple[AccountPlan, ...]:
    """What each account is expected to carry; () where there are not several."""
    if len(settings.accounts) < 2:
        return ()
    return tuple(
        AccountPlan(
            each.name or "",
            _pace_of(connection, endpoint_id, each).expected,
            each.price,
            _own_caps(connection, each, moment).left_today,
        )
        for each in settings.senders
    )


@dataclass(frozen=True, slots=True)
class _OwnCaps:
    """What an account's own caps leave, in charged calls: those of a run, and of those of a day what they
    leave today and what they allow on each day."""

    of_run: tuple[int, ...]
    of_day: tuple[tuple[int, int], ...]

    @property
    def left_today(self) -> int | None:
        """The narrowest of them today; None without a cap."""
        return min((*self.of_run, *(left for left, _each in self.of_day)), default=None)


def _own_caps(connection: sqlite3.Connection, account: Account, moment: datetime) -> _OwnCaps:
    money, today = money_caps(connection, account, moment, account.name), shanghai_day(moment)
    by_day = []
    if account.calls_max_per_day is not None:
        spent = calls_charged_on_day(connection, moment, account.name)
        by_day.append((max(0, account.calls_max_per_day - spent), account.calls_max_per_day))
    if money.day_max is not None:
        by_day.append((max(0, money.day_max - money.used_by_day.get(today, 0)), money.day_max))
    of_run = tuple(max(0, cap) for cap in (account.calls_max, money.run_max) if cap is not None)
    return _OwnCaps(of_run, tuple(by_day))


def usual_price(connection: sqlite3.Connection, endpoint_id: int, settings: RunSettings) -> Money | None:
    """What a call costs on average where every account makes as many as its pace allows; None where a price
    is not known, or they are in several currencies."""
    senders = settings.senders
    prices = [each.price for each in senders if each.price is not None]
    if len(prices) < len(senders) or len({price.currency for price in prices}) > 1:
        return None
    if len({price.amount for price in prices}) == 1:
        return prices[0]
    paces = [Decimal(_pace_of(connection, endpoint_id, each).expected) for each in senders]
    paid = sum((price.amount * pace for price, pace in zip(prices, paces, strict=True)), start=Decimal(0))
    return Money(paid / sum(paces), prices[0].currency)


def _pace_of(connection: sqlite3.Connection, endpoint_id: int, account: Account) -> _AccountPace:
    rate, kept = parse_rate(account.rate), read_limit(connection, endpoint_id, account.name or "")
    allowed = math.inf if rate.per_second is None else 60 * rate.per_second
    if kept is not None and kept.learnt.found:
        pace = min(allowed, 60 * kept.learnt.per_second)
        return _AccountPace(pace, pace, PaceFrom.RUNS)
    if allowed < (SAFE_CALLS_PER_MINUTE if rate.learns else math.inf):
        return _AccountPace(allowed, allowed, PaceFrom.RATE)
    return _AccountPace(SAFE_CALLS_PER_MINUTE, allowed, PaceFrom.SAFE)
