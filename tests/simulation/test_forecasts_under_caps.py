"""What a run was expected to take where caps end it, or an account of it.

Nights begin shortly before midnight in Shanghai."""

from dataclasses import replace

import pytest

from crawler.reasons import ReasonCode
from crawler.simulator import SimulatorSettings
from tests.simulation.checks import violations
from tests.simulation.play import play
from tests.simulation.scenario import AccountLife, Life, Scenario

KEYWORDS = tuple((f"关键词{number}", None) for number in range(100))
WORLD = SimulatorSettings(seed=5, creators=200, users_per_page=2, pages_per_keyword=(2, 2))
WHOLE = Life(workers=40)
"""Reads everything at once, so that the night after it is forecast from what it took: 300 calls."""

FAST, SLOW = AccountLife("fast", rate="10/s"), AccountLife("slow", rate="1/s")


def second_night(folder, life):
    """How a night under caps ended that has everything to read again."""
    history = play(Scenario(5, KEYWORDS, 3, WORLD, (WHOLE, replace(life, refreshes=True))), folder)
    assert violations(history) == {}
    assert history.lived[0].summary.calls.charged == 300
    return history.lived[1].summary


def test_an_account_whose_cap_ends_it_early_does_not_count_to_the_end(folder):
    ended = second_night(folder, Life(accounts=(replace(FAST, calls_max=20), SLOW)))
    assert ended.calls.charged == 300
    minutes = ended.forecast.minutes
    assert minutes.held
    assert minutes.expected == pytest.approx(278 / 60, rel=0.02)


@pytest.mark.parametrize(
    ("caps", "account"),
    [
        ({"calls_max_per_day": 300 + 150}, {}),
        ({"budget_per_day": "22.5", "price": "0.05"}, {}),
        ({}, {"calls_max_per_day": 150}),
        ({"price": "0.05"}, {"budget_per_day": "7.5"}),
    ],
    ids=["calls", "money", "an account's calls", "an account's money"],
)
def test_a_cap_of_the_day_that_is_not_reached_before_midnight_begins_anew(folder, caps, account):
    """By a call a second 150 are not used up until then: the run goes on with what the next day allows, which
    is all that is left where the first night counts too."""
    accounts = (replace(SLOW, **account),) if account else ()
    ended = second_night(folder, Life(workers=4, rate="1/s", accounts=accounts, **caps))
    assert ended.calls.charged == (89 + 150 if account else 300)
    calls = ended.forecast.calls
    assert calls.held
    assert calls.low > 150
    assert calls.expected == pytest.approx(ended.calls.charged, rel=0.02)
    assert ended.forecast.minutes.held


def test_a_cap_of_the_day_that_is_reached_before_midnight_ends_the_run(folder):
    ended = second_night(folder, Life(rate="10/s", calls_max_per_day=300 + 150))
    assert (ended.reason.code, ended.calls.charged) == (ReasonCode.DAY_CAP, 150)
    calls = ended.forecast.calls
    assert (calls.low, calls.expected, calls.high) == (150, 150, 150)
