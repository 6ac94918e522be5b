"""The work that every peer does, and what is none of its business: arguments, columns, how it is measured.

For every keyword: page after page until one is empty, at most `CONCURRENCY` calls at one time; every creator
once in the table `creators`, with the follower count read from its text. Each peer is a module of its own:

    python -m tests.bench.peers.naive BASE_URL KEYWORDS DATABASE
"""

import json
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson

CONCURRENCY = 64
PAGES_MAX = 50  # of a keyword, for those who want a limit; none has so many
# Written out, so that nobody carries the crawler in memory who does not use it.
PATH = "/api/xiaohongshu/search-user/v2"
TOKEN = "bench"
UNITS = {"万": 10_000, "亿": 100_000_000}
CREATE = """CREATE TABLE IF NOT EXISTS creators (
    id TEXT PRIMARY KEY, red_id TEXT, name TEXT, fans INTEGER, fans_text TEXT, verified INTEGER, image TEXT
)"""
COLUMNS = ("id", "red_id", "name", "fans", "fans_text", "verified", "image")
UPSERT = """INSERT INTO creators VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO UPDATE SET
    red_id = excluded.red_id, name = excluded.name, fans = excluded.fans, fans_text = excluded.fans_text,
    verified = excluded.verified, image = excluded.image"""
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """What to crawl, and the SQLite file it goes to."""

    base_url: str
    source: Path
    db: Path

    def keywords(self) -> Iterator[str]:
        """The keywords of the file `source`, one a line."""
        return iter(self.source.read_text(encoding="utf-8").splitlines())

    def url(self, keyword: str, page: int) -> str:
        """The address of one page, written the same way by all: the server knows its answers by it."""
        query = urlencode({"token": TOKEN, "keyword": keyword, "page": page})
        return f"{self.base_url}{PATH}?{query}"


def rows_in(body: bytes) -> list[Row]:
    """The creators of one page as values for `UPSERT`; none on the page after the last."""
    answer = orjson.loads(body)
    assert answer["code"] == 0, answer
    return [_row(user) for user in answer["data"]["users"]]


def _row(user: dict[str, Any]) -> Row:
    fans_text = user["sub_title"].removeprefix("粉丝").strip()
    return (
        user["id"],
        user["red_id"],
        user["name"],
        fans_in(fans_text),
        fans_text,
        user["red_official_verified"],
        user["image"],
    )


def fans_in(text: str) -> int | None:
    """The number in `4.3万`, `10万+` or `3398`; None where there is none."""
    number = text.rstrip("+")
    unit = UNITS.get(number[-1:])
    try:
        return int(number) if unit is None else round(float(number[:-1]) * unit)
    except ValueError:
        return None


class Table:
    """The table `creators` of a SQLite file; `fast` is for those who know the write-ahead log."""

    def __init__(self, db: Path, *, fast: bool) -> None:
        self._connection = sqlite3.connect(db)
        if fast:
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute(CREATE)

    def save(self, rows: Iterable[Row]) -> None:
        """Writes one page's creators and commits."""
        with self._connection:
            self._connection.executemany(UPSERT, rows)

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()


def measure(work: Callable[[Task], int]) -> None:
    """Does the work named by the arguments and prints as JSON what it took, child processes included."""
    base_url, source, db = sys.argv[1:]
    task = Task(base_url, Path(source), Path(db))
    begun, begun_cpu = time.perf_counter(), sum(os.times()[:4])
    pages = work(task)
    seconds, cpu_seconds = time.perf_counter() - begun, sum(os.times()[:4]) - begun_cpu
    told = {
        "pages": pages,
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "peak_megabytes": peak_megabytes(),
    }
    json.dump(told, sys.stdout)


def peak_megabytes() -> float:
    """The most memory this process has had, and not, as `getrusage` has it, the one it was started from."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024
