"""What tests of several folders share."""

from __future__ import annotations

import compileall
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import pytest
from aiohttp import ClientResponse
from aioresponses import aioresponses as AioResponses

import crawler
from tests.filled import fill

MEMORY = Path("/dev/shm")
ROOM_BYTES = 4 << 30
"""What folders in memory need at least: one for each test that runs, and those of tests that have failed."""


BEGUN_FIRST = ("test_patterns.py", "test_readme.py", "test_newcomer.py")
"""Each has a long test and comes late in the alphabet: one process would be left alone with it."""


def pytest_configure(config):
    """Folders of tests are in memory where there is room: no test cuts the power, and none waits for a disk.

    Commands that the tests start answer to Ctrl-C, even where the tests were started with `&`: a shell
    then has them ignore it, which their children inherit. Those thousands of commands also share what is
    compiled, even where the environment says that nothing compiled is kept. It is compiled before any of
    them is limited to small files: Python would keep the half of a module that it could write."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    if not hasattr(config, "workerinput"):
        compileall.compile_dir(Path(crawler.__file__).parent, quiet=2)
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ROOM_BYTES:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    """Those that take longest are begun first."""
    items.sort(key=lambda item: item.path.name not in BEGUN_FIRST)


class _AnsweredResponse(ClientResponse):
    """aiohttp 3.14 asks for the writer of the request, of which aioresponses 0.7.9 knows nothing yet."""

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("stream_writer", Mock())
        super().__init__(*args, **kwargs)


class Answers(AioResponses):
    """Answers that aiohttp can read."""

    def add(self, url, *args, **kwargs):
        super().add(url, *args, response_class=_AnsweredResponse, **kwargs)


@pytest.fixture
def answers():
    """Stands in for the network: a URL answers what the test registers, any other refuses the connection."""
    with Answers() as registered:
        yield registered


@pytest.fixture
def without(tmp_path_factory) -> Callable[..., subprocess.CompletedProcess]:
    """Runs `crawler` in a process that cannot import a package, as where its extra is not installed."""

    def call(package, *arguments):
        folder = tmp_path_factory.mktemp("without")
        (folder / f"{package}.py").write_text(f"raise ModuleNotFoundError('No module named {package}')")
        return subprocess.run(
            [sys.executable, "-m", "crawler", *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": str(folder), "LANGUAGE": "en"},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    return call


@pytest.fixture(scope="session")
def three_nights(tmp_path_factory) -> Path:
    """The database of `tests.filled`, for tests that only read it."""
    path = tmp_path_factory.mktemp("filled") / "creators.db"
    fill(path)
    return path


@pytest.fixture
def db(three_nights, tmp_path) -> Path:
    """A copy of it that a test may change."""
    return Path(shutil.copy(three_nights, tmp_path / "creators.db"))
