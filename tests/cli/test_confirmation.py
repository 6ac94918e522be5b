"""The question before the first paid calls: an answer, or a signal, however it comes."""

from __future__ import annotations

import os
import signal
import termios

import pytest

from crawler.simulator import Simulator, SimulatorSettings
from tests.cli.terminal import asked, at_a_terminal, end_of, words_of

WORLD = SimulatorSettings(seed=7, creators=200, pages_per_keyword=(3, 3), users_per_page=3)
CTRL_C = b"\x03"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture
async def simulator():
    async with Simulator(WORLD) as playing:
        yield playing


@pytest.fixture
def command(crawler, simulator):
    """A run that asks: 0.0.0.0 leads to the simulator as well, but is a service like any other."""
    crawler.keywords("穿搭", "美食")
    address = simulator.base_url.replace("127.0.0.1", "0.0.0.0")
    return ("run", "keywords.txt", "--base-url", address)


def send(sent: signal.Signals | bytes, process, terminal) -> None:
    """A signal, or what is typed."""
    if isinstance(sent, bytes):
        os.write(terminal, sent)
    else:
        process.send_signal(sent)


@pytest.mark.parametrize("ignoring", [(), SIGNALS], ids=["taken", "ignored at the start"])
@pytest.mark.parametrize(
    ("sent", "number"),
    [(CTRL_C, signal.SIGINT), *((number, number) for number in SIGNALS)],
    ids=["Ctrl-C", "SIGINT", "SIGTERM", "SIGHUP"],
)
async def test_a_signal_at_the_question_ends_the_run_at_once_and_nothing_is_sent(
    crawler, simulator, command, sent, number, ignoring
):
    process, terminal = await at_a_terminal(crawler, *command, ignoring=ignoring)
    before = termios.tcgetattr(terminal)
    await asked(terminal)
    send(sent, process, terminal)
    assert await process.wait() == 128 + number
    assert termios.tcgetattr(terminal) == before
    os.close(terminal)
    assert simulator.bill.requests == 0
    again = await crawler(*command, "--max-calls", "1")
    assert (again.exit_code, simulator.bill.requests) == (75, 1), "no lock is left"


async def test_a_signal_that_comes_just_before_the_question_counts(crawler, simulator, command):
    """The first keyword of the standard input has been read when it comes, the question not yet asked."""
    crawler.keywords(*(f"穿搭{number}" for number in range(200_000)))
    process, terminal = await at_a_terminal(crawler, *command)
    while not list(crawler.folder.glob("data/creators.db-wal")):
        assert process.returncode is None
        os.sched_yield()
    process.send_signal(signal.SIGINT)
    code, shown = await end_of(process, terminal)
    assert (code, simulator.bill.requests) == (130, 0), words_of(shown)


@pytest.mark.parametrize(
    ("typed", "exit_code", "charged"),
    [(b"perhaps\n\x04", 2, 0), (b"\x04", 2, 0), (b"maybe\nYES\n", 0, 8), ("ｙ\n否\nn\n".encode(), 2, 0)],
    ids=["end of input", "end at once", "an answer that is none first", "other letters"],
)
async def test_only_a_plain_yes_spends_money(crawler, simulator, command, typed, exit_code, charged):
    process, terminal = await at_a_terminal(crawler, *command, "--rate", "unlimited")
    await asked(terminal)
    os.write(terminal, typed)
    code, _shown = await end_of(process, terminal)
    assert (code, simulator.bill.charged) == (exit_code, charged)
