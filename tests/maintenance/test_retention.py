"""Retention: what goes by age after a night, what stays for good, what is done where that cannot be."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from crawler.cli.signals import interrupted_by_signals
from crawler.maintenance.merge import merge
from crawler.maintenance.prune import preview, prune
from crawler.maintenance.retention import SECONDS_MAX, after_a_run, sweep_after
from crawler.maintenance.sweep import STEP_ROWS, Cutoffs, sweep
from crawler.maintenance.verify import examine
from crawler.reasons import Reason, ReasonCode
from crawler.settings.retention import Retention
from crawler.store.database import open_database
from crawler.store.lock import hold
from crawler.store.page_history import HISTORY_SPAN
from crawler.store.readonly import open_readonly
from crawler.store.sweeps import last_sweep
from crawler.summary import CallCounts, CreatorCounts, KeywordCounts, Removed, RunSummary
from tests.bench.year import PERFORMANCE, Shape, live, told_alike
from tests.filled import AFTERWARDS

DAY = timedelta(days=1)
ALL = Retention(timedelta(0), timedelta(0), timedelta(0))
LATER = AFTERWARDS + timedelta(days=400)
TABLES = ("users", "sightings", "changes", "calls", "pages", "replies", "rejects", "runs")


def later() -> datetime:
    return LATER


def rows(path, query):
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(query).fetchall()


def counts(path):
    return {table: rows(path, f"SELECT count(*) FROM {table}")[0][0] for table in TABLES}


def gaps(path):
    with closing(open_readonly(path)) as connection:
        return [gap.message for gap in examine(connection).gaps]


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """Twelve nights of four keywords, without trouble and without retention."""
    shape = Shape(12, 4, seed=5, retention=Retention())
    folder = tmp_path_factory.mktemp("lived")
    live(shape, folder, backups=False)
    return folder / "creators.db"


@pytest.fixture
def nights(lived, tmp_path):
    """A copy of them; `after` is a moment long after."""
    path = tmp_path / "creators.db"
    path.write_bytes(lived.read_bytes())
    return path


def long_after():
    return datetime(2027, 6, 1, tzinfo=UTC)


def test_a_kind_goes_at_its_age_and_no_other(nights):
    before = counts(nights)
    assert not after_a_run(nights, Retention(retain_replies=400 * DAY), now=long_after).removed
    swept = after_a_run(nights, Retention(retain_replies=5 * DAY), now=long_after)
    gone = before["replies"] - counts(nights)["replies"]
    assert swept.removed.replies == gone > 0
    assert counts(nights) == before | {"replies": before["replies"] - gone}
    swept = after_a_run(nights, Retention(retain_changes=5 * DAY), now=long_after)
    assert swept.removed == Removed(changes=before["changes"] - counts(nights)["changes"])
    assert swept.removed.changes > 0


def test_which_account_met_the_end_of_its_quota_stays_known(nights):
    with closing(open_database(nights)) as db:
        with db.conn:
            db.conn.execute("INSERT INTO run_accounts (run_id, account) SELECT id, 'spare' FROM runs")
            db.conn.execute("UPDATE calls SET error = NULL")
            db.conn.execute("UPDATE calls SET account = 'spare', error = 'daily_quota' WHERE id % 5 = 0")
        question = "SELECT day, account, calls, quota_reached FROM spend_by_account ORDER BY day, account"
        before = rows(nights, question)
        assert {row[1:4:2] for row in before} == {("default", 0), ("spare", 1)}
        assert sum(sweep(db, Cutoffs(calls="2027-06-01")), start=Removed()).calls > 0
    assert rows(nights, question) == before


def test_what_it_adds_up_to_stays_and_nothing_is_missing(nights):
    questions = (
        "SELECT * FROM daily_spend ORDER BY day",
        PERFORMANCE,
        "SELECT id, users_new FROM runs",
        "SELECT * FROM checkpoints ORDER BY keyword_id",
    )
    before = [rows(nights, each) for each in questions]
    after_a_run(nights, ALL, now=long_after)  # ages as of the run before the last
    with closing(open_database(nights)) as db:  # and as if a year had gone by
        cutoffs = Cutoffs(*["2027-06-01"] * 5)
        assert sum(sweep(db, cutoffs), start=Removed()).pages > 0
    assert [rows(nights, each) for each in questions] == before
    assert gaps(nights) == []
    held = counts(nights)
    assert (held["replies"], held["calls"], held["rejects"]) == (0, 1, 0)
    assert held["pages"] == sum(row[3] - 1 for row in rows(nights, "SELECT * FROM checkpoints"))


def test_pages_by_which_calls_are_ordered_stay_however_young_is_old(nights):
    """The nights are twelve: all of them are younger than the span that the order looks at."""
    before = counts(nights)["pages"]
    assert timedelta(days=12) < HISTORY_SPAN
    after_a_run(nights, ALL, now=long_after)
    assert counts(nights)["pages"] == before


def test_old_red_ids_and_the_first_count_of_fans_stay(nights):
    kept = """
        SELECT user_key, min(changed_at), old_fans FROM changes
         WHERE field = 'fans_text' AND old_fans IS NOT NULL GROUP BY user_key
    """
    red_ids = "SELECT * FROM changes WHERE field = 'red_id' ORDER BY id"
    before = rows(nights, kept), rows(nights, red_ids)
    assert all(before)
    with closing(open_database(nights)) as db:
        removed = sum(sweep(db, Cutoffs(changes="2027-06-01")), start=Removed())
    assert removed.changes > 0
    assert (rows(nights, kept), rows(nights, red_ids)) == before
    assert counts(nights)["changes"] == len(before[0]) + len(before[1])


def test_a_page_with_its_reply_or_of_the_present_crawl_stays(nights):
    with closing(open_database(nights)) as db:
        assert not sum(sweep(db, Cutoffs(pages="2027-06-01")), start=Removed())  # their calls are there
        list(sweep(db, Cutoffs(calls="2027-06-01")))
        assert not sum(sweep(db, Cutoffs(pages="2027-06-01")), start=Removed())  # their replies are there
        list(sweep(db, Cutoffs(replies="2027-06-01", pages="2027-06-01")))
    assert rows(nights, "SELECT count(*) FROM missing_pages") == [(0,)]


def test_a_clock_that_runs_ahead_for_one_night_removes_nothing(nights):
    """Ages are counted from the run before the last, which the right clock has written down."""
    rows(
        nights,
        "UPDATE runs SET started_at = '2036-01-01T00:00:00.000Z' WHERE id = (SELECT max(id) FROM runs)",
    )
    far = datetime(2036, 1, 1, tzinfo=UTC)
    assert not after_a_run(nights, Retention(30 * DAY, 30 * DAY, 30 * DAY), now=lambda: far).removed


def test_a_clock_that_jumps_back_removes_nothing(nights):
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    assert not after_a_run(nights, ALL, now=lambda: long_ago).removed


def test_a_first_night_leaves_everything(tmp_path, db):
    rows(db, "DELETE FROM runs WHERE id > 1")
    assert not after_a_run(db, ALL, now=later).removed


def test_what_was_removed_is_remembered_and_the_rest_is_room(nights):
    swept = after_a_run(nights, ALL, now=long_after)
    assert swept.problem is None
    assert 0 < swept.free_bytes < swept.file_bytes
    with closing(open_readonly(nights)) as connection:
        last = last_sweep(connection)
    assert (last.removed, last.complete) == (swept.removed, True)


def test_a_sweep_that_takes_too_long_ends_and_the_next_goes_on(nights):
    clock = count(step=SECONDS_MAX)
    swept = after_a_run(nights, ALL, now=long_after, clock=lambda: float(next(clock)))
    assert "took too long" in swept.problem
    assert 0 < swept.removed.replies <= STEP_ROWS
    whole = swept.removed
    while (swept := after_a_run(nights, ALL, now=long_after)).removed:
        whole += swept.removed
    assert whole.calls > 0
    assert gaps(nights) == []


def test_a_signal_ends_it_after_the_step_and_changes_nothing_else(nights):
    spend = rows(nights, "SELECT * FROM daily_spend ORDER BY day")

    def clock():
        os.kill(os.getpid(), signal.SIGINT)
        return 0.0

    ticks = iter([lambda: 0.0, clock])
    with interrupted_by_signals():
        swept = after_a_run(nights, ALL, now=long_after, clock=lambda: next(ticks)())
    assert "interrupted" in swept.problem
    assert 0 < swept.removed.replies <= STEP_ROWS
    assert (rows(nights, "SELECT * FROM daily_spend ORDER BY day"), gaps(nights)) == (spend, [])


def test_merged_with_a_copy_that_kept_them_no_page_counts_twice(nights, tmp_path):
    kept, both, again = (tmp_path / f"{name}.db" for name in ("kept", "both", "again"))
    kept.write_bytes(nights.read_bytes())
    wanted = [rows(kept, each) for each in (PERFORMANCE, "SELECT * FROM daily_spend ORDER BY day")]
    with closing(open_database(nights)) as db:
        assert sum(sweep(db, Cutoffs(*["2027-06-01"] * 5)), start=Removed()).pages > 0
    for inputs, target in (([nights, kept], both), ([both, nights], again)):
        merge(inputs, target)
        found = [rows(target, each) for each in (PERFORMANCE, "SELECT * FROM daily_spend ORDER BY day")]
        assert (found, gaps(target)) == (wanted, [])
    swept = tmp_path / "swept.db"
    swept.write_bytes(nights.read_bytes())
    merge([nights, swept], tmp_path / "twice.db")
    assert rows(tmp_path / "twice.db", PERFORMANCE) == wanted[0]
    assert gaps(tmp_path / "twice.db") == []


def test_another_command_that_writes_is_not_disturbed(nights):
    before = counts(nights)
    with hold(nights):
        swept = after_a_run(nights, ALL, now=long_after)
    assert "another command is writing" in swept.problem
    assert (swept.removed, counts(nights)) == (Removed(), before)


def test_without_the_right_to_write_it_says_so(nights):
    before = counts(nights)
    nights.with_name("creators.db.lock").mkdir()  # which not even root can write to
    assert "cannot lock" in after_a_run(nights, ALL, now=long_after).problem
    assert counts(nights) == before


def test_a_database_that_is_gone_or_damaged_is_told(nights):
    nights.write_bytes(b"x" * 9000)
    assert after_a_run(nights, ALL, now=long_after).problem
    assert after_a_run(nights.parent, ALL, now=long_after).problem


LITTLE_ROOM = """
import resource, sys
from datetime import datetime, timedelta, UTC
from pathlib import Path
from crawler.maintenance.retention import after_a_run
from crawler.settings.retention import Retention
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
moment = datetime(2027, 6, 1, tzinfo=UTC)
swept = after_a_run(Path(sys.argv[1]), Retention(*[timedelta(0)] * 3), now=lambda: moment)
print(swept.problem)
"""


def test_a_full_disk_ends_it_and_leaves_the_database_whole(nights):
    ended = subprocess.run(
        [sys.executable, "-c", LITTLE_ROOM, nights], capture_output=True, text=True, check=True
    )
    assert "cannot write" in ended.stdout
    assert gaps(nights) == []


KILLED = """
import os, sys
from datetime import datetime, timedelta, UTC
from pathlib import Path
from crawler.maintenance import retention, sweep
from crawler.settings.retention import Retention
sweep.STEP_ROWS = 50
left = int(sys.argv[2])

