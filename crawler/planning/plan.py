"""What the next run will do, cost and bring, as values; read without a paid call and without a write."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from crawler.clock import Now
from crawler.engine.keyword_history import AIMS, Aim, Explanation
from crawler.engine.yield_queue import YieldQueue
from crawler.errors import InputError
from crawler.forecast import Forecast, Interval
from crawler.model import Keyword
from crawler.money import Money
from crawler.planning.accounts import AccountPlan, plan_accounts, read_paces
from crawler.planning.calibration import read_stretch
from crawler.planning.caps import Cap, minutes_left, read_caps
from crawler.planning.forecast import Depths, Due, forecast_calls
from crawler.planning.forecast_inputs import (
    DueSample,
    ForecastInputs,
    planned_worklist,
    read_due_sample,
    read_forecast_inputs,
)
from crawler.planning.newcomers import Backtest, Brought, backtest, expected_by_yield, expected_in_full
from crawler.planning.not_due import why_not_due
from crawler.planning.pace import Pace
from crawler.planning.prices import Prices, read_prices
from crawler.run.later_calls import DAY_OPTIONS, option_without_later_calls
from crawler.run.spending_check import check_currency
from crawler.settings.run import RunSettings
from crawler.store.page_history import any_pages
from crawler.store.runs import LaterCalls, calls_dated_later
from crawler.summary import NotAsked


@dataclass(frozen=True, slots=True)
class Plan:
    """A run before it is made. `nights_tested` says on how many earlier nights the interval of the new
    creators rests, which is a guess before any page was `looked_twice` at. `binding` is the cap that is
    expected to end it, None where it reads all that is due; `keywords_left_out` and `creators_left_out` are
    what that leaves for later, None where nobody knows; where nothing is known of new
    creators, that many keywords at least. `not_asked` are the keywords that `--stop-below`
    leaves out, `finished_in_future` counts those due for the date on which they were finished. `later_calls`
    are those dated in the future that a cap of the day counts, None where there is no such cap; `instead` are
    the options with which it would not. `money_in_full` is what reading all that is due would cost, and
    `money` is in its currency; both are None where no price is known."""

    order: str
    listed: int
    due: int
    unfinished: int
    never_asked: int
    again: int
    nights: int
    nights_tested: int
    looked_twice: bool
    caps: tuple[Cap, ...]
    binding: Cap | None
    pace: Pace
    forecast: Forecast
    keywords_left_out: int | None
    creators_left_out: float | None
    not_asked: tuple[NotAsked, ...] = ()
    money_in_full: Money | None = None
    money: Interval | None = None
    accounts: tuple[AccountPlan, ...] = ()
    finished_in_future: int = 0
    later_calls: LaterCalls | None = None
    instead: tuple[str, ...] = ()


def make_plan(
    connection: sqlite3.Connection | None,
    keywords: Iterable[Keyword],
    settings: RunSettings,
    endpoint_id: int,
    now: Now,
) -> Plan:
    """The plan of a run over `keywords` into the database, None for one that is not there yet."""
    with (
        _there(connection) as database,
        planned_worklist(database, keywords, settings, endpoint_id, now) as laid,
    ):
        check_currency(database, settings, now())
        sample = read_due_sample(laid.connection, laid.listed)
        made = plan_of(database, sample, settings, endpoint_id, now)
        made = replace(made, not_asked=laid.not_asked, finished_in_future=laid.finished_in_future)
        return _with_later_calls(database, made, settings, now())


@contextmanager
def _there(connection: sqlite3.Connection | None) -> Iterator[sqlite3.Connection]:
    """The database, or one without anything in it."""
    if connection is not None:
        yield connection
        return
    from crawler.store.migrations import migrate  # loads much that the command's help does not need

    with closing(sqlite3.connect(":memory:", isolation_level=None)) as empty:
        migrate(empty)
        yield empty


def plan_of(
    connection: sqlite3.Connection, sample: DueSample, settings: RunSettings, endpoint_id: int, now: Now
) -> Plan:
    """The plan of what is ahead, from what the database tells of it."""
    known = read_forecast_inputs(connection, sample, settings, endpoint_id, now)
    depths = Depths.of(known.everyone)
    pace = read_paces(connection, endpoint_id, settings, now)
    stretch = read_stretch(connection)
    in_full = forecast_calls(known.due, depths, sample.every, stretch.calls)
    prices = read_prices(connection, endpoint_id, settings, pace)
    caps = read_caps(connection, settings, prices, pace, now())
    calls = in_full
    for cap in caps:
        calls = calls.within(cap.calls)
    binding = caps[0] if caps and _binds(caps[0], in_full) else None
    minutes = pace.minutes(calls).within(minutes_left(settings, now()))
    order = _order(connection, settings, endpoint_id, now)
    new = _new_creators(known, sample, depths, calls, binding, order, AIMS[settings.aim])
    creators = new.creators and _one_may_come(new.creators.stretched(stretch.creators), calls)
    nights = {round(look.days_ago) for one in known.everyone for look in one.looks}
    return Plan(
        order, sample.listed, sample.due, sample.unfinished, sample.never_asked,
        sample.due - sample.unfinished - sample.never_asked, len(nights),
        new.tested.nights, new.tested.looked_twice,
        tuple(cap for cap in caps if cap.is_reached), binding, pace,
        Forecast(calls, in_full, minutes, creators, new.growth),
        new.keywords_left_out, new.creators_left_out,
        money_in_full=None if prices is None else prices.in_full(in_full),
        money=None if prices is None else _money(prices, calls, caps),
        accounts=plan_accounts(connection, endpoint_id, settings, now()),
    )  # fmt: skip


def _with_later_calls(
    connection: sqlite3.Connection, made: Plan, settings: RunSettings, moment: datetime
) -> Plan:
    """The plan with the calls dated in the future, where a cap of the day counts them."""
    caps: list[object] = [settings.calls_max_per_day, settings.budget_per_day]
    for account in settings.accounts:
        caps += (account.calls_max_per_day, account.budget_per_day)
    if all(cap is None for cap in caps):
        return made
    later = calls_dated_later(connection, moment)
    if later is None:
        return made
    found = (option_without_later_calls(connection, settings, each, later, moment) for each in DAY_OPTIONS)
    instead = tuple(each for each in found if each is not None)
    return replace(made, later_calls=later, instead=instead)


def _money(prices: Prices, calls: Interval, caps: Iterable[Cap]) -> Interval:
    """What so many calls cost, in whole calls as they are shown, never more than is left of a budget."""
    money = prices.cost(calls.whole)
    for cap in caps:
        money = money.within(cap.money)
    return money


def _order(connection: sqlite3.Connection, settings: RunSettings, endpoint_id: int, now: Now) -> str:
    """The order that a run would take."""
    if settings.order != "auto":
        return settings.order
    return "yield" if any_pages(connection, endpoint_id=endpoint_id, now=now) else "file"


def _one_may_come(creators: Interval, calls: Interval) -> Interval:
    """The interval of new creators, which excludes one only where no call is made: minutes after a night next
    to none are expected, but what nights tell of a day is no proof for minutes."""
    return replace(creators, high=max(creators.high, 1.0)) if calls.high else creators


@dataclass(frozen=True, slots=True)
class _New:
    """The part of a plan that is about new creators."""

    tested: Backtest
    creators: Interval | None = None
    growth: tuple[tuple[float, float], ...] = ()
    keywords_left_out: int | None = None
    creators_left_out: float | None = None


def _new_creators(
    known: ForecastInputs,
    sample: DueSample,
    depths: Depths,
    calls: Interval,
    binding: Cap | None,
    order: str,
    aim: Aim,
) -> _New:
    tested, every = backtest(known.everyone), sample.every
    if not sample.due:
        return _New(tested, Interval(0.0, 0.0, 0.0))
    if calls.expected is None or not known.everyone:
        return _New(tested, keywords_left_out=_left_out_at_least(sample.due, binding))
    brought = _brought(known, depths, tested, calls.expected / every, binding, order, aim)
    lost = None
    if binding is not None:
        whole = [_begun_anew(one) for one in known.due] if order == "yield" else known.due
        in_full = expected_in_full(whole, depths, None, tested.first_come)
        lost = max(0.0, in_full.creators - brought.creators) * every * math.exp(tested.mean)
    return _New(
        tested,
        tested.interval(brought.creators * every),
        tuple((at * every, new * every) for at, new in brought.growth),
        (len(known.due) - brought.keywords) * every,
        lost,
    )


def _begun_anew(due: Due) -> Due:
    """The whole of a keyword whose first pages an order by yield may look at again, as well as go on."""
    anew = due.history is not None and due.history.deeper_page is not None
    return replace(due, page=1) if anew else due


def _left_out_at_least(due: int, cap: Cap | None) -> int | None:
    """How many keywords a cap leaves out though each takes but one call; None where nobody knows of any."""
    if cap is None or not math.isfinite(cap.calls.high):
        return None
    return max(0, due - math.ceil(cap.calls.high)) or None


def _binds(cap: Cap, in_full: Interval) -> bool:
    """Whether a cap is expected to end the run before it has read all."""
    wanted = in_full.high if in_full.expected is None else in_full.expected
    return (cap.calls.expected or 0.0) < wanted


def _brought(
    known: ForecastInputs,
    depths: Depths,
    tested: Backtest,
    calls: float,
    binding: Cap | None,
    order: str,
    aim: Aim,
) -> Brought:
    if order == "yield":
        histories, fresh = known.histories, known.fresh
        return expected_by_yield(histories, fresh, depths, round(calls), aim, tested.first_come)
    return expected_in_full(known.due, depths, None if binding is None else calls, tested.first_come)


def explain(
    connection: sqlite3.Connection | None,
    keywords: Iterable[Keyword],
    settings: RunSettings,
    endpoint_id: int,
    now: Now,
    identity: str,
) -> tuple[Explanation, int, int]:
    """Why a keyword stands where it does: the factors of its next page, its place, and among how many.

    Raises InputError for a keyword that is not among those given or is not due.
    """
    with (
        _there(connection) as database,
        planned_worklist(database, keywords, settings, endpoint_id, now) as laid,
    ):
        sample = read_due_sample(laid.connection, laid.listed, keywords_max=laid.listed)
        named = laid.connection.execute("SELECT id FROM keywords WHERE identity = ?", (identity,)).fetchone()
        wanted = next((one for one in sample.keywords if named and one.work.keyword_id == named[0]), None)
        if wanted is None:
            raise InputError(why_not_due(laid.connection, endpoint_id, identity))
        known = read_forecast_inputs(database, sample, settings, endpoint_id, now)
    work = wanted.work
    order = YieldQueue(known.histories, known.fresh, aim=AIMS[settings.aim])
    value = order.explain(work.keyword_id, work.page)
    better = sum(
        order.model.value(one.keyword_id, one.page) > value.value
        for one in known.due
        if one.keyword_id != work.keyword_id
    )
    return value, better + 1, len(known.due)
