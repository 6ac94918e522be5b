"""`make morning`: how long a morning's questions take on a database, as one Markdown table.

    python -m tests.bench.morning DB [--rounds 5]

Named questions and searches are asked in this process, exports and the report run as a user runs them, each
in a process of its own. Brings the search index of DB in step first, as `crawler run` does at its end.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from crawler.analysis.filters import Filters
from crawler.analysis.query import ask, load_questions, prepare
from crawler.analysis.search import read_found, search_creators, update_search_index
from crawler.store.database import open_database
from crawler.store.readonly import open_readonly

ROWS = 100
EXPORTS = (
    "creators.csv",
    "creators.xlsx",
    "creators.jsonl",
    "creators.jsonl.gz",
    "creators.parquet",
    "creators.db",
)
SEARCHES = {
    "one character": ("穿", "的", "小", "a"),
    "two characters": ("穿搭", "美食", "日记"),
    "mixed": ("amy穿搭", "luna美食"),
    "several words": ("上海 穿搭", "amy 旅行", "小 日记 美食"),
    "beginning of a red_id": ("1234", "9000"),
    "rare": ("钓鱼 哈尔滨 amy", "谢谢你的关注"),
    "no match": ("没有这样的人", "qqqqqq"),
}


@dataclass(frozen=True, slots=True)
class Measured:
    """One line of the table."""

    what: str
    rows: int | None
    seconds: list[float]
    peak_megabytes: float | None = None
    cpu_seconds: float = 0.0


def timed(what: str, rounds: int, work: Callable[[], int]) -> Measured:
    """`work` done `rounds` times; it returns its rows."""
    seconds, cpu_seconds, rows = [], [], 0
    for _ in range(rounds):
        begun, begun_cpu = time.perf_counter(), time.process_time()
        rows = work()
        seconds.append(time.perf_counter() - begun)
        cpu_seconds.append(time.process_time() - begun_cpu)
    return Measured(what, rows, seconds, cpu_seconds=statistics.median(cpu_seconds))


def questions(db: Path, rounds: int) -> Iterator[Measured]:
    """Every named question, for a screenful of rows."""
    with closing(open_readonly(db)) as connection:
        for question in load_questions().values():
            sql, parameters = prepare(question, Filters(limit=ROWS), None)

            def answered(sql: str = sql, parameters: dict[str, object] = parameters) -> int:
                return sum(1 for _ in ask(connection, sql, parameters).rows)

            yield timed(f"query {question.name}", rounds, answered)


def searches(db: Path, rounds: int) -> Iterator[Measured]:
    """Searches of every kind, all words of a kind together in one line, with the rows that are shown."""
    with closing(open_readonly(db)) as connection:
        for kind, texts in SEARCHES.items():
            lines = []
            for text in texts:

                def found(text: str = text) -> int:
                    return sum(
                        1 for _ in read_found(connection, search_creators(connection, text, Filters()))
                    )

                lines.append(timed(text, rounds, found))
            seconds = [second for line in lines for second in line.seconds]
            cpu_seconds = statistics.median(line.cpu_seconds for line in lines)
            yield Measured(f"search, {kind}: {', '.join(texts)}", None, seconds, cpu_seconds=cpu_seconds)


def processes(db: Path, exports: Sequence[str] = EXPORTS) -> Iterator[Measured]:
    """Every export and the report, with the most memory its process held."""
    with TemporaryDirectory(dir=db.parent) as folder:
        for name in exports:
            yield run(f"export {name}", "export", str(Path(folder) / name), "--db", str(db))
        by_day = ("--partition-by", "day")
        yield run("export --partition-by day", "export", f"{folder}/days.parquet", "--db", str(db), *by_day)
        yield run("report", "report", f"{folder}/report.html", "--db", str(db))


def run(what: str, *arguments: str) -> Measured:
    """A command in a process of its own."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "crawler", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"{what} ended with {process.returncode}"
    seconds, cpu_seconds = time.perf_counter() - begun, usage.ru_utime + usage.ru_stime
    return Measured(what, None, [seconds], usage.ru_maxrss / 1024, cpu_seconds)


def index(db: Path) -> Measured:
    """The search index, brought in step."""
    opened = open_database(db)
    try:
        return timed("search index, documents written", 1, lambda: update_search_index(opened.conn))
    finally:
        opened.close()


def main() -> None:
    """Measures and prints, line by line as each is known."""
    parser = argparse.ArgumentParser(description="How long a morning's questions take.")
    parser.add_argument("db", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print("| what | rows | median | worst | peak memory |\n|---|---:|---:|---:|---:|")  # noqa: T201 - the table
    # First of all: a process begins with the peak memory of the one it was started from.
    for line in processes(options.db):
        show(line)
    show(index(options.db))
    for lines in (questions(options.db, options.rounds), searches(options.db, options.rounds)):
        for line in lines:
            show(line)


def show(line: Measured) -> None:
    """Prints one line of the table."""
    median, worst = (seconds_text(value) for value in (statistics.median(line.seconds), max(line.seconds)))
    rows = "" if line.rows is None else f"{line.rows:,}"
    peak = "" if line.peak_megabytes is None else f"{line.peak_megabytes:.0f} MB"
    print(f"| {line.what} | {rows} | {median} | {worst} | {peak} |", flush=True)  # noqa: T201 - the table


def seconds_text(seconds: float) -> str:
    """Milliseconds below a second, else seconds."""
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.1f} s"


if __name__ == "__main__":
    main()
