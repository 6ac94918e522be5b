"""The same rows out of the same file with other tools, as far as they are installed here and can read it.

Only the crawler's own export protects a spreadsheet from formulas, and replaces its file when it is whole.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

VIEW = "creators_with_keywords"
DUCKDB = """
import sys, duckdb
db, target = sys.argv[1:]
connection = duckdb.connect()
connection.execute("INSTALL sqlite; LOAD sqlite")
connection.execute(f"COPY (SELECT * FROM sqlite_scan('{db}', 'users')) TO '{target}'")
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a process took; None where the tool cannot do it here."""

    seconds: float
    cpu_seconds: float


def ways(db: Path, folder: Path) -> dict[str, tuple[list[str], Path | None]]:
    """Each tool's command, and the file its output goes to where it does not write one itself."""
    csv, url = folder / "peer.csv", f"/{db.stem}/{VIEW}.csv?_stream=1&_size=max"
    utils = [sys.executable, "-m", "sqlite_utils", "rows", str(db)]
    return {
        f"sqlite-utils rows {VIEW} --csv": ([*utils, VIEW, "--csv"], csv),
        "sqlite-utils rows users --csv, no keywords": ([*utils, "users", "--csv"], csv),
        f"sqlite-utils rows {VIEW} --nl": ([*utils, VIEW, "--nl"], csv),
        f"Datasette, {VIEW}.csv": (
            [sys.executable, "-m", "datasette", str(db), "--get", url, "--setting", "max_csv_mb", "0",
             "--setting", "sql_time_limit_ms", "600000"],
            csv,
        ),
        "DuckDB, users to CSV, no keywords": ([sys.executable, "-c", DUCKDB, str(db), str(csv)], None),
        "DuckDB, users to Parquet, no keywords": (
            [sys.executable, "-c", DUCKDB, str(db), str(folder / "peer.parquet")],
            None,
        ),
    }  # fmt: skip


def measure(db: Path) -> Iterator[tuple[str, Taken | None]]:
    """What each tool took for all rows of the database."""
    with TemporaryDirectory(dir=db.parent) as name:
        folder = Path(name)
        for what, (command, output) in ways(db, folder).items():
            yield what, run(command, output)
            for left in folder.iterdir():
                shutil.rmtree(left) if left.is_dir() else left.unlink()


def run(command: list[str], output: Path | None) -> Taken | None:
    """One process; None where it failed."""
    with open(output or os.devnull, "wb") as stdout:
        begun = time.perf_counter()
        process = subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE)
        assert process.stderr is not None
        told = process.stderr.read().decode(errors="replace")
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.stderr.write(f"{' '.join(command[:4])}: {told.strip().splitlines()[-1:]}\n")
        return None
    return Taken(time.perf_counter() - begun, usage.ru_utime + usage.ru_stime)
