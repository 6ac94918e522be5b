"""What the next run will do, cost and bring, as values; read without a paid call and without a write."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random

from sqlite_utils import Database

from crawler.analysis.forecast import (
    Depths,
    Due,
    Interval,
    expected_by_yield,
    expected_in_full,
    forecast_calls,
    test_nights,
    worthwhile_calls,
)
from crawler.clock import Now, shanghai_day_start, stamp
from crawler.engine.history import AIMS, Explanation, FreshKeyword, KeywordHistory, Look
from crawler.engine.neighbours import neighbourhoods
from crawler.engine.worth import not_worth_asking, taken_up
from crawler.engine.yield_model import YieldModel
from crawler.engine.yield_order import YieldOrder
from crawler.errors import InputError
from crawler.i18n import _
from crawler.model import Keyword, Work
from crawler.store.history import due_again, finders, finished_due, pages_read
from crawler.store.migrations import migrations
from crawler.store.rate_limits import read_limit
from crawler.store.worklist import copy_basis, due_work, make_worklist
from crawler.summary import NotAsked

SAFE_CALLS_PER_MINUTE = 40.0
"""The pace of a run that has learnt none."""

RUNS_TIMED = 5

_PACE = """
SELECT sum(calls), sum(seconds)
  FROM (SELECT runs.seconds, (SELECT count(*) FROM calls WHERE calls.run_id = runs.id) AS calls
          FROM runs
         WHERE runs.seconds >= 10
         ORDER BY runs.id DESC
         LIMIT :runs)
