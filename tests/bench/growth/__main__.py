"""`make growth`: what a night, a morning and an export cost on databases of more and more creators.

    python -m tests.bench.growth [--sizes 0.1 1 5] [--nights 1 30 300] [--pages 2000] [--rounds 3]

Sizes are in millions. A database is made once, without a network, and kept in the folder; nights run on
copies of it whose files the system holds nothing of in memory. Half the creators of a night are known, drawn
from all of them. Medians, with the worst in brackets; CPU time says more on a machine that others use too.
A second table has the smallest of them after more and more nights that read every keyword again.
"""

import argparse
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from statistics import median

from tests.bench import morning
from tests.bench.growth import peers
from tests.bench.growth.build import build
from tests.bench.growth.many_nights import build_nights
from tests.bench.growth.night import Run, copied, crawl
from tests.bench.growth.serving import Night, serving
from tests.bench.growth.world import PAGES
from tests.bench.words import keyword_texts

EXCEL_MOST = 200_000  # creators: more take minutes and tell nothing new
EXPORTS = ("creators.csv", "creators.jsonl", "creators.parquet", "creators.xlsx", "creators.db")
COMMANDS = ("status", "plan", "query runs", "query spend", "query keywords", "query gaps", "report")
WORKERS = 64

Lines = Iterator[tuple[str, str]]
"""What each line of the table is about, and its figure for one database."""


def seconds(values: list[float]) -> str:
    """The median and the worst."""
    return f"{morning.seconds_text(median(values))} ({morning.seconds_text(max(values))})"


def number(values: list[float]) -> str:
    """The same of what is the better the more it is."""
    return f"{median(values):,.0f} ({min(values):,.0f})"


