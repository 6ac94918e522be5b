"""A night on a copy of a database, in a process of its own, from the disk and not from memory."""

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

_PAGES = """
SELECT count(*), min(sent_at), max(settled_at) FROM calls WHERE run_id = (SELECT max(id) FROM runs)
"""


@dataclass(frozen=True, slots=True)
class Run:
    """What one `crawler run` took, from the start of its process to the exit."""

    pages: int
    start_seconds: float
    crawl_seconds: float
    after_seconds: float
    cpu_seconds: float
    written_bytes: int

    @property
    def seconds(self) -> float:
        """All of it."""
        return self.start_seconds + self.crawl_seconds + self.after_seconds


@contextmanager
def copied(db: Path) -> Iterator[Path]:
    """A copy that may be crawled into, on the same disk, until the block ends."""
    with TemporaryDirectory(dir=db.parent) as folder:
        copy = Path(folder) / db.name
        shutil.copyfile(db, copy)
        forget(copy)
        yield copy


def forget(path: Path) -> None:
    """Has the system keep nothing of the file in memory."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def crawl(db: Path, base_url: str, keywords: Path, workers: int) -> Run:
    """A run over the keywords.

    Pages are timed by the ledger: from the first call sent to the last one settled. What was written is what
    the process has written (`wchar` of /proc/PID/io): journal, database and all. (`write_bytes` counts whole
    folios, of several pages, where some of a page is written.)
    """
    command = [sys.executable, "-m", "crawler", "run", str(keywords), "--db", str(db), "--base-url", base_url]
    command += ["--rate", "unlimited", "--workers", str(workers), "--json", "--quiet", "--yes"]
    environment = os.environ | {"JUSTONEAPI_TOKEN": "bench"}
    begun = time.time()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    written_bytes = _written_bytes(process.pid)
    _pid, status, usage = os.wait4(process.pid, 0)
    ended = time.time()
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"the run ended with {process.returncode}"
    with closing(sqlite3.connect(db)) as connection:
        pages, first, last = connection.execute(_PAGES).fetchone()
    first, last = (_seconds(first), _seconds(last)) if pages else (ended, ended)
    return Run(
        pages, first - begun, last - first, ended - last, usage.ru_utime + usage.ru_stime,
        written_bytes,
    )  # fmt: skip


def _written_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    return int(dict(line.split(": ") for line in lines)["wchar"])


def _seconds(stamp: str) -> float:
    return datetime.fromisoformat(stamp).timestamp()