"""

_FREE = "SELECT count(*), count(*) FILTER (WHERE charge = 'charged') FROM calls WHERE sent_at >= :since"

_CHARGED_TODAY = "SELECT count(*) FROM calls WHERE sent_at >= :since AND charge <> 'free'"


@dataclass(frozen=True, slots=True)
class PlanSettings:
    """What of a run's settings a plan depends on, as a run has them."""

    endpoint_id: int
    pages_max: int = 50
    refresh_after: timedelta = timedelta(hours=20)
    calls_max: int | None = None
    calls_max_per_day: int | None = None
    order: str = "file"
    aim: str = "both"
    refresh: str = "full"
    stop_below: float | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A run before it is made. `calls` are charged ones; `calls_in_full` what they would be without a cap;
    `creators` are those new to the database, None where nothing is known of them. `nights_tested` says on
    how many earlier nights the interval of these rests. `calls_per_minute` is None where nothing limits."""

    order: str
    listed: int
    due: int
    unfinished: int
    never_asked: int
    again: int
    nights: int
    nights_tested: int
    calls_max: int | None
    calls: Interval
    calls_in_full: Interval
    sent_per_charged: float
    calls_per_minute: float
    pace_learnt: bool
    minutes: Interval
    creators: Interval | None
    keywords_left_out: int | None
    not_asked: tuple[NotAsked, ...] = ()


@dataclass(frozen=True, slots=True)
class History:
    """The keywords that are due, in file order of work, with what is known of each."""

    listed: int
    due: tuple[Due, ...]
    works: tuple[Work, ...]
    histories: tuple[KeywordHistory, ...]
    everyone: tuple[KeywordHistory, ...]
    fresh: tuple[FreshKeyword, ...]
    not_asked: tuple[NotAsked, ...] = ()


def make_plan(
    connection: sqlite3.Connection | None, keywords: Iterable[Keyword], settings: PlanSettings, now: Now
) -> Plan:
    """The plan of a run over `keywords` into the database, None for one that is not there yet."""
    history = read_history(connection, keywords, settings, now)
    depths = Depths.of(history.everyone)
    in_full = forecast_calls(history.due, depths)
    cap = _cap(connection, settings, now)
    calls = in_full.capped(cap)
    tested = test_nights(history.everyone)
    creators, left_out = None, None
    known = calls.expected is not None and bool(history.everyone)
    learns = "yield" if history.everyone else "file"
    order = learns if settings.order == "auto" else settings.order
    if known and order == "yield":
        wanted, aim = round(calls.expected or 0), AIMS[settings.aim]
        new, asked = expected_by_yield(history.histories, history.fresh, wanted, Random(0), aim)
        creators, left_out = tested.interval(new), len(history.due) - len(asked)
    elif known:
        new, left_out = expected_in_full(history.due, depths, cap)
        creators = tested.interval(new)
    elif cap is not None:
        left_out = max(0, len(history.due) - cap) or None
    if creators is not None and not history.due:
        creators = Interval(0.0, 0.0, 0.0)
    per_minute, learnt = _pace(connection, settings.endpoint_id)
    sent_per_charged = _sent_per_charged(connection, now)
    unfinished = sum(one.page > 1 for one in history.due)
    never = sum(one.history is None and one.page == 1 for one in history.due)
    nights = {round(look.days_ago) for one in history.everyone for look in one.looks}
    return Plan(
        order, history.listed, len(history.due), unfinished, never,
        len(history.due) - unfinished - never, len(nights), tested.nights, cap, calls, in_full,
        sent_per_charged, per_minute, learnt, calls.times(sent_per_charged / per_minute), creators, left_out,
        history.not_asked,
    )  # fmt: skip


def explain(
    connection: sqlite3.Connection | None,
    keywords: Iterable[Keyword],
    settings: PlanSettings,
    now: Now,
    identity: str,
) -> tuple[Explanation, int, int]:
    """Why a keyword stands where it does: the factors of its next page, its place, and among how many.

    Raises InputError for a keyword that is not among those given or is not due.
    """
    kept: list[Keyword] = []
    history = read_history(connection, _keeping(keywords, kept), settings, now)
    wanted = next((one.text for one in kept if one.identity == identity), None)
    work = next((work for work in history.works if work.text == wanted), None)
    if wanted is None or work is None:
        raise InputError(
            _("no keyword that is due is called %s: `crawler plan` counts those that are") % identity
        )
    order = YieldOrder(history.histories, history.fresh, aim=AIMS[settings.aim])
    value = order.explain(work.keyword_id, work.page)
    better = sum(
        order.model.value(one.keyword_id, one.page) > value.value
        for one in history.due
        if one.keyword_id != work.keyword_id
    )
    return value, better + 1, len(history.due)


def _keeping(keywords: Iterable[Keyword], kept: list[Keyword]) -> Iterable[Keyword]:
    for keyword in keywords:
        kept.append(keyword)
        yield keyword


def read_history(
    connection: sqlite3.Connection | None, keywords: Iterable[Keyword], settings: PlanSettings, now: Now
) -> History:
    """What is due of `keywords`, and what is known of them; the work list is made in a copy in memory."""
    with closing(Database(memory=True)) as memory:
        migrations.apply(memory)
        if connection is not None:
            copy_basis(connection, memory.conn)
        return _history(connection, memory.conn, keywords, settings, now)


def _history(
    connection: sqlite3.Connection | None,
    copy: sqlite3.Connection,
    keywords: Iterable[Keyword],
    settings: PlanSettings,
    now: Now,
) -> History:
    worklist = make_worklist(
        copy,
        keywords,
        endpoint_id=settings.endpoint_id,
        pages_max=settings.pages_max,
        refresh_after=settings.refresh_after,
        now=now,
        worthwhile=settings.refresh == "worthwhile",
    )
    works = tuple(due_work(copy))
    again = {due.work.keyword_id: due for due in due_again(copy)}
    finished = finished_due(copy, endpoint_id=settings.endpoint_id)
    priority = dict(copy.execute("SELECT id, priority FROM keywords"))
    looks: dict[int, list[Look]] = {}
    group: dict[int, int] = {}
    if connection is not None:
        for read in pages_read(connection, endpoint_id=settings.endpoint_id, now=now):
            looks.setdefault(read.keyword_id, []).append(Look(*read[1:]))
        group = neighbourhoods(finders(connection, endpoint_id=settings.endpoint_id))
    everyone = {
        keyword_id: KeywordHistory(keyword_id, told, priority.get(keyword_id, 0), group=group.get(keyword_id))
        for keyword_id, told in looks.items()
    }
    due, histories, fresh = [], [], []
    for position, work in enumerate(works):
        history = everyone.get(work.keyword_id)
        if history is None:
            chosen = FreshKeyword(work.keyword_id, priority[work.keyword_id], position, work.pages_max)
            fresh.append(chosen)
        else:
            history = replace(history, position=position, pages_max=work.pages_max)
            history = taken_up(history, again[work.keyword_id], settings.refresh_after / timedelta(days=1))
            everyone[work.keyword_id] = history
            histories.append(history)
        due.append(Due(work.keyword_id, work.page, work.pages_max, history))
    found = History(
        worklist.listed, tuple(due), works, tuple(histories), tuple(everyone.values()), tuple(fresh)
    )
    return _asked(found, finished, settings)


def _asked(history: History, finished: set[int], settings: PlanSettings) -> History:
    """The history of what is asked for: without the keywords that are not worth it, and of each as far down
    as it is worthwhile."""
    model = YieldModel(history.histories, AIMS[settings.aim])
    less = not_worth_asking(history.histories, finished, settings.stop_below) if settings.stop_below else {}
    texts = {work.keyword_id: work.text for work in history.works}
    return replace(
        history,
        due=tuple(
            one if work.whole else replace(one, calls_worthwhile=worthwhile_calls(one, model))
            for one, work in zip(history.due, history.works, strict=True)
            if work.keyword_id not in less
        ),
        works=tuple(work for work in history.works if work.keyword_id not in less),
        histories=tuple(one for one in history.histories if one.keyword_id not in less),
        not_asked=tuple(NotAsked(texts[one], less[one]) for one in sorted(less, key=less.__getitem__)),
    )


def _cap(connection: sqlite3.Connection | None, settings: PlanSettings, now: Now) -> int | None:
    caps = [] if settings.calls_max is None else [settings.calls_max]
    if settings.calls_max_per_day is not None:
        since = stamp(shanghai_day_start(now()))
        spent = (
            0 if connection is None else connection.execute(_CHARGED_TODAY, {"since": since}).fetchone()[0]
        )
        caps.append(max(0, settings.calls_max_per_day - spent))
    return min(caps, default=None)


def _pace(connection: sqlite3.Connection | None, endpoint_id: int) -> tuple[float, bool]:
    """Calls a minute, and whether runs showed them: the limit that was met, else their pace."""
    if connection is not None:
        kept = read_limit(connection, endpoint_id)
        if kept is not None and kept.learnt.found:
            return 60 * kept.learnt.per_second, True
        calls, seconds = connection.execute(_PACE, {"runs": RUNS_TIMED}).fetchone()
        if calls and seconds:
            return 60 * calls / seconds, True
    return SAFE_CALLS_PER_MINUTE, False


def _sent_per_charged(connection: sqlite3.Connection | None, now: Now) -> float:
    """How many calls are sent for one that is charged, free failures and rate limits being asked again."""
    if connection is None:
        return 1.0
    since = stamp(now() - timedelta(days=14))
    sent, charged = connection.execute(_FREE, {"since": since}).fetchone()
    return float(sent / charged) if charged else 1.0
