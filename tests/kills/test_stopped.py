"""A run that is stopped for longer than its calls may take, and goes on: nothing is paid twice."""

import signal
import time

import pytest

from tests.kills.killing import Desk, service

TIMEOUT_SECONDS = 3


@pytest.mark.parametrize("stopped_seconds", [TIMEOUT_SECONDS + 0.5, TIMEOUT_SECONDS + 3])
def test_answers_that_came_while_a_run_was_stopped_are_read(tmp_path, stopped_seconds):
    with service("--seed", "11", "--latency", "0.8-1.2") as running:
        desk = Desk(tmp_path, running)
        process = desk.start("--timeout", f"{TIMEOUT_SECONDS}s")
        assert running.wait_for(desk.workers, process)
        process.send_signal(signal.SIGSTOP)
        time.sleep(stopped_seconds)
        process.send_signal(signal.SIGCONT)
        ended = desk.finish(process)
        assert ended.exit_code == 0, ended.stderr
        assert ended.summary["calls"]["unknown"] == 0
        assert ended.summary["calls"]["charged"] == running.ask("bill")["charged"]
        assert desk.charged_twice() == 0
        assert desk.flaws() == []
