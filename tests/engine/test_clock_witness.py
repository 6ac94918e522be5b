"""What the engine makes of the service's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from crawler.engine.clock_witness import ClockWitness
from crawler.engine.events import ClockOff, Event
from crawler.engine.shutdown import Shutdown
from crawler.reasons import Reason, ReasonCode

NOW = datetime(2026, 11, 26, 16, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Heard:
    """A witness that has heard these answers, and what came of it."""

    def __init__(self, *ahead: timedelta | None, finished_in_future: int = 0) -> None:
        self.shutdown, self.events = Shutdown(), list[Event]()
        self.witness = ClockWitness(self.shutdown, self.events.append, lambda: NOW)
        self.witness.finished_in_future = finished_in_future
        for each in ahead:
            self.witness.hear(None if each is None else each.total_seconds())


@pytest.mark.parametrize("ahead", [None, timedelta(0), timedelta(minutes=9), timedelta(minutes=-9)])
def test_minutes_are_nobodys_business(ahead):
    heard = Heard(ahead)
    assert (heard.events, heard.witness.ahead, heard.shutdown.reason) == ([], None, None)


@pytest.mark.parametrize("ahead", [timedelta(minutes=10), -3 * HOUR, -DAY, 366 * DAY])
def test_a_clock_that_is_off_is_told_once_with_both_times_and_the_run_goes_on(ahead):
    heard = Heard(None, ahead, ahead, 2 * ahead)
    assert heard.events == [ClockOff(NOW, NOW - ahead)]
    assert (heard.witness.ahead, heard.shutdown.reason) == (ahead, None)


@pytest.mark.parametrize("ahead", [-DAY, -50 * 365 * DAY])
def test_a_clock_so_far_behind_that_finished_keywords_are_due_again_ends_the_run(ahead):
    heard = Heard(ahead, finished_in_future=1)
    own, service = "2026-11-26T16:00:00.000Z", heard.shutdown.reason.details["service"]
    assert heard.shutdown.reason == Reason(ReasonCode.WRONG_CLOCK, {"own": own, "service": service})
    assert datetime.fromisoformat(service) == NOW - ahead
    assert heard.witness.ahead == ahead


@pytest.mark.parametrize("ahead", [-23 * HOUR, 0 * DAY, DAY, 366 * DAY])
def test_where_it_is_right_or_ahead_they_are_asked_for_again(ahead):
    assert Heard(ahead, finished_in_future=1).shutdown.reason is None


def test_one_machine_of_many_that_is_wrong_later_on_ends_nothing():
    assert Heard(timedelta(0), -9 * DAY, finished_in_future=1).shutdown.reason is None
