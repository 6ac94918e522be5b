"""`make peers`: the crawl beside what people would otherwise use, on the same pages from the same server.

Each is a process of its own; in every round all have their turn, in another order, on a new database. A peer
is given what speeds it up: no throttling, no robots.txt, no retries, quiet logs, 64 calls at one time, and,
where it opens SQLite itself and is not `naive`, the write-ahead log with synchronous=NORMAL. What a module
imports at its top is not counted, what a peer loads as it starts is: many keywords make little of that. What
each database holds is compared with what the pages hold.
"""

import argparse
import json
import platform
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

from tests.bench.peers.task import CONCURRENCY
from tests.bench.serving import serving
from tests.bench.speed import WORLD, write
from tests.bench.words import keyword_texts

LOOP = "loop"
PEERS = {  # what the table calls each, and its module
    "crawler": "ours",
    LOOP: "loop",
    "naive": "naive",
    "naive, WAL": "naive_wal",
    "Scrapy": "with_scrapy",
    "Crawlee": "with_crawlee",
    "dlt": "with_dlt",
}
PACKAGES = ("aiohttp", "orjson", "scrapy", "crawlee", "dlt", "SQLAlchemy")
TABLES = {"crawler": "users"}  # the others' is called creators; what the loop fetches it throws away


@dataclass(frozen=True, slots=True)
class Result:
    """One run; `stored` counts creators, `missing` those it lost, `wrong` rows that are not as served."""

    pages_per_second: float
    pages_per_cpu_second: float
    peak_megabytes: float
    stored: int | None = None
    missing: int = 0
    wrong: int = 0


def table(results: Mapping[str, Sequence[Result]]) -> Iterable[str]:
    """The lines of a Markdown table of medians, the fastest by CPU second first."""
    yield "| | pages/s | pages per CPU second | of the loop's | peak memory, MB | creators stored |"
    yield "|---|---:|---:|---:|---:|---:|"
    by_cpu = {name: median(each.pages_per_cpu_second for each in runs) for name, runs in results.items()}
    for name in sorted(by_cpu, key=by_cpu.__getitem__, reverse=True):
        runs = results[name]
        seconds = median(each.pages_per_second for each in runs)
        share = by_cpu[name] / by_cpu[LOOP]
        peak = median(each.peak_megabytes for each in runs)
        cells = (name, f"{seconds:.0f}", f"{by_cpu[name]:.0f}", f"{share:.2f}", f"{peak:.0f}", creators(runs))
        yield f"| {' | '.join(cells)} |"


def creators(runs: Iterable[Result]) -> str:
    """What the worst of the runs stored."""
    worst = max(runs, key=lambda each: each.missing + each.wrong)
    if worst.stored is None:
        return "none"
    amiss = {"missing": worst.missing, "wrong": worst.wrong}
    return ", ".join([f"{worst.stored:,}", *(f"{count:,} {what}" for what, count in amiss.items() if count)])


def measure(name: str, base_url: str, keywords: Path, truth: Path) -> Result:
    """One run of what `name` stands for, on a new database."""
    with tempfile.TemporaryDirectory(dir=truth.parent) as fresh:
        db = Path(fresh) / "bench.db"
        told = start(PEERS[name], base_url, keywords, db)
        stored = () if name == LOOP else compared(db, TABLES.get(name, "creators"), truth)
    pages = told["pages"]
    return Result(pages / told["seconds"], pages / told["cpu_seconds"], told["peak_megabytes"], *stored)


def start(module: str, base_url: str, keywords: Path, db: Path) -> dict[str, float]:
    """What a module beside this one tells of its run, in a process of its own."""
    command = [sys.executable, "-m", f"tests.bench.peers.{module}", base_url, str(keywords), str(db)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def compared(db: Path, name: str, truth: Path) -> tuple[int, int, int]:
    """How many creators the table `name` has, how many it misses, and how many of its rows are not true."""
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("ATTACH ? AS truth", (str(truth),))
        stored, rows, missing, true = connection.execute(
            f"""
            SELECT (SELECT count(DISTINCT id) FROM main.{name}),
                   (SELECT count(*) FROM main.{name}),
                   (SELECT count(*) FROM truth.creators WHERE id NOT IN (SELECT id FROM main.{name})),
                   (SELECT count(*) FROM (SELECT id, red_id, name, fans FROM main.{name}
                                          INTERSECT SELECT id, red_id, name, fans FROM truth.creators))
            """
        ).fetchone()
    return stored, missing, rows - true


def main() -> None:
    """Prints the table, and on standard error each run as it ends."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keywords", type=int, default=200)
    options = parser.parse_args()
    names = [*PEERS]
    results: dict[str, list[Result]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory(dir="data") as folder, serving(WORLD, replay=True) as base_url:
        keywords, truth = Path(folder) / "keywords.txt", Path(folder) / "truth.db"
        keywords.write_text("\n".join(keyword_texts(options.keywords)), encoding="utf-8")
        told = start("truth", base_url, keywords, truth)
        for turn in range(options.rounds):
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                results[name].append(measure(name, base_url, keywords, truth))
                sys.stderr.write(f"{name}: {results[name][-1].pages_per_cpu_second:.0f} pages/CPU s\n")
    write(
        f"\n{options.keywords} keywords, {told['pages']:,} pages, {CONCURRENCY} calls at one time, "
        f"medians of {options.rounds} runs.\n"
    )
    for line in table(results):
        write(line)
    versions = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    write(f"\nPython {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {versions}.")


if __name__ == "__main__":
    main()
