"""Which signal gives up the calls in flight, and which only ends the run."""

from __future__ import annotations

import pytest

from crawler.cli.repeated_signals import REPEATED_AFTER_SECONDS, RepeatedSignals

SIGHUP, SIGINT, SIGTERM = 1, 2, 15
AT_ONCE, LATER = 0.0, REPEATED_AFTER_SECONDS


@pytest.mark.parametrize(
    ("received", "forced"),
    [
        ([(SIGTERM, AT_ONCE)], False),
        ([(SIGTERM, AT_ONCE), (SIGHUP, AT_ONCE)], False),  # systemd's SendSIGHUP, a terminal that closes
        ([(SIGHUP, AT_ONCE), (SIGTERM, AT_ONCE), (SIGINT, AT_ONCE)], False),
        ([(SIGTERM, AT_ONCE), (SIGTERM, AT_ONCE)], False),
        ([(SIGTERM, AT_ONCE), (SIGTERM, LATER)], True),
        ([(SIGHUP, AT_ONCE), (SIGHUP, LATER)], False),
        ([(SIGINT, AT_ONCE), (SIGINT, AT_ONCE)], True),
        ([(SIGTERM, AT_ONCE), (SIGINT, LATER)], False),
        ([(SIGTERM, AT_ONCE), (SIGINT, LATER), (SIGINT, LATER)], True),
    ],
)
def test_only_a_second_ctrl_c_or_a_repeated_sigterm_gives_up_calls_in_flight(received, forced):
    signals = RepeatedSignals()
    assert [signals.forces(number, seconds) for number, seconds in received][-1] is forced
