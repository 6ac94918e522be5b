"""Starts `crawler` as Windows would let it: without what only POSIX has, and with files that cannot be
replaced or removed while somebody has them open.

    python -X warn_default_encoding without_posix.py ARGUMENTS

What other packages have for Windows is theirs and is not tried: they are imported before anything is removed,
and the `O_NONBLOCK` of the lock's POSIX half stays.
"""

import asyncio
import glob
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import warnings
from contextlib import suppress

import aiohttp
import click
import filelock
import rich.console
import rich.live
import sqlite_utils
import uvicorn

LOADED = (multiprocessing, subprocess, aiohttp, click, filelock, rich, sqlite_utils, uvicorn)

MODULES = ("fcntl", "grp", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty")

SIGNALS = {"SIGABRT", "SIGFPE", "SIGILL", "SIGINT", "SIGSEGV", "SIGTERM"}
"""Those that Windows has."""

OF_SIGNAL = (
    "alarm", "getitimer", "pause", "pthread_kill", "pthread_sigmask", "setitimer", "siginterrupt",
    "sigpending", "sigtimedwait", "sigwait", "sigwaitinfo",
)  # fmt: skip

OF_OS = (
    "O_ASYNC", "O_CLOEXEC", "O_DIRECTORY", "O_DSYNC", "O_SYNC", "WNOHANG", "chown", "fchown",
    "fdatasync", "fork", "forkpty", "getegid", "geteuid", "getgid", "getgroups", "getloadavg", "getpgid",
    "getpgrp", "getpriority", "getsid", "getuid", "killpg", "lchown", "mkfifo", "mknod", "nice",
    "openpty", "pathconf", "posix_fadvise", "posix_fallocate", "posix_spawn", "pread", "pwrite",
    "sched_getaffinity", "sched_yield", "sendfile", "setpgid", "setsid", "statvfs", "sync", "sysconf",
    "ttyname", "uname", "wait", "wait3", "wait4",
)  # fmt: skip


def _is_open(path: object) -> bool:
    """Whether any process has the file open."""
    for handle in glob.glob("/proc/[0-9]*/fd/*"):
        with suppress(OSError):
            if os.path.samefile(handle, path):
                return True
    return False


def _refusing(function, position):
    """`function`, refused as Windows does it where the file that it is given at `position` is open."""

    def refuse(*arguments, **options):
        if len(arguments) > position and not options and _is_open(arguments[position]):
            refused = PermissionError(13, "The process cannot access the file", str(arguments[position]))
            refused.winerror = 32
            raise refused
        return function(*arguments, **options)

    return refuse


def _measuring(statvfs):
    """What Windows has in place of `statvfs`: the size of a disk, and what is used and free of it."""

    def disk_usage(path):
        found = statvfs(path)
        sizes = (found.f_blocks, found.f_blocks - found.f_bfree, found.f_bavail)
        return shutil._ntuple_diskusage(*(blocks * found.f_frsize for blocks in sizes))

    return disk_usage


def load_datasette() -> None:
    """For the one command that needs it: it takes longer to load than all others take to run."""
    from crawler.analysis.browse.database import keep_tidy

    keep_tidy()
    import datasette.app  # noqa: F401 - its modules stay


def become_windows() -> None:
    """Takes away what Windows has not."""
    shutil.disk_usage = _measuring(os.statvfs)
    for name in MODULES:
        sys.modules[name] = None
    kept = SIGNALS | {"SIG_DFL", "SIG_IGN"}
    posix_signals = {name for name in dir(signal) if name.startswith("SIG") and name.isupper()} - kept
    for module, names in ((signal, (*OF_SIGNAL, *posix_signals)), (os, OF_OS)):
        for name in names:
            if hasattr(module, name):
                delattr(module, name)
    loop = asyncio.SelectorEventLoop
    loop.add_signal_handler = asyncio.AbstractEventLoop.add_signal_handler
    loop.remove_signal_handler = asyncio.AbstractEventLoop.remove_signal_handler
    shutil._use_fd_functions = False
    for name, position in (("replace", 1), ("rename", 1), ("unlink", 0), ("remove", 0)):
        setattr(os, name, _refusing(getattr(os, name), position))


def prepare() -> None:
    """What is done before anything of the crawler is imported."""
    become_windows()
    # Where no encoding is said it is the console's code page.
    warnings.filterwarnings("error", category=EncodingWarning, module=r"crawler(\.|$)")


if __name__ == "__main__":
    if "browse" in sys.argv:
        load_datasette()
    prepare()
    from crawler.cli import main

    main()
