"""The command line as a user meets it: a process of its own, in an empty folder, with a clean environment."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import forked

TOKEN = "tok-SECRET-8b1f2c"


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def summary(self) -> dict[str, Any]:
        """The JSON on stdout."""
        found: dict[str, Any] = json.loads(self.stdout)
        return found


class CommandLine:
    """Runs `crawler` in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("CRAWLER_", "JUSTONEAPI_", "LC_", "LANG"))
        } | {"LANG": "C.UTF-8", "JUSTONEAPI_TOKEN": TOKEN, "PYTHONWARNINGS": "error"}

    async def start(self, *arguments: object, **environment: str) -> asyncio.subprocess.Process:
        """The command, started."""
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "crawler", *map(str, arguments)),
            cwd=self.folder,
            env=self.environment | environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def __call__(self, *arguments: object, stdin: bytes = b"", **environment: str) -> Ended:
        """How the command ended."""
        given, variables = [*map(str, arguments)], self.environment | environment
        process = await asyncio.to_thread(forked.run, given, self.folder, variables, stdin)
        return Ended(process.returncode, process.stdout, process.stderr)

    def keywords(self, *keywords: str) -> Path:
        """A keyword file."""
        path = self.folder / "keywords.txt"
        path.write_text("\n".join(keywords) + "\n", encoding="utf-8")
        return path

    def rows(self, query: str, db: str = "data/creators.db") -> list[tuple[Any, ...]]:
        """What the database answers."""
        with closing(sqlite3.connect(self.folder / db)) as connection:
            return connection.execute(query).fetchall()


async def ended(process: asyncio.subprocess.Process, stdin: bytes = b"") -> Ended:
    """How a started command ended."""
    stdout, stderr = await asyncio.wait_for(process.communicate(stdin), 60)
    assert process.returncode is not None
    return Ended(process.returncode, stdout.decode(), stderr.decode())


@pytest.fixture
def crawler(tmp_path: Path) -> CommandLine:
    """The command line in an empty folder."""
    return CommandLine(tmp_path)


@pytest.fixture
def users(crawler: CommandLine) -> Callable[[], list[str]]:
    """The ids in `users`, sorted."""
    return lambda: [row[0] for row in crawler.rows("SELECT id FROM users ORDER BY id")]
