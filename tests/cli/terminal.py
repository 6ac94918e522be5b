"""Commands started at a terminal, where they may ask."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import sys


async def at_a_terminal(crawler, *arguments):
    """The process of a command that reads and reports at a terminal, and our side of that terminal."""
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "crawler", *arguments),
        cwd=crawler.folder,
        env=crawler.environment,
        stdin=theirs,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=theirs,
    )
    os.close(theirs)
    return process, ours


async def answered_at_a_terminal(crawler, answer, *arguments):
    """How a command ended that asked somebody at a terminal, and the words it showed there."""
    process, ours = await at_a_terminal(crawler, *arguments)
    shown = b""
    while b"[y/N]" not in shown:
        shown += await asyncio.to_thread(os.read, ours, 1000)
    os.write(ours, answer.encode())
    reading = asyncio.create_task(asyncio.to_thread(rest_of, ours))
    try:
        code = await asyncio.wait_for(process.wait(), 60)
    except TimeoutError:
        process.kill()  # else whoever reads its terminal would wait for ever
        await process.wait()
        raise
    shown += await reading
    os.close(ours)
    assert "Traceback" not in shown.decode()
    return code, words_of(shown)


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
