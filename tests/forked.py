"""Commands that begin with everything imported: each is a process of its own, forked from one that waits.

Most of a short command's time is the start of Python and its imports, the same every time. So one process
for each of pytest's has them done, and forks for each command: standard streams, folder, variables, exit
code and signals are the command's own. What Python itself reads from its environment when it starts is as in
the waiting process. The modules of commands are imported by each, once it knows its language. What is about
the start itself, the end of Python itself, a terminal or a kill starts `python -m crawler`.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Container, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NoReturn

READ_AT_THE_START = ("PYTHON", "LC_", "LANG", "TZ")
"""How the names of variables begin that count when Python starts; LANGUAGE is read by each message."""

IMPORTED = (
    "aiohttp", "sqlite_utils", "rich.console", "rich.live", "crawler.cli", "crawler.run.crawl",
    "crawler.planning.plan", "crawler.analysis.query", "crawler.analysis.status",
    "crawler.maintenance.doctor.gather", "crawler.simulator",
    # What commands load once they are asked for, as far as nothing in it is in a language.
    "crawler.analysis.browse", "crawler.analysis.export", "crawler.analysis.report",
    "crawler.analysis.search", "crawler.cli.confirm_new_database", "crawler.cli.keyword_explanation",
    "crawler.cli.output", "crawler.cli.retention_after_run", "crawler.cli.run_notices",
    "crawler.cli.search_after_run", "crawler.maintenance.prune", "crawler.maintenance.replay",
    "crawler.maintenance.restore", "crawler.maintenance.schedule", "crawler.store.authorizer",
)  # fmt: skip

MESSAGE_BYTES_MAX = 1 << 17
STDIN_BYTES_MAX = 1 << 16
"""What a pipe takes before somebody reads it."""


def run(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], stdin: bytes = b"",
    stdout: int | None = None,
) -> subprocess.CompletedProcess[str]:  # fmt: skip
    """How `crawler` with these arguments ended in `folder`, with what it wrote; not to `stdout`, if given."""
    more = {name for name in environment.keys() - os.environ.keys() if name.startswith("PYTHON")}
    if sys.platform != "linux" or more - {"PYTHONWARNINGS", "PYTHONUTF8"} or len(stdin) > STDIN_BYTES_MAX:
        command = [sys.executable, "-m", "crawler", *arguments]
        streams = {"stdout": subprocess.PIPE if stdout is None else stdout, "stderr": subprocess.PIPE}
        done = subprocess.run(command, cwd=folder, env=environment, input=stdin, **streams)
        return _told(command, done.returncode, done.stdout or b"", done.stderr)
    return launched((), arguments, folder, environment, stdin, stdout)


def launched(
    launcher: tuple[str, ...], arguments: Sequence[str], folder: Path, environment: Mapping[str, str],
    stdin: bytes = b"", stdout: int | None = None, encoding: str = "utf-8",
) -> subprocess.CompletedProcess[str]:  # fmt: skip
    """The same where Python is given some options, and a file whose `prepare` is called before anything of
    the crawler is imported."""
    waiting, orders = _waiting(
        frozenset(item for item in environment.items() if _counts_at_the_start(item[0])), launcher
    )
    order = json.dumps([[*arguments], str(folder), {**environment}]).encode()
    pipes = [os.pipe() for _ in ("stdin", "stdout", "stderr", "exit code")]
    own, theirs = zip(*(pipe if number else pipe[::-1] for number, pipe in enumerate(pipes)), strict=True)
    if stdout is not None:
        os.dup2(stdout, theirs[1])
    os.write(own[0], stdin)
    os.close(own[0])
    socket.send_fds(orders, [order], theirs)
    for each in theirs:
        os.close(each)
    written, stderr, exit_code = _read(own[1:])
    if not exit_code:
        orders.close()  # which ends it, where it has not ended
        raise RuntimeError(waiting.stdout.read().decode())
    return _told(arguments, int(exit_code), written, stderr, encoding)


def _told(
    command: Sequence[str], exit_code: int, stdout: bytes, stderr: bytes, encoding: str = "utf-8"
) -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess(command, exit_code, stdout.decode(encoding), stderr.decode(encoding))


def _counts_at_the_start(name: str) -> bool:
    return name.startswith(READ_AT_THE_START) and name != "LANGUAGE"


@cache
def _waiting(
    counting: frozenset[tuple[str, str]], launcher: tuple[str, ...]
) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """A process that was started with these variables and ends with this one, and where it takes orders."""
    options, files = launcher[:-1], launcher[-1:]
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    kept = {name: value for name, value in os.environ.items() if not _counts_at_the_start(name)}
    process = subprocess.Popen(  # its streams are pipes, as those of commands are
        [sys.executable, *options, "-P", __file__, *files], env=kept | dict(counting),
        stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    theirs.close()
    atexit.register(process.communicate)
    atexit.register(ours.close)
    return process, ours


def _read(ends: Sequence[int]) -> list[bytes]:
    """All that comes out of some pipes until the last of their writers has gone."""
    read: dict[int, list[bytes]] = {end: [] for end in ends}
    with selectors.DefaultSelector() as selector:
        for end in ends:
            selector.register(end, selectors.EVENT_READ)
        while selector.get_map():
            for key, _events in selector.select():
                if part := os.read(key.fd, 1 << 16):
                    read[key.fd].append(part)
                else:
                    selector.unregister(key.fd)
                    os.close(key.fd)
    return [b"".join(parts) for parts in read.values()]


def main() -> None:
    """Waits for orders on standard input and forks for each."""
    fork, child_ended = os.fork, signal.SIGCHLD  # a launcher may take them away
    for path in sys.argv[1:]:
        runpy.run_path(path)["prepare"]()
    for name in IMPORTED:
        importlib.import_module(name)
    from crawler.i18n import translations

    assert not translations.cache_info().currsize, "something is in a language before it is known in which"
    gc.freeze()
    orders = socket.socket(fileno=os.dup(0))
    signal.signal(child_ended, signal.SIG_IGN)  # so that nobody need wait for those who wait
    while True:
        message, given, _flags, _address = socket.recv_fds(orders, MESSAGE_BYTES_MAX, 4)
        if not message:
            return
        if fork():
            for each in given:
                os.close(each)
            continue
        signal.signal(child_ended, signal.SIG_DFL)
        if command := fork():
            for each in given[:3]:
                os.close(each)
            _pid, status = os.waitpid(command, 0)
            os.write(given[3], str(os.waitstatus_to_exitcode(status)).encode())
            os._exit(0)
        orders.close()
        return _become(given, *json.loads(message))


def _become(given: Sequence[int], arguments: list[str], folder: str, environment: dict[str, str]) -> None:
    """Is the command from here on."""
    for number, each in enumerate(given[:3]):
        os.dup2(each, number)
    for each in given:
        os.close(each)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    import crawler.cli

    loaded = frozenset(sys.modules)
    sys.argv = [str(Path(crawler.__file__).with_name("__main__.py")), *arguments]
    sys.path.insert(0, folder)
    try:
        crawler.cli.main()
    except SystemExit as end:
        if isinstance(end.code, int) and threading.active_count() == 1:
            ending = end.code
        else:
            raise
    _end(ending, loaded)


def _end(exit_code: int, loaded: Container[str]) -> NoReturn:
    """Ends as Python does, but for what takes longer than most commands: what was loaded before is not taken
    apart (of the crawler, it keeps nothing but plain values). What the command has left lying about still is,
    and so are the modules that it has loaded: they complain if need be."""
    threading._shutdown()
    atexit._run_exitfuncs()
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        for name in [name for name in sys.modules if name.startswith("crawler") and name not in loaded]:
            vars(sys.modules.pop(name)).clear()
        gc.collect()
        sys.stderr.flush()
        os._exit(exit_code)
    sys.exit(exit_code)  # the streams cannot be written, of which Python says itself what there is to say


if __name__ == "__main__":
    main()
