"""The end of a run, as people read it."""

from __future__ import annotations

import shlex

from crawler.model import CallCounts, FailedKeyword, KeywordCounts, RunSummary, UserCounts
from crawler.show import summary_text
from crawler.show.summary import FAILURES_SHOWN


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


def test_strange_answers_come_with_the_command_that_names_them(monkeypatch):
    monkeypatch.setenv("LANGUAGE", "en")
    summary = RunSummary(
        "done", "all due keywords are done", 0, KeywordCounts(12, 12), CallCounts(), UserCounts(), 5.0,
        "data/my night.db", strange_answers=1_200,
    )  # fmt: skip
    (line,) = (line for line in summary_text(summary, None).splitlines() if "strange" in line)
    assert line.startswith("  strange: 1,200 answers")
    assert shlex.split(line)[-5:] == ["crawler", "query", "odd", "--db", "data/my night.db"]
