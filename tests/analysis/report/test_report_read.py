from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from crawler.analysis.report.causes import CAUSES, IN_FLIGHT, cause_of
from crawler.analysis.report.values import BucketLine
from crawler.engine.policy import NO_ANSWER, NOT_SENT, NOT_UNDERSTOOD
from crawler.reasons import Reason, ReasonCode
from crawler.store.database import open_database
from crawler.summary import CallCounts
from crawler.vendor.codes import CODES
from tests.filled import ORDINARY, QUOTA_303, QUOTA_USED_UP, creator, page
from tests.filled import TIMED_OUT as TIMED_OUT_CALL

FIRST_NIGHT = "2026-11-01T18:00:00.000Z"


def test_the_report_is_about_the_last_night_unless_told_otherwise(read):
    report = read()
    assert report.since is not None and report.since.startswith("2026-11-03T18:30")
    assert [run.outcome for run in report.runs] == ["failed"]
    assert report.calls == CallCounts(sent=9, charged=8, free=1, unknown=0)


def test_a_night_that_was_stopped_and_gone_on_with_is_one_night(read, play_night):
    play_night(QUOTA_USED_UP, reason=QUOTA_303)
    play_night(page(ORDINARY[0]), page(), start=datetime(2026, 11, 5, 20, 0, tzinfo=UTC))
    assert [run.outcome for run in read().runs] == ["done", "stopped"]


def test_new_creators_come_with_the_keyword_that_found_them_the_largest_first(read):
    report = read()
    found = [(line.name, line.fans, line.keywords[0]) for line in report.newcomers]
    assert found == [("新人穿搭", 20_500, "穿搭"), ("新露营", 999, "露营 Camping")]
    assert report.users_new == 2
    assert report.users_total == 40


def test_who_grew_is_measured_from_before_the_period(read, play_night):
    play_night(page(creator(1, "小鹿穿搭日记", fans=5_000)), page())
    grew = {line.name: (line.fans_before, line.fans) for line in read(FIRST_NIGHT).growers}
    assert grew["小鹿穿搭日记"] == (107, 5_000)
    assert read().growers[0].fans_before == 1_500


def test_keywords_that_bring_new_creators_stand_apart_from_those_that_repeat(read):
    report = read()
    assert [(line.text, line.charged, line.users_new) for line in report.fruitful.lines] == [
        ("穿搭", 2, 1),
        ("露营 Camping", 2, 1),
    ]
    assert [(line.text, line.charged, line.entries) for line in report.barren.lines] == [
        ("美食探店", 2, 4),
        ("亲子", 2, 1),
    ]
    assert report.barren.charged == 4


def test_a_keyword_that_showed_nobody_repeats_nobody(read, play_night):
    play_night(page())
    report = read()
    assert report.calls.charged == 1
    assert (report.barren.lines, report.barren.charged) == ((), 0)


def test_every_creator_is_in_one_bucket_and_unknown_is_its_own(read, db):
    buckets = read().buckets
    assert [(line.fans_min, line.fans_below) for line in buckets] == [
        (0, 100), (100, 1000), (1000, 10_000), (10_000, 100_000), (100_000, None), (None, None),
    ]  # fmt: skip
    with closing(sqlite3.connect(db)) as connection:
        fans = [row[0] for row in connection.execute("SELECT fans FROM users")]
    assert [line.users for line in buckets] == [
        *(sum(f is not None and a <= f < b for f in fans) for a, b in
          ((0, 100), (100, 1000), (1000, 10_000), (10_000, 100_000), (100_000, 10**12))),
        fans.count(None),
    ]  # fmt: skip
    assert BucketLine(100, 1000, 3, 1) in buckets


def test_the_last_thirty_days_end_with_the_last_call_and_mark_the_quota(read):
    days = read().days
    assert len(days) == 30
    assert [(day.day, day.calls.charged, day.quota_reached) for day in days[-3:]] == [
        ("2026-11-02", 8, False),
        ("2026-11-03", 3, True),
        ("2026-11-04", 8, False),
    ]
    assert [day.users_new for day in days[-3:]] == [38, 0, 2]
    assert all(day.calls.sent == 0 for day in days[:-3])


