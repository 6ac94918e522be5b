"""What systemd hears of a run, at a real socket."""

import asyncio
import os
import socket
import time

import pytest

from crawler.cli.supervised import supervised
from crawler.engine.events import RunStarted
from crawler.notices.sd_notify import ALIVE, Supervisor, status, supervisor_of
from crawler.simulator import SimulatorSettings

pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="needs sockets of Unix")

STARTED = RunStarted(1, 2, 0, 2, "creators.db", "justoneapi")


class Listener:
    """What was said to a datagram socket."""

    def __init__(self, name):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(name)
        self._socket.setblocking(False)

    def heard(self):
        found = []
        while True:
            try:
                found.append(self._socket.recv(8192).decode().split("\n"))
            except BlockingIOError:
                return found

    def close(self):
        self._socket.close()


@pytest.fixture
def listener(tmp_path):
    listening = Listener(str(tmp_path / "notify"))
    yield listening
    listening.close()


async def test_a_run_says_that_it_is_ready_how_far_it_is_and_that_it_lives(
    night, simulator, listener, tmp_path
):
    simulator.settings = SimulatorSettings(seed=7, latency_seconds=(0.3, 0.3), pages_per_keyword=(3, 3))
    ended = await night(NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="300000")
    first, *others = listener.heard()
    assert ended.exit_code == 0
    assert first == ["READY=1", "STATUS=keywords 0 of 2, 0 new creators, 0 calls"]
    assert len(others) >= 3
    assert {each[0] for each in others} == {"WATCHDOG=1"}
    assert all(each[1].startswith("STATUS=keywords ") for each in others)
    assert others[-1] != others[0]


def test_without_a_watchdog_no_sign_of_life_is_sent():
    assert (Supervisor("/s").signs, Supervisor("/s", 1.0).signs) == ((), (ALIVE,))


async def test_a_run_that_cannot_begin_is_not_ready(night, listener, tmp_path):
    ended = await night("--db", "/", NOTIFY_SOCKET=str(tmp_path / "notify"))
    assert (ended.exit_code, listener.heard()) == (2, [])


@pytest.mark.parametrize("address", ["/nobody/here", "/", "@nobody", "x", "vsock:2:1", "/" + "x" * 5000])
async def test_a_supervisor_that_is_not_there_changes_nothing(night, address):
    ended = await night(NOTIFY_SOCKET=address, WATCHDOG_USEC="9" * 30)
    assert (ended.exit_code, ended.stderr) == (0, "")


async def test_a_loop_that_hangs_gives_no_sign_of_life(listener, tmp_path, monkeypatch):
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "30000")
    taken = []
    async with supervised(taken.append) as emit:
        emit(STARTED)
        await asyncio.sleep(0.1)
        assert len(listener.heard()) > 1
        time.sleep(0.1)
        assert listener.heard() == []
    assert taken == [STARTED]


def test_an_abstract_address_is_spoken_to():
    listening = Listener(f"\0crawler-{os.getpid()}")
    Supervisor(f"@crawler-{os.getpid()}").tell(ALIVE, status("one\nline  only"))
    assert listening.heard() == [["WATCHDOG=1", "STATUS=one line only"]]
    listening.close()


def test_a_socket_that_nobody_empties_is_not_waited_for(listener, tmp_path):
    supervisor = Supervisor(str(tmp_path / "notify"))
    for _each in range(2000):
        supervisor.tell(ALIVE)
    assert listener.heard()


@pytest.mark.parametrize(
    ("variables", "seconds"),
    [
        ({"WATCHDOG_USEC": "5000000"}, 5.0),
        ({"WATCHDOG_USEC": "5000000", "WATCHDOG_PID": "7"}, 5.0),
        ({"WATCHDOG_USEC": "5000000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "٣"}, None),
        ({}, None),
    ],
)
def test_a_watchdog_watches_the_process_it_names(variables, seconds):
    assert supervisor_of({"NOTIFY_SOCKET": "/s", **variables}, 7) == Supervisor("/s", seconds)


def test_there_is_none_where_systemd_did_not_start_it():
    assert supervisor_of({}, 7) is None
