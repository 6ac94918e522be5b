"""The end of a run, as people read it."""

from __future__ import annotations

import shlex

import pytest

from crawler.reasons import Reason, ReasonCode
from crawler.summary import CallCounts, CreatorCounts, FailedKeyword, KeywordCounts, RunSummary
from crawler.ui.summary import FAILURES_SHOWN, summary_text


def test_failures_that_are_too_many_to_show_come_with_the_command_that_lists_them(monkeypatch):
    monkeypatch.setenv("LANGUAGE", "en")
    failures = tuple(
        FailedKeyword(f"word {number}", 1, Reason(ReasonCode.BAD_PARAMETER, {"api_code": "400"}))
        for number in range(FAILURES_SHOWN + 2)
    )
    summary = RunSummary(
        Reason(ReasonCode.SOME_FAILED), KeywordCounts(12, 0, 12, 0), CallCounts(), CreatorCounts(), 5.0,
        "data/my night.db", failures,
    )  # fmt: skip
    last = summary_text(summary, None).splitlines()[-1]
    assert last.startswith("  … and 2 more:  ")
    assert shlex.split(last)[-5:] == ["crawler", "query", "failed", "--db", "data/my night.db"]


@pytest.mark.parametrize(
    ("code", "exit_code", "told"),
    [
        (ReasonCode.CALL_CAP, 75, ["Continue where it stopped:  again", "See who is new:  "]),
        (ReasonCode.DAY_CAP, 75, ["Continue where it stopped, after midnight", "See"]),
        (ReasonCode.DAILY_QUOTA, 75, ["Continue where it stopped, after midnight", "See"]),
        (
            ReasonCode.RESPONSE_DRIFT,
            1,
            ["See the answers:  ", "Once the API answers normally again, continue"],
        ),
        (ReasonCode.TOKEN_INVALID, 77, ["Once that is fixed, continue with:  again"]),
        (ReasonCode.NO_SUCH_ROUTE, 2, ["Once that is fixed, continue with:  again"]),
        (ReasonCode.SOME_FAILED, 1, ["Try the failed ones again:  again", "See who is new:  "]),
        (ReasonCode.ALL_DONE, 0, ["See who is new:  "]),
    ],
)
def test_exit_code_and_the_command_to_try_next_follow_from_the_reason(monkeypatch, code, exit_code, told):
    monkeypatch.setenv("LANGUAGE", "en")
    summary = RunSummary(
        Reason(code), KeywordCounts(2, 1, 0, 1), CallCounts(), CreatorCounts(new=1), 5.0, "x.db"
    )
    assert summary.exit_code == exit_code
    lines = summary_text(summary, "again").split("\n\n")[1].splitlines()
    assert [line.startswith(beginning) for line, beginning in zip(lines, told, strict=True)] == [True] * len(
        told
    )


def test_a_run_without_anything_due_says_how_to_ask_all_the_same(monkeypatch):
    monkeypatch.setenv("LANGUAGE", "en")
    summary = RunSummary(
        Reason(ReasonCode.NOTHING_DUE), KeywordCounts(), CallCounts(), CreatorCounts(), 0.1, "x.db"
    )
    assert summary_text(summary, "again").endswith("Crawl everything again now:  again --refresh-after 0s")


def test_strange_answers_come_with_the_command_that_names_them(monkeypatch):
    monkeypatch.setenv("LANGUAGE", "en")
    summary = RunSummary(
        Reason(ReasonCode.ALL_DONE), KeywordCounts(12, 12), CallCounts(), CreatorCounts(), 5.0,
        "data/my night.db", strange_answers=1_200,
    )  # fmt: skip
    (line,) = (line for line in summary_text(summary, None).splitlines() if "strange" in line)
    assert line.startswith("  strange: 1,200 answers")
    assert shlex.split(line)[-5:] == ["crawler", "query", "odd", "--db", "data/my night.db"]


@pytest.mark.parametrize(
    ("code", "creators", "told"),
    [
        (ReasonCode.CALL_CAP, CreatorCounts(), []),
        (ReasonCode.CALL_CAP, CreatorCounts(total=9), ["See the biggest creators:  "]),
        (ReasonCode.UNREACHABLE, CreatorCounts(total=9), ["Find out what is in the way:  "]),
        (ReasonCode.OUTAGE, CreatorCounts(new=9, total=9), ["Find out what is in the way:  "]),
    ],
)
def test_nobody_is_sent_to_look_at_creators_that_are_not_there_or_not_what_matters(
    monkeypatch, code, creators, told
):
    monkeypatch.setenv("LANGUAGE", "en")
    summary = RunSummary(Reason(code), KeywordCounts(2, 0, 0, 2), CallCounts(), creators, 5.0, "x.db")
    _go_on, *look = summary_text(summary, "again").split("\n\n")[1].splitlines()
    assert [line.startswith(beginning) for line, beginning in zip(look, told, strict=True)] == [True] * len(
        told
    )