def test_pruned_calls_still_count_in_their_day(read, db):
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute("INSERT INTO pruned_calls VALUES ('2026-11-02', 1, 'charged', 1000)")
    assert [day.calls.charged for day in read().days[-3:]] == [1008, 3, 8]


def test_failed_keywords_are_named_under_their_cause(read):
    failures = read().failures
    assert [(line.cause, line.keywords, line.examples) for line in failures] == [
        ("bad_parameter", 1, ("敏感词",))
    ]


def test_calls_without_a_page_are_counted_by_cause(read):
    causes = {line.cause: line.calls for line in read(FIRST_NIGHT).answers}
    assert causes["collection_failed"] == CallCounts(sent=3, free=3)
    assert causes["no_answer"] == CallCounts(sent=1, unknown=1)
    assert causes["daily_quota"] == CallCounts(sent=1, free=1)


def test_entries_are_counted_without_the_whole_answers_kept_beside_them(read, db):
    assert read(FIRST_NIGHT).rejects == 2
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute(
            "INSERT INTO rejects (run_id, endpoint_id, keyword_id, page, rank, reason, entry, rejected_at)"
            " VALUES (3, 1, 1, 1, 0, 'not_understood', '{}', '2026-11-03T19:00:00.000Z')"
        )
    assert read(FIRST_NIGHT).rejects == 2


def test_strange_answers_are_counted_by_what_was_strange(read, play_night):
    assert read().oddities == ()
    play_night(replace(page(ORDINARY[0]), oddity=Reason(ReasonCode.DATA_IS_LIST)), page())
    assert read().oddities == ((Reason(ReasonCode.DATA_IS_LIST), 1),)


def test_a_call_that_nobody_settled_is_one_that_was_in_flight(read, db):
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute(
            "INSERT INTO calls (run_id, endpoint_id, keyword_id, generation, page, attempt, sent_at)"
            " VALUES (3, 1, 1, 1, 9, 1, '2026-11-03T19:00:00.000Z')"
        )
    assert CallCounts(sent=1, unknown=1) in [c.calls for c in read().answers if c.cause == IN_FLIGHT]


def test_a_run_that_died_has_no_duration(read, play_night, db):
    play_night(TIMED_OUT_CALL)
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute("UPDATE runs SET outcome = 'crashed', seconds = 0 WHERE id = 4")
    assert [(run.outcome, run.seconds) for run in read().runs] == [("crashed", None)]


def test_an_empty_database_gives_an_empty_report(read, tmp_path):
    path = tmp_path / "empty.db"
    open_database(path).close()
    report = read(path=path)
    assert report.since is None
    assert (report.users_total, report.runs, report.days, report.failures) == (0, (), (), ())


def test_a_run_that_made_no_call_is_reported_where_there_is_no_other(read, tmp_path):
    path = tmp_path / "interrupted.db"
    with closing(open_database(path)) as opened:
        opened.conn.execute(
            "INSERT INTO runs (started_at, pid, host, version)"
            " VALUES ('2026-11-03T18:30:00.000Z', 1, 'h', '0')"
        )
    assert [run.outcome for run in read(path=path).runs] == [None]


def test_a_period_after_everything_is_empty(read):
    report = read("2027-01-01T00:00:00.000Z")
    assert (report.runs, report.newcomers, report.growers, report.failures, report.answers) == ((),) * 5


@pytest.mark.parametrize("code", [code for code in CODES if code not in (0, 201)])
def test_every_code_of_the_api_has_plain_words(code):
    reason = CODES[code].reason.value
    assert cause_of(reason) == reason
    assert CAUSES[reason].title


@pytest.mark.parametrize("rule", [*NOT_UNDERSTOOD, NOT_SENT, NO_ANSWER])
def test_every_other_end_of_a_call_has_plain_words(rule):
    assert cause_of(rule.reason.value) == rule.reason.value


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (None, IN_FLIGHT),
        ("a_code_of_a_newer_version", None),
        ("day_cap", "day_cap"),
        ("some_failed", None),
        ("all_done", None),
    ],
)
def test_a_reason_leads_to_its_cause(code, cause):
    assert cause_of(code) == cause
