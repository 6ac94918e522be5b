"""Real processes, really killed: nothing is lost, at most what was in flight is paid twice, and SIGTERM costs
nothing."""

import os
import re
import resource
import signal
import sqlite3
import time
from contextlib import closing
from random import Random

import pytest

from crawler.store.readonly import open_readonly
from tests.kills.killing import Desk, kill_and_resume, service

KILL, TERM, INT = signal.SIGKILL, signal.SIGTERM, signal.SIGINT


@pytest.fixture
def desk(tmp_path):
    with service("--seed", "11") as running:
        yield Desk(tmp_path, running)


@pytest.mark.parametrize("seed", range(2))
def test_killed_again_and_again_it_loses_nothing_and_pays_twice_at_most_what_was_in_flight(seed, tmp_path):
    desk, flaws = kill_and_resume(tmp_path, Random(seed), [KILL, KILL, KILL])
    assert flaws == []
    assert desk.kills > 0


@pytest.mark.parametrize(("number", "exit_code"), [(TERM, 143), (INT, 130)])
def test_a_signal_lets_the_calls_in_flight_come_home_and_nothing_is_paid_twice(desk, number, exit_code):
    ended = desk.kill_after(requests=5, number=number)

    assert ended.exit_code == ended.summary["exit_code"] == exit_code
    assert ended.summary["outcome"] == "interrupted"
    assert ended.summary["calls"]["sent"] == ended.summary["calls"]["charged"] == desk.service.requests
    assert desk.unsettled() == 0
    assert desk.run().exit_code == 0
    assert desk.charged_twice() == 0
    assert desk.flaws() == []


def test_a_second_signal_leaves_at_once_and_what_was_in_flight_is_unknown(tmp_path):
    with service("--latency", "30") as running:
        desk = Desk(tmp_path, running, workers=4)
        process = desk.start()
        assert running.wait_for(4, process)
        process.send_signal(TERM)
        time.sleep(0.2)
        process.send_signal(TERM)
        ended = desk.finish(process)
    assert ended.exit_code == 143
    assert desk.unsettled() == 4
    assert "Traceback" not in ended.stderr


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="there is no such signal here")
@pytest.mark.parametrize("pair", [(TERM, "SIGHUP"), (TERM, "SIGTERM"), (TERM, "SIGINT")], ids=str)
def test_two_signals_at_once_are_one_and_nothing_is_paid_twice(desk, pair):
    process = desk.start()
    assert desk.service.wait_for(5, process)
    process.send_signal(pair[0])
    process.send_signal(getattr(signal, pair[1]))
    ended = desk.finish(process)
    assert ended.exit_code in (128 + pair[0], 128 + getattr(signal, pair[1]))  # whichever came first
    assert desk.unsettled() == 0
    assert desk.run().exit_code == 0
    assert desk.charged_twice() == 0
    assert desk.flaws() == []


def test_draining_ends_after_its_time_however_long_the_answers_take(tmp_path):
    with service("--latency", "30") as running:
        desk = Desk(tmp_path, running, workers=4)
        process = desk.start("--drain", "1s")
        assert running.wait_for(4, process)
        process.send_signal(TERM)
        ended = desk.finish(process)
    assert ended.exit_code == 143
    assert ended.summary["calls"]["unknown"] == desk.unsettled() == 4
    assert "Traceback" not in ended.stderr


def test_a_second_run_is_refused_at_once_and_told_by_whom(desk):
    with desk.service.silent():  # so that the first run cannot end before the second begins
        first = desk.start()
        desk.wait_for_a_call()
        second = desk.finish(desk.start())
    assert second.exit_code == 75
    assert re.search(rf"\b{first.pid}\b", second.stderr)
    assert "Traceback" not in second.stderr
    assert desk.finish(first).exit_code == 0
    assert desk.flaws() == []


def test_a_full_disk_stops_the_run_and_the_next_one_goes_on(desk):
    def limit_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (320 * 1024, 320 * 1024))

    ended = desk.finish(desk.start(preexec=limit_files))

    assert ended.exit_code == 75, ended
    assert "creators.db" in ended.stderr + str(ended.summary)
    assert "Traceback" not in ended.stderr
    desk.in_flight, desk.kills = desk.unsettled(), 1
    assert desk.run().exit_code == 0
    assert desk.flaws() == []


@pytest.mark.skipif(os.geteuid() == 0, reason="to root no file is read-only")
def test_a_read_only_database_is_refused_in_words(desk):
    desk.run("--max-calls", "3")
    desk.db.chmod(0o444)
    ended = desk.finish(desk.start())
    assert ended.exit_code == 75
    assert "creators.db" in ended.stderr
    assert "Traceback" not in ended.stderr
    desk.db.chmod(0o644)
    assert desk.run().exit_code == 0
    assert desk.flaws() == []


def test_a_lock_held_by_another_program_for_a_while_only_delays_the_run(desk):
    process = desk.start()
    assert desk.service.wait_for(6, process)
    with closing(sqlite3.connect(desk.db, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        held = desk.service.requests
        time.sleep(1.0)
        other.execute("ROLLBACK")
    ended = desk.finish(process)

    assert ended.exit_code == 0, ended.stderr
    assert held < desk.service.requests
    assert desk.charged_twice() == 0
    assert desk.flaws() == []


def test_a_reader_without_any_patience_is_never_refused_while_the_run_goes_on(desk):
    process = desk.start()
    assert desk.service.wait_for(3, process)
    reads = 0
    while process.poll() is None:
        try:
            desk.query("SELECT count(*) FROM calls")
            reads += 1
        except sqlite3.OperationalError:
            # SQLite tidies up for some milliseconds when the last writer closes, and at no other time.
            with closing(open_readonly(desk.db)) as connection:
                (ended_at,) = connection.execute("SELECT ended_at FROM runs").fetchone()
            assert ended_at is not None
    assert desk.finish(process).exit_code == 0
    assert reads > 0


def test_the_crawlers_own_readers_are_served_to_the_end(desk):
    process = desk.start()
    assert desk.service.wait_for(3, process)
    seen = []
    while process.poll() is None:
        with closing(open_readonly(desk.db)) as connection:
            seen.append(connection.execute("SELECT count(*) FROM calls").fetchone()[0])
    assert desk.finish(process).exit_code == 0
    assert seen == sorted(seen)
    assert 0 < seen[-1] <= desk.service.requests
