"""Caps on charged calls."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.engine.budget import Budget, Verdict
from crawler.model import Charge

TODAY, TOMORROW = "2026-11-25", "2026-11-26"


def test_without_a_cap_every_call_may_go():
    budget = Budget(None, None, {TODAY: 10**9})
    assert {budget.reserve(TODAY) for _ in range(1000)} == {Verdict.GO}


@pytest.mark.parametrize(("run_max", "day_max"), [(2, None), (None, 2), (2, 2)])
def test_a_call_waits_while_only_calls_in_flight_stand_in_its_way(run_max, day_max):
    budget = Budget(run_max, day_max)
    assert [budget.reserve(TODAY) for _ in range(3)] == [Verdict.GO, Verdict.GO, Verdict.WAIT]
    budget.settle(TODAY, Charge.FREE)
    assert budget.reserve(TODAY) is Verdict.GO


@pytest.mark.parametrize(
    ("run_max", "day_max", "reached"),
    [(1, None, Verdict.RUN_CAP), (None, 1, Verdict.DAY_CAP), (1, 1, Verdict.RUN_CAP)],
)
@pytest.mark.parametrize("charge", [Charge.CHARGED, Charge.UNKNOWN])
def test_a_cap_is_reached_by_what_was_or_may_have_been_charged(run_max, day_max, reached, charge):
    budget = Budget(run_max, day_max)
    budget.reserve(TODAY)
    budget.settle(TODAY, charge)
    assert budget.reserve(TODAY) is reached


def test_a_call_that_was_not_sent_gives_its_place_back():
    budget = Budget(1, 1)
    budget.reserve(TODAY)
    budget.release(TODAY)
    assert budget.reserve(TODAY) is Verdict.GO


def test_what_earlier_runs_spent_today_counts_for_the_day_and_not_for_the_run():
    assert Budget(None, 5, {TODAY: 5}).reserve(TODAY) is Verdict.DAY_CAP
    assert Budget(5, None, {TODAY: 5}).reserve(TODAY) is Verdict.GO


def test_a_new_day_has_a_new_allowance_and_a_run_has_not():
    budget = Budget(2, 1)
    for day, verdict in [(TODAY, Verdict.GO), (TOMORROW, Verdict.GO), ("2026-11-27", Verdict.RUN_CAP)]:
        assert budget.reserve(day) is verdict
        if verdict is Verdict.GO:
            budget.settle(day, Charge.CHARGED)


def test_a_call_counts_for_the_day_on_which_it_was_sent():
    budget = Budget(None, 1)
    budget.reserve(TODAY)
    assert budget.reserve(TOMORROW) is Verdict.GO
    budget.settle(TODAY, Charge.CHARGED)
    assert budget.reserve(TODAY) is Verdict.DAY_CAP
    assert budget.reserve(TOMORROW) is Verdict.WAIT


@pytest.mark.parametrize(("run_max", "verdict"), [(0, Verdict.RUN_CAP), (-1, Verdict.RUN_CAP)])
def test_a_cap_of_nothing_lets_nothing_go(run_max, verdict):
    assert Budget(run_max, None).reserve(TODAY) is verdict


caps = st.none() | st.integers(0, 6)


@given(caps, caps, st.integers(0, 3), st.data())
def test_no_order_of_calls_and_answers_overshoots_a_cap(run_max, day_max, spent_before, data):
    budget = Budget(run_max, day_max, {TODAY: spent_before})
    in_flight: list[str] = []
    charged: list[str] = []
    for _ in range(data.draw(st.integers(1, 40))):
        if in_flight and data.draw(st.booleans()):
            day = in_flight.pop(data.draw(st.integers(0, len(in_flight) - 1)))
            match data.draw(st.sampled_from([*Charge, None])):
                case None:
                    budget.release(day)
                case charge:
                    budget.settle(day, charge)
                    charged += [day] * (charge is not Charge.FREE)
        else:
            day = data.draw(st.sampled_from([TODAY, TOMORROW]))
            verdict = budget.reserve(day)
            in_flight += [day] * (verdict is Verdict.GO)
            before = spent_before * (day == TODAY)
            full = (run_max is not None and len(charged) >= run_max) or (
                day_max is not None and before + charged.count(day) >= day_max
            )
            assert (verdict in (Verdict.RUN_CAP, Verdict.DAY_CAP)) <= full
            assert verdict is not Verdict.WAIT or in_flight, "a wait that nothing would end"
        # Every call in flight may turn out charged.
        assert run_max is None or len(charged) + len(in_flight) <= run_max
        if day_max is not None:
            assert (charged + in_flight).count(TOMORROW) <= day_max
            assert (charged + in_flight).count(TODAY) <= max(0, day_max - spent_before)