class Sweep(sweep._Sweep):
    def _step(self, *given):
        global left
        connection = self.connection
        def count(statement):
            global left
            left -= 1
            if not left:
                os.kill(os.getpid(), 9)
        connection.set_trace_callback(count)
        return super()._step(*given)

sweep._Sweep = Sweep
moment = datetime(2027, 6, 1, tzinfo=UTC)
retention.after_a_run(Path(sys.argv[1]), Retention(*[timedelta(0)] * 3), now=lambda: moment)
"""


@pytest.mark.parametrize("statement", [1, 2, 4, 7, 30, 61])
def test_killed_at_any_statement_its_sums_are_right(nights, statement):
    before = rows(nights, "SELECT * FROM daily_spend ORDER BY day")
    killed = subprocess.run([sys.executable, "-c", KILLED, nights, str(statement)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert rows(nights, "SELECT * FROM daily_spend ORDER BY day") == before
    assert gaps(nights) == []
    assert after_a_run(nights, ALL, now=long_after).problem is None
    assert rows(nights, "SELECT * FROM daily_spend ORDER BY day") == before


def test_by_hand_the_same_goes_and_is_promised_before(nights):
    retention = Retention(0 * DAY, 0 * DAY, 0 * DAY)
    promised = preview(nights, retention, now=long_after)
    done = prune(nights, retention, now=long_after)
    assert promised.removed == done.removed
    assert done.removed.pages > 0
    assert gaps(nights) == []


def test_who_interrupted_a_run_is_not_kept_waiting(nights, tmp_path):
    interrupted = Reason(ReasonCode.INTERRUPTED, {"signal": "SIGINT", "signal_number": 2})
    summary = RunSummary(interrupted, KeywordCounts(), CallCounts(), CreatorCounts(), 0.0, str(nights))
    assert sweep_after(summary, ALL).sweep is None
    quota = replace(summary, reason=Reason(ReasonCode.DAILY_QUOTA))
    assert sweep_after(quota, ALL).sweep.removed.replies > 0
    assert sweep_after(quota, Retention()).sweep is None


def test_a_database_in_steady_use_stops_growing(tmp_path):
    """A small year: with retention both the rows and the file keep their size from some night on, and what
    was spent, what the order of calls goes by and what each keyword brought are as without it."""
    shape = Shape(84, 1, seed=14, retention=Retention(8 * DAY, 8 * DAY, 8 * DAY))
    years = []
    for name, retention in (("with", shape.retention), ("without", Retention())):
        (tmp_path / name).mkdir()
        years.append(live(replace(shape, retention=retention), tmp_path / name, backups=False))
    alike = told_alike(*years, shape)
    assert all(alike.values()), alike
    (january, february, march), others = (year.months for year in years)
    assert march.rows["calls"] <= january.rows["calls"] * 1.3
    assert march.rows["pruned_pages"] == 1
    assert march.file_bytes - february.file_bytes < (others[2].file_bytes - others[1].file_bytes) / 4


def test_a_night_of_the_command_line_says_what_went(crawler_after_two_nights):
    ended = crawler_after_two_nights(
        "run", "keywords.txt", "--json", "--retain-replies", "0s", "--lang", "en"
    )
    assert ended.exit_code == 0, ended.stderr
    removed = ended.summary["removed"]
    assert removed["replies"] > 0
    assert (removed["calls"], removed["problem"]) == (0, None)
    status = json.loads(crawler_after_two_nights("status", "--json").stdout)
    assert status["sweep"]["removed"]["replies"] == removed["replies"]
    assert "removed by age" in crawler_after_two_nights("status").stdout


@pytest.fixture
def crawler_after_two_nights(lived, tmp_path):
    """The command line where the file of settings names a database of earlier nights, and nobody listens."""
    from tests.cli.conftest import CommandLine

    line = CommandLine(tmp_path)
    line.keywords("穿搭")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "creators.db").write_bytes(lived.read_bytes())
    line.environment["CRAWLER_BASE_URL"] = "http://127.0.0.1:9"

    def ask(*arguments):
        return asyncio.run(line(*arguments, **({"CRAWLER_REFRESH_AFTER": "36000d"})))

    return ask


FAR = datetime(2036, 1, 1, tzinfo=UTC)
DATE_IN_FUTURE = """
UPDATE runs SET started_at = '2036-01-01T00:00:00.000Z' WHERE id > (SELECT max(id) - 2 FROM runs)
"""
MONTHS = Retention(30 * DAY, 30 * DAY, 30 * DAY)


def test_a_clock_that_runs_ahead_of_the_services_removes_only_what_is_old_by_that(nights):
    rows(nights, DATE_IN_FUTURE)
    begun = datetime.fromisoformat(rows(nights, "SELECT max(started_at) FROM runs WHERE id <= 10")[0][0])
    by_the_service = FAR - begun  # far ahead in two runs, and told so
    assert not after_a_run(nights, MONTHS, now=lambda: FAR, clock_ahead=by_the_service).removed
    assert after_a_run(nights, MONTHS, now=lambda: FAR).removed


def test_a_clock_that_is_behind_the_services_removes_no_more_for_that(nights):
    before = counts(nights)
    begun = datetime.fromisoformat(rows(nights, "SELECT min(started_at) FROM runs")[0][0])
    after_a_run(nights, MONTHS, now=lambda: begun, clock_ahead=-400 * DAY)
    assert counts(nights) == before


def test_ages_are_counted_from_runs_to_which_the_service_has_told_the_time(nights):
    """Two with a clock that is ahead, in which nobody answered."""
    rows(nights, DATE_IN_FUTURE)
    rows(nights, "UPDATE runs SET users_seen = 0 WHERE started_at > '2036'")
    assert not after_a_run(nights, MONTHS, now=lambda: FAR).removed


def test_how_far_the_clock_was_ahead_comes_with_the_summary_of_a_run(nights):
    rows(nights, DATE_IN_FUTURE)
    begun = datetime.fromisoformat(rows(nights, "SELECT max(started_at) FROM runs WHERE id <= 10")[0][0])
    done = Reason(ReasonCode.ALL_DONE)
    summary = RunSummary(done, KeywordCounts(), CallCounts(), CreatorCounts(), 0.0, str(nights))
    told = replace(summary, clock_ahead=FAR - begun)
    assert not sweep_after(told, MONTHS, now=lambda: FAR).sweep.removed
