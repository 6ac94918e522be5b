"""What runs left out stays noted in a merge, until a keyword is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler.maintenance.merge import merge
from tests.maintenance.merge.databases import Machine, contents, crawl, rows
from tests.maintenance.replaying import WORDS

NOTED = """
SELECT keywords.text, expected, stop_below, runs.started_at
  FROM not_asked
  JOIN keywords ON keywords.id = keyword_id
  JOIN runs ON runs.id = run_id
 ORDER BY keywords.id DESC
"""


def leave_out(path: Path, word: str, expected: float, day: str) -> None:
    """As if a run of that day, after the last one, had left a keyword out."""
    rows(path, "INSERT INTO runs (started_at, pid, host, version) VALUES (?, 1, 'here', '1')", day)
    note = "SELECT 1, id, (SELECT max(id) FROM runs), ?, 0.5 FROM keywords WHERE text = ?"
    rows(path, f"INSERT INTO not_asked (endpoint_id, keyword_id, run_id, expected, stop_below) {note}",
         expected, word)  # fmt: skip


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """Two machines of which the second crawled one keyword of the first as well, later on."""
    paths = tmp_path / "a.db", tmp_path / "b.db"
    crawl(paths[0], Machine(WORDS[:3]))
    crawl(paths[1], Machine(WORDS[2:], first_day=5))
    return paths


def test_what_a_run_left_out_is_noted_in_the_result_whatever_the_order(two, tmp_path):
    a, b = two
    leave_out(a, WORDS[0], 0.1, "2027-01-01")
    leave_out(a, WORDS[2], 0.2, "2027-01-02")
    leave_out(b, WORDS[2], 0.3, "2027-01-03")
    merge([a, b], tmp_path / "ab.db")
    merge([b, a], tmp_path / "ba.db")
    merge([tmp_path / "ab.db", a], tmp_path / "again.db")
    assert rows(tmp_path / "ab.db", NOTED) == [
        (WORDS[2], 0.3, 0.5, "2027-01-03"),
        (WORDS[0], 0.1, 0.5, "2027-01-01"),
    ]
    assert contents(tmp_path / "ab.db") == contents(tmp_path / "ba.db") == contents(tmp_path / "again.db")


def test_what_another_machine_asked_for_after_that_is_not_noted(two, tmp_path):
    a, b = two
    for word in WORDS[:3]:
        leave_out(a, word, 0.1, day="2026-11-27")
    merge([a, b], tmp_path / "ab.db")
    assert {text for text, *_rest in rows(tmp_path / "ab.db", NOTED)} == {*WORDS[:2]}


def test_what_a_later_run_of_the_machine_took_up_again_is_not_noted_for_an_older_merge(two, tmp_path):
    a, b = two
    for word in WORDS[:2]:
        leave_out(a, word, 0.1, "2027-01-01")
    merge([a, b], tmp_path / "old.db")
    rows(a, "DELETE FROM not_asked WHERE keyword_id = (SELECT id FROM keywords WHERE text = ?)", WORDS[0])
    merge([tmp_path / "old.db", a], tmp_path / "new.db")
    merge([a, tmp_path / "old.db"], tmp_path / "turned.db")
    assert [text for text, *_rest in rows(tmp_path / "new.db", NOTED)] == [WORDS[1]]
    assert contents(tmp_path / "new.db") == contents(tmp_path / "turned.db")
