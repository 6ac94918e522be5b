"""Answers that are charged and name nobody: a night of nothing else ends before it has paid for it."""

from collections import Counter
from dataclasses import replace

import orjson
import pytest

from crawler.engine.response_drift import DriftLimits
from crawler.i18n.reasons import english_text
from crawler.reasons import EXIT_SOME_FAILED, ReasonCode
from crawler.simulator import SimulatorSettings
from tests.simulation.checks import violations
from tests.simulation.play import play
from tests.simulation.scenario import Life, Scenario

KEYWORDS = tuple((f"关键词{number}", None) for number in range(60))
WORKERS = 4
WORLD = SimulatorSettings(
    seed=5, creators=200, users_per_page=2, pages_per_keyword=(1, 1), latency_seconds=(0.5, 1)
)


def night(folder, fault, share):
    world = replace(WORLD, faults={fault: share})
    return play(Scenario(5, KEYWORDS, 3, world, (Life(workers=WORKERS),)), folder)


@pytest.mark.parametrize("fault", ["null-data", "no-users"])
def test_when_keyword_after_keyword_is_answered_strangely_the_run_stops(fault, folder):
    history = night(folder, fault, 1.0)

    stopped = history.lived[0].summary
    assert (stopped.exit_code, stopped.reason.code) == (EXIT_SOME_FAILED, ReasonCode.RESPONSE_DRIFT)
    assert DriftLimits().strange_max <= stopped.calls.charged < DriftLimits().strange_max + WORKERS
    assert stopped.strange_answers == stopped.calls.charged
    assert (stopped.keywords.done, stopped.keywords.failed) == (0, stopped.calls.charged)
    # In the last run of a scenario the service is well again: what was not believed is paid a second time.
    assert set(violations(history)) == {"paid_twice_at_most_what_was_in_flight"}


def test_strange_answers_among_good_ones_are_counted_and_stop_nothing(folder):
    history = night(folder, "null-data", 0.3)

    summary = history.lived[0].summary
    assert summary.outcome == "done"
    assert 0 < summary.strange_answers < summary.calls.charged
    assert violations(history) == {}


def page_of(number, count=20):
    users = [{"id": f"{number:012x}{rank:012x}", "name": "n"} for rank in range(count)]
    return orjson.dumps({"code": 0, "data": {"users": users}})


def moved(number):
    """The same creators where nobody looks for them."""
    return page_of(number).replace(b'"users"', b'"list"')


def replayed(folder, replies, *lives, workers=WORKERS):
    texts = tuple(dict.fromkeys(keyword for keyword, _page in replies))
    lives = lives or (Life(workers=workers),)
    world = replace(WORLD, replies=replies)
    return play(Scenario(5, tuple((text, None) for text in texts), 3, world, lives), folder)


def test_a_page_that_cannot_be_read_ends_no_keyword_and_is_asked_for_again(folder):
    replies = {("a", 1): page_of(1), ("a", 2): moved(2), ("a", 3): page_of(3), ("b", 1): page_of(4)}
    history = replayed(folder, replies)

    first = history.lived[0].summary
    assert (first.exit_code, first.keywords.done, first.keywords.failed) == (EXIT_SOME_FAILED, 1, 1)
    assert [(failure.text, failure.page) for failure in first.failures] == [("a", 2)]
    assert "data has no users" in english_text(first.failures[0].reason)
    asked = [(line.keyword, line.page) for line in history.lines]
    assert asked.count(("a", 1)) == 1
    assert asked.count(("a", 2)) == len(history.lived)


@pytest.mark.parametrize(
    "answer", [moved(1), b'{"code": 200, "data": {"users": []}}', page_of(1).replace(b'"id"', b'"user_id"')]
)
def test_an_api_that_has_changed_is_not_asked_all_night(answer, folder):
    replies = {(f"k{number}", 1): answer for number in range(60)}
    history = replayed(folder, replies)

    stopped = history.lived[0].summary
    assert (stopped.exit_code, stopped.reason.code) == (EXIT_SOME_FAILED, ReasonCode.RESPONSE_DRIFT)
    assert DriftLimits().strange_max <= stopped.calls.sent < DriftLimits().strange_max + WORKERS
    assert stopped.keywords.done == 0


def test_an_api_that_changes_in_the_middle_of_keywords_ends_none_of_them(folder):
    replies = {(f"k{number}", 1): page_of(number) for number in range(60)}
    replies |= {(f"k{number}", 2): moved(1000 + number) for number in range(60)}
    history = replayed(folder, replies, Life(workers=60))

    stopped = history.lived[0].summary
    assert stopped.reason.code is ReasonCode.RESPONSE_DRIFT
    assert stopped.keywords.done == 0


def test_what_is_taken_back_pays_no_page_twice(folder):
    """Small pages without a readable entry, behind a good one: the keyword goes on behind them."""
    unreadable = page_of(1, count=3).replace(b'"id"', b'"user_id"')
    replies = {(f"k{number}", 1): page_of(number) for number in range(30)}
    replies |= {(f"k{number}", 2): unreadable for number in range(30)}
    history = replayed(folder, replies, Life(workers=30))

    assert history.lived[0].summary.reason.code is ReasonCode.RESPONSE_DRIFT
    times = Counter((line.keyword, line.page) for line in history.lines)
    assert {times[page] for page in replies} == {1}


def test_the_verdict_stands_whatever_else_ends_the_run(folder):
    replies = {(f"k{number}", 1): b'{"code": 0, "data": null}' for number in range(40)}
    history = replayed(folder, replies, Life(workers=1, calls_max=DriftLimits().strange_max))
    assert history.lived[0].summary.reason.code is ReasonCode.RESPONSE_DRIFT
