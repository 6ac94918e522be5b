"""Telling an outage from a bad keyword."""

from __future__ import annotations

import pytest

from crawler.engine.circuit_breaker import CircuitBreaker, CircuitBreakerLimits

LIMITS = CircuitBreakerLimits(
    window=10, share=0.8, probes_max=4, pause_first_seconds=15, pause_max_seconds=50
)


def recorded(outage, outcomes):
    """What each outcome did: `x` is a failure of the service, anything else is not."""
    return [outage.record(service_failed=outcome == "x") for outcome in outcomes]


@pytest.fixture
def out():
    """An outage that has begun."""
    outage = CircuitBreaker(LIMITS)
    recorded(outage, "x" * 10)
    assert outage.is_open
    return outage


def test_it_begins_when_most_of_the_last_calls_failed():
    outage = CircuitBreaker(LIMITS)
    assert recorded(outage, ".x" + "." + "x" * 6) == [False] * 9
    assert not outage.is_open
    assert recorded(outage, "x") == [True]
    assert outage.is_open


def test_a_few_calls_are_too_few_to_tell():
    outage = CircuitBreaker(LIMITS)
    assert recorded(outage, "x" * 9) == [False] * 9
    assert not outage.is_open


def test_calls_that_go_well_now_and_then_are_no_outage():
    outage = CircuitBreaker(LIMITS)
    assert not any(recorded(outage, "xx." * 100))
    assert not outage.is_open


def test_old_calls_are_forgotten():
    outage = CircuitBreaker(LIMITS)
    recorded(outage, "." * 1000)
    assert recorded(outage, "x" * 8) == [False] * 7 + [True]


def test_it_ends_with_the_first_call_that_goes_well(out):
    assert recorded(out, "x.") == [False, True]
    assert not out.is_open


def test_after_it_a_new_one_needs_as_many_failures_as_the_first(out):
    assert recorded(out, "." + "x" * 9) == [True] + [False] * 9
    assert recorded(out, "x") == [True]


def test_pauses_before_probes_double_up_to_a_limit_and_then_there_are_no_more(out):
    assert [out.next_pause_seconds() for _ in range(6)] == [15, 30, 50, 50, None, None]


def test_the_next_outage_has_all_its_probes_again(out):
    out.next_pause_seconds()
    recorded(out, "." + "x" * 10)
    assert out.is_open
    assert out.next_pause_seconds() == 15
