"""Answers that are charged and name nobody: a night of nothing else ends before it has paid for it."""

from dataclasses import replace

import pytest

from crawler.policy import EXIT_STOPPED
from crawler.simulator import SimulatorSettings
from crawler.stopping import STRANGE_ANSWERS
from crawler.strangeness import STRANGE_MAX
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
    assert (stopped.exit_code, stopped.reason) == (EXIT_STOPPED, STRANGE_ANSWERS)
    assert STRANGE_MAX <= stopped.calls.charged < STRANGE_MAX + WORKERS
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
