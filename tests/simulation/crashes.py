"""Killing a run inside a process that goes on: its connection dies, or fails, between two statements."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from tests.new_database import opened
from tests.simulation.scenario import Ending, EndingKind


class Death(BaseException):
    """The process is gone: nobody can catch this and go on, for nothing can be written any more."""


class CrashPlan:
    """What becomes of a run by its `ending`: killed before a statement or when `kill` is called, or refused
    a number of statements."""

    def __init__(self, ending: Ending) -> None:
        self.statements = 0
        self.dead = asyncio.Event()
        self._ending = ending
        self.connections: list[sqlite3.Connection] = []

    def kill(self) -> None:
        """Ends the run's hold on the database at once; what was not committed is lost."""
        self.dead.set()
        for connection in self.connections:
            connection.close()

    def statement(self) -> None:
        """Counts a statement that is about to be run. Raises Death, or what SQLite raises when it refuses."""
        self.statements += 1
        ending = self._ending
        if ending.kind is EndingKind.KILL_BEFORE and self.statements == ending.statement:
            self.kill()
        if self.dead.is_set():
            raise Death
        if ending.refusal and 0 <= self.statements - ending.statement < ending.refused:
            message, code = ending.refusal.value
            kind = sqlite3.DatabaseError if code == sqlite3.SQLITE_CORRUPT else sqlite3.OperationalError
            error = kind(message)
            error.sqlite_errorcode = code
            raise error

    @property
    def met(self) -> bool:
        """Whether the run got as far as the statement of its ending."""
        return self.statements >= self._ending.statement


class MortalConnection:
    """A connection that asks its doom before each statement."""

    def __init__(self, real: sqlite3.Connection, doom: CrashPlan) -> None:
        self._real = real
        self._doom = doom

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        """As the real one does it; no database refuses to roll back."""
        if sql != "ROLLBACK":
            self._doom.statement()
        return self._real.execute(sql, *values)

    def executemany(self, sql: str, values: Any) -> sqlite3.Cursor:
        """As the real one does it."""
        self._doom.statement()
        return self._real.executemany(sql, values)

    @property
    def in_transaction(self) -> bool:
        """Never of a dead one."""
        return not self._doom.dead.is_set() and self._real.in_transaction

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


def crashing(doom: CrashPlan) -> Callable[[Path], Database]:
    """Opens databases for a run whose connection obeys `doom`."""

    def open_mortal(path: Path) -> Database:
        db = opened(path)
        real = db.conn
        real.execute("PRAGMA synchronous = OFF")  # no power is cut here, and the tests are quicker
        doom.connections.append(real)
        db.conn = MortalConnection(real, doom)
        return db

    return open_mortal