def nights(db: Path, known: int, pages: int, rounds: int) -> Lines:
    """A night with half the creators known, and one after it with nothing due."""
    keywords = db.with_suffix(".keywords.txt")
    keywords.write_text(
        "\n".join(f"{text} 夜" for text in keyword_texts(-(-pages // PAGES))), encoding="utf-8"
    )
    full: list[Run] = []
    idle: list[Run] = []
    for _round in range(rounds):
        with copied(db) as copy, serving(Night(known, 1)) as base_url:
            full.append(crawl(copy, base_url, keywords, WORKERS))
            idle.append(crawl(copy, base_url, keywords, WORKERS))
    keywords.unlink()
    yield "night: pages", f"{full[0].pages:,}"
    yield "night: pages/s", number([run.pages / run.crawl_seconds for run in full])
    yield "night: pages per CPU second", number([run.pages / run.cpu_seconds for run in full])
    yield "night: KB written a page", number([run.written_bytes / 1024 / run.pages for run in full])
    yield "night: start of the process to the first call", seconds([run.start_seconds for run in full])
    yield "night: last page to the exit", seconds([run.after_seconds for run in full])
    yield "night: share of that", f"{median(run.after_seconds / run.seconds for run in full):.0%}"
    yield "night: start to exit", seconds([run.seconds for run in full])
    yield "nothing due: start to exit", seconds([run.seconds for run in idle])
    yield "nothing due: KB written", number([run.written_bytes / 1024 for run in idle])


def reading(db: Path, rounds: int) -> Lines:
    """Every question and search."""
    for lines in (morning.questions, morning.searches):
        for line in lines(db, rounds):
            cpu = f"{morning.seconds_text(line.cpu_seconds)} of CPU time"
            yield line.what.partition(":")[0], f"{seconds(line.seconds)}, {cpu}"


def exports(db: Path, creators: int, rounds: int) -> Lines:
    """Every format, and the report."""
    wanted = [name for name in EXPORTS if creators <= EXCEL_MOST or not name.endswith(".xlsx")]
    runs = [list(morning.processes(db, wanted)) for _round in range(rounds)]
    for lines in zip(*runs, strict=True):
        what = lines[0].what
        if what.startswith("export"):
            yield f"{what}: creators/s", number([creators / line.seconds[0] for line in lines])
            yield f"{what}: creators per CPU second", number([creators / line.cpu_seconds for line in lines])
        else:
            yield what, seconds([line.seconds[0] for line in lines])


def others(db: Path, creators: int, rounds: int) -> Lines:
    """The same rows with other tools."""
    runs = [list(peers.measure(db)) for _round in range(rounds)]
    for lines in zip(*runs, strict=True):
        taken = [each for _what, each in lines if each is not None]
        figure = number([creators / each.cpu_seconds for each in taken]) if taken else "cannot here"
        yield f"{lines[0][0]}: creators per CPU second", figure


def measured(db: Path, options: argparse.Namespace) -> dict[str, str]:
    """All figures of one database; each is told on standard error as soon as it is known."""
    with closing(sqlite3.connect(db)) as connection:
        creators = connection.execute("SELECT count(*) FROM users").fetchone()[0]
    parts: list[Callable[[], Lines]] = [
        lambda: exports(db, creators, options.rounds),
        lambda: others(db, creators, options.rounds),
        lambda: nights(db, creators, options.pages, options.rounds),
        lambda: reading(db, options.rounds),
    ]
    found = {"creators": f"{creators:,}", "file, MB": f"{os.path.getsize(db) / 1e6:,.0f}"}
    for part in parts:
        for what, figure in part():
            sys.stderr.write(f"  {what}: {figure}\n")
            found[what] = figure
    return found


def after_nights(db: Path, nights: int, rounds: int) -> dict[str, str]:
    """What is asked for each day, as a user runs it, on a database of so many nights."""
    keywords = db.with_suffix(".keywords.txt")
    with closing(sqlite3.connect(db)) as connection:
        keywords.write_text(
            "\n".join(row[0] for row in connection.execute("SELECT text FROM keywords")), encoding="utf-8"
        )
        (calls,) = connection.execute("SELECT count(*) FROM calls").fetchone()
    found = {"nights": f"{nights:,}", "calls": f"{calls:,}"}
    for command in COMMANDS:
        arguments = [*command.split(), *[str(keywords)] * (command == "plan"), "--db", str(db)]
        arguments += [str(db.with_suffix(".html"))] * (command == "report")
        runs = [morning.run(command, *arguments) for _round in range(rounds)]
        cpu = morning.seconds_text(median(run.cpu_seconds for run in runs))
        found[command] = f"{seconds([run.seconds[0] for run in runs])}, {cpu} of CPU time"
        sys.stderr.write(f"  {command}: {found[command]}\n")
    keywords.unlink()
    return found


def table(columns: list[dict[str, str]]) -> Iterator[str]:
    """A line for each figure, a column for each database."""
    yield "| |" + " |" * len(columns)
    yield "|---" + "|---:" * len(columns) + "|"
    for what in dict.fromkeys(what for column in columns for what in column):
        yield f"| {what} | " + " | ".join(column.get(what, "") for column in columns) + " |"


def main() -> None:
    """Makes the databases that are not there yet, measures, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sizes", type=float, nargs="+", default=[0.1, 1, 5])
    parser.add_argument("--nights", type=int, nargs="*", default=[1, 30, 300])
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path("data/growth"))
    options = parser.parse_args()
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    columns = []
    for size in options.sizes:
        creators = round(size * 1_000_000)
        db = folder / f"{creators}.db"
        if not db.exists():
            build(db, creators)
        columns.append(measured(db, options))
    old = []
    for nights in options.nights:
        db = folder / f"{nights}-nights.db"
        if not db.exists():
            build_nights(db, round(min(options.sizes) * 1_000_000), nights)
        old.append(after_nights(db, nights, options.rounds))
    for each in (columns, old):
        for line in table(each):
            print(line)  # noqa: T201 - the table
        print()  # noqa: T201 - the table


if __name__ == "__main__":
    main()
