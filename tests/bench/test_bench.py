"""The measures run from one end to the other, on next to nothing."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from crawler.maintenance.verify import examine
from crawler.store.readonly import open_readonly

ROOT = Path(__file__).parents[2]


def measure(*command):
    command = [sys.executable, "-m", *map(str, command)]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def test_the_speed_bench_prints_its_figures_as_tables():
    output = measure("tests.bench.speed", "--rounds", 1, "--keywords", 3, "--start-keywords", 10)
    rows = [line.split("|")[1].strip() for line in output.splitlines() if line.startswith("| ")]
    assert rows == [
        "",
        "as kept",
        "zlib 6",
        "LZMA",
        "",
        "pages/s",
        "pages per CPU second",
        "peak memory, MB",
        "",
        "new creators",
        "new creators, no raw replies kept (`--no-archive`)",
        "the same creators again a run later, read in full",
        "",
        "new database",
        "known keywords",
    ]


def test_the_database_of_a_million_creators_can_be_made_smaller_and_holds_three_nights(tmp_path):
    measure("tests.bench.million", tmp_path / "small.db", "--share", 0.002)
    with closing(sqlite3.connect(tmp_path / "small.db")) as connection:
        outcomes = connection.execute("SELECT outcome FROM runs ORDER BY id").fetchall()
        changes = connection.execute("SELECT count(*) FROM changes").fetchone()[0]
    assert outcomes == [("done",), ("done",), ("stopped",)]
    assert changes > 0


def test_the_table_of_the_pace_names_each_case_and_what_was_missed():
    lines = measure("tests.bench.pace", "--seeds", 1, "--cases", 2).splitlines()
    rows = [line.split("|")[1:4] for line in lines if line.startswith("| 20/m")]
    assert rows == [[" 20/m ", " sliding ", " 0.05 s "], [" 20/m ", " sliding ", " 2 s "]]
    assert lines[-1].endswith("of 2 miss the aim")


def test_the_night_by_three_accounts_stands_beside_the_same_night_by_one():
    lines = measure("tests.bench.accounts", "--seeds", 0).splitlines()
    stopped = [line.split("|")[2:6:3] for line in lines if line.startswith("| three accounts | ")]
    assert stopped[1:3] == [[" second ", " daily_quota "], [" third ", " token_invalid "]]
    assert "the same creators, and each ledger is its bill: yes" in lines


def test_the_growth_bench_prints_its_figures_for_each_size(tmp_path):
    sizes = ("--sizes", 0.0005, 0.001)
    output = measure(
        "tests.bench.growth", *sizes, "--pages", 20, "--rounds", 1, "--nights", 1, 3, "--folder", tmp_path
    )
    figures = {line.split("|")[1].strip(): line.split("|")[2:4] for line in output.splitlines() if line}
    for what in (
        "night: pages/s", "night: KB written a page", "night: share of that", "nothing due: start to exit",
        "query overlap", "search, rare", "export creators.csv: creators/s", "report",
        "sqlite-utils rows creators_with_keywords --csv: creators per CPU second",
    ):  # fmt: skip
        assert all(figure.strip() for figure in figures[what]), what
    assert figures["night: pages"] == [" 20 ", " 20 "]
    # What was made is kept for the next time, and what a night did to its copy is not.
    kept = ["1-nights.db", "1000.db", "3-nights.db", "500.db"]
    assert sorted(path.name for path in tmp_path.glob("*.db")) == kept
    assert figures["nights"] == [" 1 ", " 3 "]
    with closing(open_readonly(tmp_path / "3-nights.db")) as connection:
        assert examine(connection).gaps == ()


def test_calls_on_workers_are_measured_beside_those_of_one_process():
    options = ("--workers", 1, "--rounds", 1, "--calls", 20, "--keywords", 2, "--paces", 100)
    output = measure("tests.bench.clusters", *options)
    rows = [line.split("|")[1].strip() for line in output.splitlines() if line.startswith("| ")]
    assert rows == ["", "in one process", "local:1"] * 2
