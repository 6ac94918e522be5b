"""The questions of docs/scale.md, asked in three engines of what two machines exported: the same rows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import duckdb
import pytest

from crawler.analysis.export import Options, export
from crawler.analysis.filters import Filters
from tests.maintenance.merge.databases import Machine, crawl
from tests.maintenance.replaying import WORDS

PAGE = Path(__file__).parents[3] / "docs" / "scale.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def questions(engine: str) -> list[str]:
    (block,) = [body for _language, body in BLOCKS if body.startswith(f"-- {engine}\n")]
    return [each for each in block.split(";") if each.strip()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Two machines that crawled one world, some keywords both, into one folder; each exported twice."""
    folder = tmp_path_factory.mktemp("engines")
    for name, words in (("a", WORDS[:4]), ("b", WORDS[2:])):
        db = folder / f"{name}.db"
        for day in (0, 6, 8):
            crawl(db, Machine(words, first_day=day, nights=1), seed=5)
            export(db, folder / "history.parquet", Filters(), Options(by_day=True, since_last=True))
    return folder


def plain(rows) -> list[list[tuple[str, ...]]]:
    return [tuple(str(value)[:10] if index == 0 and str(value).startswith("2026") else str(value)
                  for index, value in enumerate(row)) for row in rows]  # fmt: skip


@pytest.fixture(scope="module")
def in_duckdb(folder):
    before = Path.cwd()
    os.chdir(folder)
    try:
        return [plain(duckdb.sql(question).fetchall()) for question in questions("DuckDB")]
    finally:
        os.chdir(before)


def test_the_questions_have_answers(in_duckdb):
    new, growth, overlap = in_duckdb
    assert len(new) > 1
    assert any(int(gained) > 0 for _id, gained in growth)
    assert len(overlap) > 3


def asked(program: str, folder: Path) -> list[list[tuple[str, ...]]]:
    """What a program prints, in a process of its own: engines start threads and leave them running."""
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=True, timeout=240
    )
    answers = ended.stdout.split("----\n")
    return [[tuple(line.split("\t")) for line in answer.splitlines()] for answer in answers]


@pytest.mark.skipif(find_spec("chdb") is None, reason="chdb, which is ClickHouse, is not installed")
def test_clickhouse_says_the_same(folder, in_duckdb):
    program = "import chdb\nprint('----\\n'.join(str(chdb.query(q, 'TSV')) for q in %r), end='')"
    assert asked(program % questions("ClickHouse"), folder) == in_duckdb


@pytest.mark.skipif(None in map(find_spec, ("dask", "pandas")), reason="Dask's data frames are not installed")
def test_dask_says_the_same(folder, in_duckdb):
    (block,) = [body for language, body in BLOCKS if language == "python"]
    told = """
print("\\n".join(f"{week:%Y-%m-%d}\\t{count}" for week, count in new.items()))
print("----")
print("\\n".join(f"{row.id}\\t{int(row.gained)}" for row in growth.itertuples()))
print("----")
pairs = sorted((-count, *words) for words, count in overlap.items())
print("\\n".join(f"{one}\\t{other}\\t{-count}" for count, one, other in pairs))
"""
    assert asked(block + told, folder) == in_duckdb
