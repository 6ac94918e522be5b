"""Commands started at a terminal, where they may ask."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import re
import signal
import subprocess
import sys
import termios

PATIENCE_SECONDS = 60


async def at_a_terminal(crawler, *arguments, ignoring=()):
    """The process of a command that reads and reports at a terminal of its own, where Ctrl-C reaches it, and
    our side of that terminal. It is started with the signals of `ignoring` ignored."""

    def own_terminal():
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        for number in ignoring:
            signal.signal(number, signal.SIG_IGN)

    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "crawler", *map(str, arguments)),
        cwd=crawler.folder,
        env=crawler.environment,
        stdin=theirs,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=own_terminal,
    )
    os.close(theirs)
    return process, ours


def on_a_terminal(*arguments, typed=b"", **options):
    """How a command ended whose streams all are one terminal, where `typed` was typed, and what it wrote."""
    ours, theirs = pty.openpty()
    os.write(ours, typed)
    command = [sys.executable, "-m", "crawler", *map(os.fsencode, map(str, arguments))]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, **options) as process:
        os.close(theirs)
        written = rest_of(ours)
    os.close(ours)
    return process.returncode, written.decode()


async def answered_at_a_terminal(crawler, answer, *arguments):
    """How a command ended that asked somebody at a terminal, and the words it showed there."""
    process, ours = await at_a_terminal(crawler, *arguments)
    shown = await asked(ours)
    os.write(ours, answer.encode())
    code, rest = await end_of(process, ours)
    return code, words_of(shown + rest)


async def asked(terminal):
    """What a terminal shows up to the question."""
    shown = b""
    while b"[y/N]" not in shown:
        shown += await asyncio.to_thread(os.read, terminal, 1000)
    return shown


async def end_of(process, terminal):
    """How a command ended, and what its terminal, which is closed, had still to show."""
    reading = asyncio.create_task(asyncio.to_thread(rest_of, terminal))
    try:
        code = await asyncio.wait_for(process.wait(), PATIENCE_SECONDS)
    except TimeoutError:
        process.kill()  # else whoever reads its terminal would wait for ever
        await process.wait()
        raise
    rest = await reading
    os.close(terminal)
    assert "Traceback" not in rest.decode()
    return code, rest


def rest_of(terminal):
    """What is still shown on a terminal until its other side is closed."""
    shown = b""
    try:
        while part := os.read(terminal, 1000):
            shown += part
    except OSError:  # how Linux says that the other side is closed
        pass
    return shown


def words_of(shown: bytes) -> str:
    """What a terminal shows, whatever its width and colours."""
    return " ".join(re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode()).split())
