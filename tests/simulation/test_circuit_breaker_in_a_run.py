"""An outage in the middle of a night: the run pauses, probes and stops instead of burning its keywords."""

import asyncio
from dataclasses import replace

import pytest

from crawler.engine.events import CircuitClosed, CircuitOpened, Draining, KeywordFailed, RetryPause
from crawler.reasons import EXIT_STOPPED
from crawler.simulator import SimulatorSettings
from tests.simulation.checks import violations
from tests.simulation.play import play
from tests.simulation.scenario import Ending, EndingKind, Life, Scenario

KEYWORDS = tuple((f"关键词{number}", None) for number in range(60))
WORLD = SimulatorSettings(
    seed=5, creators=200, users_per_page=2, pages_per_keyword=(1, 1), latency_seconds=(0.5, 1)
)


def scenario(faults):
    return Scenario(5, KEYWORDS, 3, replace(WORLD, faults=faults), (Life(workers=16),))


@pytest.mark.parametrize("fault", ["503", "html", "drop", "hang", "301"])
def test_when_nothing_works_any_more_the_run_stops_and_fails_no_keyword(fault, folder):
    history = play(scenario({fault: 1.0}), folder)

    stopped = history.lived[0].summary
    assert stopped.exit_code == EXIT_STOPPED
    assert stopped.keywords.failed == 0
    assert stopped.calls.sent < len(KEYWORDS)
    pauses = [event.seconds for event in history.events if isinstance(event, CircuitOpened)]
    assert pauses == [15.0, 30.0, 60.0, 120.0, 240.0]
    assert violations(history) == {}


def test_when_the_service_comes_back_the_run_goes_on_and_finishes(folder):
    def prepare(simulator):
        def come_back():
            simulator.settings = WORLD

        asyncio.get_running_loop().call_later(60.0, come_back)

    history = play(scenario({"503": 1.0}), folder, prepare)

    assert history.lived[0].summary.outcome == "done"
    assert any(isinstance(event, CircuitClosed) for event in history.events)
    assert not any(isinstance(event, KeywordFailed) for event in history.events)
    assert violations(history) == {}


def test_a_run_that_is_told_to_stop_in_a_pause_speaks_of_no_further_pause(folder):
    ending = Ending(EndingKind.DRAIN, seconds=40.0)
    history = play(
        Scenario(5, KEYWORDS, 3, replace(WORLD, faults={"503": 1.0}), (Life(16, ending=ending),)), folder
    )

    told = [event for event in history.events if isinstance(event, CircuitOpened | Draining)]
    assert [type(event) for event in told[:-1]] == [CircuitOpened] * (len(told) - 1)
    assert isinstance(told[-1], Draining)


def test_a_long_wait_that_the_api_asks_for_is_told_with_its_keyword(folder):
    few = KEYWORDS[:2]  # too few for an outage
    service = replace(WORLD, faults={"503": 1.0}, retry_after="100", faulty_attempts_max=2)
    history = play(Scenario(5, few, 3, service, (Life(workers=2),)), folder)

    pauses = [event for event in history.events if isinstance(event, RetryPause)]
    assert {pause.work.text for pause in pauses} == {text for text, _pages in few}
    assert {pause.seconds for pause in pauses} == {100.0}
    assert violations(history) == {}


def test_keywords_that_always_fail_do_not_keep_the_others_from_their_turn(folder):
    """They come first and fill every worker: it looks like an outage until a probe takes another keyword."""
    broken = {(f"坏{number}", 1): b"{" for number in range(20)}
    good = {
        (f"好{number}", 1): b'{"code": 0, "data": {"users": [{"id": "%d"}]}}' % number for number in range(30)
    }
    keywords = tuple((text, None) for text, _page in (broken | good))
    world = replace(WORLD, replies=broken | good)
    history = play(Scenario(5, keywords, 3, world, (Life(workers=16),)), folder)

    first = history.lived[0].summary
    assert first.keywords.done == len(good)
    assert any(isinstance(event, CircuitClosed) for event in history.events)
