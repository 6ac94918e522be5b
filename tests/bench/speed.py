"""`make bench`: pages a second and memory of the whole crawl, beside a loop that only fetches and decodes and
that loop with nothing added but the bare statements for the rows that a crawl writes.

All run in turn, several times, against one simulator in a process of its own, without latency or limit; what
is printed are medians. Pages per CPU second say the same on a machine that others use too. Then a million
keywords: the memory they take, and the time until the first call. Before all that, what raw replies take.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.bench import replies
from tests.bench.serving import bill, serving
from tests.bench.words import keyword_texts

WORLD = {"creators": 400_000, "pages_per_keyword": [10, 10], "lines_max": 10}
PAGES_MAX = 50
MEASURED = ("crawl", "bare", "loop")
NIGHTS = {
    "crawl": "new creators",
    "without replies": "new creators, no raw replies kept (`--no-archive`)",
    "again": "the same creators again a run later, read in full",
}
MEGABYTE_OF_KILOBYTES = 1024
RATES = ("pages_per_cpu_second", "pages_per_second")
EXPECTED = (0, 75)  # done, and stopped at --max-calls


@dataclass(frozen=True, slots=True)
class Figures:
    """One run of what is measured."""

    pages_per_second: float
    pages_per_cpu_second: float
    peak_megabytes: float


def run(command: list[str], **environment: str) -> tuple[str, float, float]:
    """What a process printed, its peak memory in MB and the CPU seconds it took."""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=os.environ | environment
    ) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in EXPECTED:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    return output, usage.ru_maxrss / MEGABYTE_OF_KILOBYTES, usage.ru_utime + usage.ru_stime


def measure(what: str, base_url: str, keywords: Path, workers: int, folder: Path) -> Figures:
    """One run of what `tests.bench.measured` calls by that name, on a new database."""
    with tempfile.TemporaryDirectory(dir=folder) as fresh:
        arguments = [what, base_url, str(keywords), str(workers), str(PAGES_MAX), f"{fresh}/bench.db"]
        output, peak, _cpu_seconds = run([sys.executable, "-m", "tests.bench.measured", *arguments])
    told = json.loads(output)
    return Figures(told["pages"] / told["seconds"], told["pages"] / told["cpu_seconds"], peak)


def write(text: str) -> None:
    """A line of the result, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def compare(workers: int, rounds: int, keywords_count: int, folder: Path) -> None:
    """Prints the table of the crawl, and what it is compared with."""
    keywords = folder / "keywords.txt"
    keywords.write_text("\n".join(keyword_texts(keywords_count)), encoding="utf-8")
    runs: dict[str, list[Figures]] = {what: [] for what in dict.fromkeys((*MEASURED, *NIGHTS))}
    with serving(WORLD, replay=True) as base_url:
        measure("loop", base_url, keywords, workers, folder)  # the simulator renders each page once
        for turn in range(rounds):
            for what in runs if turn % 2 else reversed(runs):
                runs[what].append(measure(what, base_url, keywords, workers, folder))
                sys.stderr.write(f"{what}: {runs[what][-1].pages_per_second:.0f} pages/s\n")
    write(f"\n{keywords_count} keywords of 11 pages, {workers} workers, medians of {rounds} runs.\n")
    write("| | crawl | bare | loop | crawl / bare | crawl / loop | bare / loop |\n|---" + "|---:" * 6 + "|")
    for name, label in (
        ("pages_per_second", "pages/s"),
        ("pages_per_cpu_second", "pages per CPU second"),
        ("peak_megabytes", "peak memory, MB"),
    ):
        crawl, bare, loop = (median(getattr(each, name) for each in runs[what]) for what in MEASURED)
        ratios = f"{crawl / bare:.2f} | {crawl / loop:.2f} | {bare / loop:.2f}"
        write(f"| {label} | {crawl:.0f} | {bare:.0f} | {loop:.0f} | {ratios} |")
    nights(runs)


def nights(runs: dict[str, list[Figures]]) -> None:
    """Prints the table of the kinds of nights, each beside the loop."""
    write("\n| | CPU time a page, µs | of the loop, CPU | of the loop, wall |\n|---|---:|---:|---:|")
    loop_cpu, loop_wall = (median(getattr(each, name) for each in runs["loop"]) for name in RATES)
    for what, label in NIGHTS.items():
        cpu, wall = ([getattr(each, name) for each in runs[what]] for name in RATES)
        least, middle, most = (1e6 / rate for rate in (max(cpu), median(cpu), min(cpu)))
        shares = f"{median(cpu) / loop_cpu:.2f} | {median(wall) / loop_wall:.2f}"
        write(f"| {label} | {middle:.0f} ({least:.0f} to {most:.0f}) | {shares} |")


def start_with(keywords_count: int, rounds: int, folder: Path) -> None:
    """Prints what so many keywords cost before the first call: new ones, and ones the database knows."""
    keywords = folder / "million.txt"
    with keywords.open("w", encoding="utf-8") as file:
        file.writelines(f"{text}\n" for text in keyword_texts(keywords_count))
    write(f"\n{keywords_count:,} keywords, medians of {rounds} runs of `crawler run --max-calls 1`.\n")
    write("| | seconds to the first call | CPU seconds | peak memory, MB |\n|---|---:|---:|---:|")
    figures: dict[str, list[tuple[float, float, float]]] = {"new database": [], "known keywords": []}
    for _round in range(rounds):
        with tempfile.TemporaryDirectory(dir=folder) as fresh:
            for label in figures:
                figures[label].append(first_call(keywords, Path(fresh) / "bench.db"))
    for label, measured in figures.items():
        seconds, cpu_seconds, peaks = map(median, zip(*measured, strict=True))
        write(f"| {label} | {seconds:.1f} | {cpu_seconds:.1f} | {peaks:.0f} |")


def first_call(keywords: Path, db: Path) -> tuple[float, float, float]:
    """Seconds from the start of `crawler run` to the first call that the simulator sees; CPU, peak memory."""
    with serving(WORLD) as base_url:
        options = [
            "--base-url",
            base_url,
            "--db",
            str(db),
            "--rate",
            "unlimited",
            "--max-calls",
            "1",
            "--json",
            "-q",
        ]
        begun = time.monotonic()
        _output, peak, cpu_seconds = run(
            [sys.executable, "-m", "crawler", "run", str(keywords), *options], JUSTONEAPI_TOKEN="bench"
        )
        return bill(base_url)["lines"][0]["at"] - begun, cpu_seconds, peak


def main() -> None:
    """Prints both tables as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keywords", type=int, default=600)
    parser.add_argument("--start-keywords", type=int, default=1_000_000)
    options = parser.parse_args()
    write("\n".join(replies.table()))
    with tempfile.TemporaryDirectory(dir="data") as folder:
        compare(options.workers, options.rounds, options.keywords, Path(folder))
        if options.start_keywords:
            start_with(options.start_keywords, min(options.rounds, 3), Path(folder))


if __name__ == "__main__":
    main()
