"""A run that sleeps until the quota is back is no slower for that, in forecasts of it and of later ones."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from crawler.clock import stamp
from crawler.reasons import ReasonCode
from crawler.simulator import SimulatorSettings
from crawler.store.quota_waits import quota_wait_seconds
from tests.filled import KEYWORDS
from tests.new_database import opened
from tests.simulation.play import play
from tests.simulation.scenario import AccountLife, Ending, EndingKind, Life, Scenario

WORDS = tuple((f"关键词{number}", None) for number in range(100))
WORLD = SimulatorSettings(
    seed=5, creators=200, users_per_page=2, pages_per_keyword=(2, 2), daily_quota=200
)  # fmt: skip
NIGHT = Life(rate="5/s", wait_for_quota=True)
BEGUN = datetime(2026, 11, 26, 18, tzinfo=UTC)


@pytest.mark.parametrize("accounts", [(), (AccountLife("a"),)])
def test_two_nights_that_sleep_for_the_quota_are_forecast_by_the_time_in_which_they_asked(folder, accounts):
    night = replace(NIGHT, accounts=accounts)
    history = play(Scenario(5, WORDS, 3, WORLD, (night, replace(night, refreshes=True))), folder)
    first, second = history.lived[:2]
    assert first.summary.seconds > 150
    assert second.summary.seconds > 3600
    assert second.summary.reason.code is ReasonCode.ALL_DONE
    told = second.summary.forecast.minutes
    assert told.held
    assert told.expected == pytest.approx(1, rel=0.1)
    assert told.came == pytest.approx(1, rel=0.2)


def test_a_night_that_is_ended_in_its_sleep_has_not_asked_in_it(folder):
    cut = replace(NIGHT, ending=Ending(EndingKind.DRAIN, seconds=20_000.0), calls_max=None)
    world = replace(WORLD, daily_quota=100)
    history = play(Scenario(5, WORDS, 3, world, (cut, replace(NIGHT, refreshes=True))), folder)
    first, second = history.lived[:2]
    assert first.summary.reason.code is ReasonCode.INTERRUPTED
    assert first.summary.seconds == pytest.approx(20_000)
    assert second.summary.forecast.minutes.expected < 3


@pytest.mark.parametrize(
    ("asked", "ended", "asleep"),
    [
        ([], 3600, 0),
        ([(1, False), (2, False)], 3600, 0),
        ([(1, False), (2, True)], 3600, 3598),
        ([(1, False), (2, True), (3, False)], 3600, 3597),
        ([(1, False), (2, True)], 40, 0),
        ([(1, True), (601, True), (1201, False), (1500, False)], 1501, 1200),
        ([(1, False), (300, False), (301, True), (901, False)], 902, 600),
    ],
)
def test_only_pauses_after_a_used_up_quota_are_sleep(tmp_path, asked, ended, asleep):
    with opened(tmp_path / "a.db") as db, db.atomic():
        run = "INSERT INTO runs (id, started_at, pid, host, version) VALUES (1, ?, 1, 'here', '1')"
        db.conn.execute(run, (stamp(BEGUN),))
        word = "INSERT INTO keywords (id, text, identity, first_seen_at) VALUES (1, ?, ?, ?)"
        db.conn.execute(word, (KEYWORDS[0].text, KEYWORDS[0].identity, stamp(BEGUN)))
        for seconds, refused in asked:
            db.conn.execute(
                "INSERT INTO calls (run_id, endpoint_id, keyword_id, generation, page, attempt, charge, code,"
                " sent_at) VALUES (1, 1, 1, 1, 1, 1, 'free', ?, ?)",
                ("303" if refused else "0", stamp(BEGUN + timedelta(seconds=seconds))),
            )
        found = quota_wait_seconds(db.conn, 1, stamp(BEGUN + timedelta(seconds=ended)))
    assert math.isclose(found, asleep, abs_tol=0.01)
