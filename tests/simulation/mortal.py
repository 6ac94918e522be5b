"""Killing a run inside a process that goes on: its connection dies, or fails, between two statements."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlite_utils import Database

from crawler import night
from crawler.store import open_database


class Death(BaseException):
    """The process is gone: nobody can catch this and go on, for nothing can be written any more."""


class Doom:
    """What becomes of a run: killed before its n-th statement, or when `kill` is called; or statements from
    the n-th on raise `error`, `times` times."""

    def __init__(
        self, *, kill_before: int | None = None, fail_from: int | None = None, times: int = 10**9,
        error: Callable[[], sqlite3.Error] | None = None,
    ) -> None:  # fmt: skip
        self.statements = 0
        self.dead = asyncio.Event()
        self._kill_before = kill_before
        self._failing = range(fail_from, fail_from + times) if fail_from is not None else range(0)
        self._error = error
        self.connections: list[sqlite3.Connection] = []

    def kill(self) -> None:
        """Ends the run's hold on the database at once; what was not committed is lost."""
        self.dead.set()
        for connection in self.connections:
            connection.close()

    def statement(self) -> None:
        """Counts a statement that is about to be run. Raises Death or the drawn error."""
        self.statements += 1
        if self.statements == self._kill_before:
            self.kill()
        if self.dead.is_set():
            raise Death
        if self.statements in self._failing and self._error is not None:
            raise self._error()

    @property
    def touched(self) -> bool:
        """Whether the run got as far as its doom."""
        return self.dead.is_set() or self.statements >= self._failing.start > 0


class MortalConnection:
    """A connection that asks its doom before each statement."""

    def __init__(self, real: sqlite3.Connection, doom: Doom) -> None:
        self._real = real
        self._doom = doom

    def execute(self, *args: Any) -> sqlite3.Cursor:
        """As the real one does it."""
        self._doom.statement()
        return self._real.execute(*args)

    def executemany(self, *args: Any) -> sqlite3.Cursor:
        """As the real one does it."""
        self._doom.statement()
        return self._real.executemany(*args)

    @property
    def in_transaction(self) -> bool:
        """Never of a dead one."""
        return not self._doom.dead.is_set() and self._real.in_transaction

    def rollback(self) -> None:
        """Nothing is left to roll back once it is dead."""
        if not self._doom.dead.is_set():
            self._real.rollback()

    def close(self) -> None:
        """Closes the real one."""
        self._real.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class Family:
    """A task factory that knows which tasks descend from which: a dead process leaves no task behind."""

    def __init__(self) -> None:
        self._members: dict[asyncio.Task[Any], set[asyncio.Task[Any]]] = {}

    def __call__(
        self, loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any], **options: Any
    ) -> asyncio.Task[Any]:
        """A new task, in its parent's family if that has one."""
        task = asyncio.Task(coroutine, loop=loop, **options)
        with suppress(RuntimeError):
            parent = asyncio.current_task(loop)
            if parent is not None and parent in self._members:
                self._members[task] = self._members[parent]
                self._members[parent].add(task)
        return task

    def found(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """A task that heads a family of its own."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self._members[task] = {task}
        return task

    async def end(self, head: asyncio.Task[Any]) -> None:
        """Cancels whoever is left of a family; raises RuntimeError where one of them will not go."""
        members = self._members[head]
        for _ in range(100):
            left = {task for task in members if not task.done()}
            if not left:
                break
            for task in left:
                task.cancel()
            await asyncio.wait(left, timeout=1.0)
        else:
            raise RuntimeError(f"cannot be cancelled: {left}")
        for task in members:
            if not task.cancelled():
                task.exception()  # looked at, so that nobody complains
            self._members.pop(task, None)


def doomed(doom: Doom, **parts: Any) -> Any:
    """A context in which a night's connection obeys `doom`; `parts` replace other parts of a night."""

    def open_mortal(path: Path) -> Database:
        db = open_database(path)
        real = db.conn
        real.execute("PRAGMA synchronous = OFF")  # no power is cut here, and the tests are quicker
        doom.connections.append(real)
        db.conn = MortalConnection(real, doom)
        return db

    return patch.multiple(night, open_database=open_mortal, **parts)
