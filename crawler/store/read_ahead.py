"""Reading ahead: what a transaction looks up in a large database is read by several threads before it begins.

Known creators lie anywhere in it: a page of twenty waits for some 35 reads of the disk, one after the other,
while nothing else can go on. Several at a time are faster, and answers come in meanwhile. What was read stays
in the system's memory, where the transaction finds it; nothing of it is used otherwise.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from crawler.atomic_files import database_uri
from crawler.store import sql

FILE_BYTES_MIN = 2 * 1024**3
"""Smaller files are in the system's memory soon, and reading twice costs more than it saves (a quarter of the
CPU time of a page at 0.9 GB)."""

THREADS = 4


class ReadAhead:
    """Reads the rows of creators in threads, each with a connection of its own that can only read."""

    def __init__(self, path: Path) -> None:
        self._address = database_uri(path, "mode=ro")
        self._threads = ThreadPoolExecutor(THREADS, "read-ahead")
        self._own = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._begun: list[asyncio.Future[None]] = []
        # The last thing that a run does is to count all creators: it waits for nothing then.
        self._threads.submit(self._read, sql.COUNT_CREATORS)

    def begin(self, ids: Iterable[str]) -> None:
        """Begins to read all rows of these creators."""
        wanted = list(ids)
        if wanted:
            loop = asyncio.get_running_loop()
            self._begun.append(
                loop.run_in_executor(self._threads, self._read, sql.READ_AHEAD, json.dumps(wanted))
            )

    async def end(self) -> None:
        """Returns when all that was begun is read."""
        begun, self._begun = self._begun, []
        if begun:
            await asyncio.wait(begun)

    def _read(self, statement: str, *values: str) -> None:
        with suppress(sqlite3.Error):  # whatever is wrong, the transaction will meet it
            self._connection().execute(statement, values).fetchone()

    def _connection(self) -> sqlite3.Connection:
        if not hasattr(self._own, "connection"):
            connection = sqlite3.connect(self._address, uri=True, check_same_thread=False)
            self._connections.append(connection)
            self._own.connection = connection
        kept: sqlite3.Connection = self._own.connection
        return kept

    def close(self) -> None:
        """Ends the threads and closes what they opened."""
        self._threads.shutdown()
        for connection in self._connections:
            connection.close()


def read_ahead_of(path: Path, file_bytes_min: int = FILE_BYTES_MIN) -> ReadAhead | None:
    """Reading ahead for the database at `path`, None where its file is gone, or too small to gain."""
    with suppress(OSError):
        if path.stat().st_size >= file_bytes_min:
            return ReadAhead(path)
    return None
