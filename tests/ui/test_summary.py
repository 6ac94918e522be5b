"""The end of a run, as people read it."""

from __future__ import annotations

import shlex

import pytest

from crawler.engine.shutdown import RESPONSE_DRIFT
from crawler.model import CallCounts, FailedKeyword, KeywordCounts, RunSummary, UserCounts
from crawler.ui.summary import FAILURES_SHOWN, summary_text


def test_failures_that_are_too_many_to_show_come_with_the_command_that_lists_them(monkeypatch):
    monkeypatch.setenv("LANGUAGE", "en")
    failures = tuple(
        FailedKeyword(f"word {number}", 1, "code 400: bad parameter") for number in range(FAILURES_SHOWN + 2)
    )
    summary = RunSummary(
        "failed", "some keywords failed", 1, KeywordCounts(12, 0, 12, 0), CallCounts(), UserCounts(), 5.0,
        "data/my night.db", failures,
    )  # fmt: skip
    last = summary_text(summary, None).splitlines()[-1]
    assert last.startswith("  … and 2 more:  ")
    assert shlex.split(last)[-5:] == ["crawler", "query", "failed", "--db", "data/my night.db"]


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (("stopped", "--max-calls is reached", 75), ["Go on where it stopped:  again", "See who is new:  "]),
        (
            ("stopped", "--max-calls-per-day is reached", 75),
            ["Go on where it stopped, after midnight", "See"],
        ),
        (("stopped", RESPONSE_DRIFT, 75), ["See what came:  ", "Once the API answers well again, go on"]),
        (("stopped", "code 100: token invalid", 77), ["Once that is mended, go on with:  again"]),
        (("done", "all due keywords are done", 0), ["See who is new:  "]),
    ],
)
def test_the_command_to_try_next_fits_the_end(monkeypatch, outcome, told):
    monkeypatch.setenv("LANGUAGE", "en")
    summary = RunSummary(*outcome, KeywordCounts(2, 1, 0, 1), CallCounts(), UserCounts(new=1), 5.0, "x.db")
    lines = summary_text(summary, "again").split("\n\n")[1].splitlines()
    assert [line.startswith(beginning) for line, beginning in zip(lines, told, strict=True)] == [True] * len(
        told
    )


def test_a_run_without_anything_due_says_how_to_ask_all_the_same(monkeypatch):
    monkeypatch.setenv("LANGUAGE", "en")
    summary = RunSummary(
        "done", "nothing is due", 0, KeywordCounts(), CallCounts(), UserCounts(), 0.1, "x.db"
    )
    assert summary_text(summary, "again").endswith("whatever was asked lately:  again --refresh-after 0s")


def test_strange_answers_come_with_the_command_that_names_them(monkeypatch):
    monkeypatch.setenv("LANGUAGE", "en")
    summary = RunSummary(
        "done", "all due keywords are done", 0, KeywordCounts(12, 12), CallCounts(), UserCounts(), 5.0,
        "data/my night.db", strange_answers=1_200,
    )  # fmt: skip
    (line,) = (line for line in summary_text(summary, None).splitlines() if "strange" in line)
    assert line.startswith("  strange: 1,200 answers")
    assert shlex.split(line)[-5:] == ["crawler", "query", "odd", "--db", "data/my night.db"]
