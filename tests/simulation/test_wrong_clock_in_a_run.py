"""Runs on a machine whose clock is not the service's: what they pay for, and what they tell."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from crawler.engine.events import ClockOff
from crawler.model import Outcome, PageRequest, Reply
from crawler.reasons import ReasonCode
from crawler.simulator import SimulatorSettings
from crawler.store.worklist import Worklist, make_worklist
from crawler.vendor.balance import BalanceAnswer
from crawler.vendor.client import Api, ApiSettings, open_api
from tests.simulation.play import play
from tests.simulation.scenario import Life, Scenario

WORDS = tuple((f"关键词{number}", None) for number in range(20))
WORLD = SimulatorSettings(seed=5, creators=200, users_per_page=2, pages_per_keyword=(2, 2))
A_NIGHT = Scenario(5, WORDS, 3, WORLD, (Life(workers=1),))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def told_by_the_balance(ahead: timedelta) -> dict[str, Any]:
    """The question for the balance, answered by a service whose clock is so far behind this one."""

    async def ask(_settings: ApiSettings) -> BalanceAnswer:
        return BalanceAnswer(None, ahead.total_seconds())

    return {"ask_balance": ask}


def told_by_each_answer(ahead: Callable[[int], timedelta]) -> dict[str, Any]:
    """Nobody tells the balance; the answers to the calls, counted from 0, tell what is given."""

    async def ask(_settings: ApiSettings) -> BalanceAnswer:
        return BalanceAnswer()

    class Telling:
        answers = 0

        def __init__(self, api: Api) -> None:
            self.api = api

        async def call(self, request: PageRequest) -> Outcome:
            outcome = await self.api.call(request)
            assert isinstance(outcome, Reply)
            Telling.answers += 1
            return replace(outcome, clock_ahead_seconds=ahead(Telling.answers - 1).total_seconds())

    @asynccontextmanager
    async def opened(settings: ApiSettings) -> AsyncIterator[Telling]:
        async with open_api(settings) as api:
            yield Telling(api)

    return {"ask_balance": ask, "open_client": opened}


def finished_in_future(*told: Any, **asked: Any) -> Worklist:
    """The work list, of which all was finished once, by a date in the future."""
    worklist = make_worklist(*told, **asked)
    return replace(worklist, finished_in_future=worklist.due)


def test_a_clock_behind_by_days_ends_a_run_of_finished_keywords_before_it_has_paid_anything(folder):
    history = play(A_NIGHT, folder, make_worklist=finished_in_future, **told_by_the_balance(-3 * DAY))
    assert history.lines == []
    for lived in history.lived:
        assert lived.summary.reason.code is ReasonCode.WRONG_CLOCK
        assert lived.summary.clock_ahead == -3 * DAY


@pytest.mark.parametrize("ahead", [-3 * DAY, 366 * DAY])
def test_where_no_keyword_is_due_for_that_the_run_warns_and_does_its_work(folder, ahead):
    history = play(A_NIGHT, folder, **told_by_the_balance(ahead))
    summary = history.lived[0].summary
    assert (summary.reason.code, summary.clock_ahead) == (ReasonCode.ALL_DONE, ahead)
    assert [event.own - event.service for event in history.events if isinstance(event, ClockOff)] == [ahead]


def test_where_the_balance_tells_no_time_that_is_known_after_the_calls_in_flight(folder):
    told = told_by_each_answer(lambda _answer: -3 * DAY)
    history = play(A_NIGHT, folder, make_worklist=finished_in_future, **told)
    summary = history.lived[0].summary
    assert (summary.reason.code, summary.calls.sent) == (ReasonCode.WRONG_CLOCK, 1)


def test_a_clock_that_is_off_by_hours_is_told_once_and_the_run_does_its_work(folder):
    history = play(A_NIGHT, folder, **told_by_each_answer(lambda answer: 3 * HOUR if answer else -2 * HOUR))
    first = history.lived[0].summary
    assert (first.reason.code, first.clock_ahead) == (ReasonCode.ALL_DONE, -2 * HOUR)
    told = [event for event in history.events if isinstance(event, ClockOff)]
    assert [event.own - event.service for event in told] == [-2 * HOUR]


def test_a_clock_that_is_right_is_not_told(folder):
    history = play(A_NIGHT, folder)
    assert {lived.summary.clock_ahead for lived in history.lived} == {None}
    assert not [event for event in history.events if isinstance(event, ClockOff)]
