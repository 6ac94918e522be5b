"""The limit as a run learns it: kept through a kill, taken up again, and taken for nothing else."""

from dataclasses import replace

import pytest

from crawler.reasons import ReasonCode
from crawler.simulator import SimulatorSettings
from tests.simulation.checks import violations
from tests.simulation.play import play
from tests.simulation.scenario import Ending, EndingKind, Life, Scenario

KEYWORDS = tuple((f"关键词{number}", None) for number in range(150))
WORLD = SimulatorSettings(
    seed=5,
    creators=200,
    users_per_page=2,
    pages_per_keyword=(2, 2),
    latency_seconds=(0.5, 1.0),
    rate_limit=3,
    rate_window_seconds=1.0,
)
AUTO = Life(workers=40, rate="auto")


def scenario(*lives, **service):
    return Scenario(5, KEYWORDS, 3, replace(WORLD, **service), lives)


def limits(history):
    """What the database kept after each run."""
    return [life.after.rate_limit for life in history.lived]


@pytest.mark.parametrize("retry_after", [None, "seconds", "date"])
def test_a_run_finds_the_limit_keeps_it_and_is_hardly_refused(folder, retry_after):
    history = play(scenario(AUTO, retry_after=retry_after), folder)
    assert violations(history) == {}
    assert history.lived[0].summary.reason.code is ReasonCode.ALL_DONE
    assert limits(history)[0] == pytest.approx(3, rel=0.06)
    refused = sum(line.code == 302 for line in history.lines)
    assert refused <= 0.03 * len(history.lines)


def test_a_run_that_is_killed_leaves_what_it_learnt_to_the_next(folder):
    killed = replace(AUTO, ending=Ending(EndingKind.KILL_AT, seconds=60.0))
    history = play(scenario(killed, AUTO), folder)
    assert violations(history) == {}
    assert history.lived[0].killed
    assert limits(history)[0] == pytest.approx(3, rel=0.1)
    later = [line for line in history.lines if history.lived[1].begun <= line.at <= history.lived[1].ended]
    assert sum(line.code == 302 for line in later) <= 0.02 * len(later)
    first_ten = [line.at for line in later[:10]]
    assert first_ten[-1] - first_ten[0] <= 4.0  # at once as fast as the limit allows


def test_a_quota_ends_a_run_whose_pace_is_learnt(folder):
    history = play(scenario(AUTO, daily_quota=100), folder)
    assert violations(history) == {}
    assert history.lived[0].summary.reason.code is ReasonCode.DAILY_QUOTA
