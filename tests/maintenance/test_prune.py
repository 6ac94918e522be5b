"""`crawler prune`: old raw replies and call rows go, sums and whatever a run needs stay."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from crawler.cli.prune import prune as command
from crawler.cli.verify import verify
from crawler.errors import AlreadyRunning, InputError, StoreError
from crawler.i18n.formatting import shanghai_time
from crawler.maintenance.prune import preview, prune
from crawler.reasons import Reason, ReasonCode
from crawler.store.database import open_database
from crawler.store.lock import hold
from crawler.store.runs import calls_charged_on_day, seconds_since_last_call
from tests.filled import AFTERWARDS, OUTFITS, Night, page, play

TWO_NIGHTS = AFTERWARDS - datetime(2026, 11, 3, 0, 0, tzinfo=UTC)
"""Before which the first two nights lie, and the third does not."""

# Charged and unknown calls by Shanghai day, from what is left and what is added up, as `run` and `query` do.
SPENT = """
SELECT day, endpoint_id, charge, sum(calls)
  FROM (SELECT date(sent_at, '+8 hours') AS day, endpoint_id, charge, count(*) AS calls
          FROM calls
         GROUP BY 1, 2, 3
         UNION ALL
        SELECT day, endpoint_id, charge, calls FROM pruned_calls)
 GROUP BY day, endpoint_id, charge
 ORDER BY 1, 2, 3
"""


def morning() -> datetime:
    return AFTERWARDS


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(query).fetchall()


def ask(path: Path, *options: str) -> Result:
    return CliRunner().invoke(command, ["--db", str(path), *options], catch_exceptions=False)


def test_what_is_older_goes_and_what_is_not_stays(db):
    pruned = prune(db, TWO_NIGHTS, now=morning)
    assert pruned.before == "2026-11-03T00:00:00.000Z"
    assert (pruned.removed.replies, pruned.removed.calls) == (11, 18)
    assert rows(db, "SELECT min(sent_at) FROM calls") == [("2026-11-03T18:30:03.000Z",)]
    assert rows(db, "SELECT min(fetched_at) FROM pages JOIN replies ON id = page_id") == [
        ("2026-11-03T18:30:04.000Z",)
    ]


def test_only_replies_and_calls_go(db):
    tables = ("users", "sightings", "changes", "rejects", "pages", "checkpoints", "runs", "keywords")
    before = [rows(db, f"SELECT count(*) FROM {table}") for table in tables]
    prune(db, TWO_NIGHTS, now=morning)
    assert [rows(db, f"SELECT count(*) FROM {table}") for table in tables] == before


def test_what_was_spent_on_each_day_stays_known(db):
    before = rows(db, SPENT)
    assert {row[2] for row in before} == {"charged", "free", "unknown"}
    prune(db, TWO_NIGHTS, now=morning)
    assert rows(db, SPENT) == before
    prune(db, timedelta(0), now=morning)
    assert rows(db, SPENT) == before


def test_the_calls_of_today_stay_however_young_is_old(db):
    """The night of 3 November in UTC is the fourth in Shanghai, as the morning after it."""
    with closing(open_database(db)) as opened:
        before = calls_charged_on_day(opened.conn, AFTERWARDS)
    assert before > 0
    pruned = prune(db, timedelta(0), now=morning)
    assert pruned.before == "2026-11-03T16:00:00.000Z"
    with closing(open_database(db)) as opened:
        assert calls_charged_on_day(opened.conn, AFTERWARDS) == before


def test_the_last_call_stays_for_the_pace_of_the_next_run(db):
    def next_year() -> datetime:
        return AFTERWARDS + timedelta(days=365)

    with closing(open_database(db)) as opened:
        before = seconds_since_last_call(opened.conn, next_year)
    prune(db, timedelta(0), now=next_year)
    assert rows(db, "SELECT count(*) FROM calls") == [(1,)]
    with closing(open_database(db)) as opened:
        assert seconds_since_last_call(opened.conn, next_year) == before


def test_the_database_is_complete_afterwards_and_after_another_night(db):
    prune(db, timedelta(0), now=morning)
    assert CliRunner().invoke(verify, ["--db", str(db)]).exit_code == 0
    with closing(open_database(db)) as opened:
        steps = {OUTFITS.text: [page(), page()]}
        play(opened, db, Night(AFTERWARDS + timedelta(days=9), steps, Reason(ReasonCode.ALL_DONE)), [OUTFITS])
    prune(db, timedelta(0), now=lambda: AFTERWARDS + timedelta(days=20))
    assert CliRunner().invoke(verify, ["--db", str(db)]).exit_code == 0


def test_a_page_without_a_call_is_found_among_pruned_ones(db):
    prune(db, TWO_NIGHTS, now=morning)
    rows(db, "UPDATE pages SET call_id = NULL WHERE id = 19")
    result = CliRunner().invoke(verify, ["--db", str(db)])
    assert result.exit_code == 1
    assert "pages that have no call: 12; charged calls that were pruned: 11" in result.stdout


def test_a_charged_call_without_its_page_is_left_for_verify_to_find(db):
    rows(db, "DELETE FROM replies WHERE page_id = 2")
    rows(db, "DELETE FROM pages WHERE id = 2")
    prune(db, TWO_NIGHTS, now=morning)
    result = CliRunner().invoke(verify, ["--db", str(db)])
    assert "穿搭: page 2 was charged at" in result.stdout


def test_pruning_twice_removes_nothing_more(db):
    prune(db, TWO_NIGHTS, now=morning)
    again = prune(db, TWO_NIGHTS, now=morning)
    assert not again.removed


def test_a_preview_says_what_would_go_and_writes_nothing(db):
    before = db.read_bytes()
    promised = preview(db, TWO_NIGHTS, now=morning)
    assert db.read_bytes() == before
    done = prune(db, TWO_NIGHTS, now=morning)
    assert promised.removed == done.removed


def test_the_command_says_what_it_removed_and_what_is_free(db):
    rows(db, "UPDATE replies SET body = randomblob(200000)")
    dry = ask(db, "--older-than", "0s", "--dry-run")
    assert dry.exit_code == 0
    assert "To be removed, older than" in dry.stdout
    assert "raw replies 19 (3.8 MB), calls 26." in dry.stdout
    result = ask(db, "--older-than", "0s")
    assert "raw replies 19 (3.8 MB), calls 26." in result.stdout
    assert "Free for new rows: 3." in result.stdout
    shrunk = ask(db, "--older-than", "0s", "--vacuum")
    assert "The file is smaller by 3." in shrunk.stdout
    assert db.stat().st_size < 400_000


def page_bytes_and_journal(path):
    return rows(path, "SELECT page_size, journal_mode FROM pragma_page_size, pragma_journal_mode")


@pytest.fixture
def older(db):
    """The same database in the larger pages of earlier versions."""
    with closing(sqlite3.connect(db, isolation_level=None)) as connection:
        for statement in ("PRAGMA journal_mode = DELETE", "PRAGMA page_size = 8192", "VACUUM"):
            connection.execute(statement)
        connection.execute("PRAGMA journal_mode = WAL")
    return db


def test_a_file_written_anew_has_pages_of_the_size_that_a_new_one_has(older):
    ask(older, "--older-than", "36000d")
    assert page_bytes_and_journal(older) == [(8192, "wal")]
    ask(older, "--older-than", "36000d", "--vacuum")
    assert page_bytes_and_journal(older) == [(4096, "wal")]
    assert CliRunner().invoke(verify, ["--db", str(older)]).exit_code == 0


def test_a_file_that_somebody_reads_is_written_anew_in_the_pages_it_has(older):
    with closing(sqlite3.connect(older)) as reader:
        reader.execute("SELECT count(*) FROM calls").fetchone()
        prune(older, timedelta(days=36000), vacuum=True)
    assert page_bytes_and_journal(older) == [(8192, "wal")]


def test_people_read_the_time_of_shanghai(db):
    assert re.search(r"older than \d{4}-\d\d-\d\d \d\d:\d\d: ", ask(db, "--older-than", "2d").stdout)
    assert shanghai_time("2026-11-03T16:00:00.000Z") == "2026-11-04 00:00"


def test_the_figures_as_json(db):
    found = json.loads(ask(db, "--older-than", "0s", "--json").stdout)
    assert found["db"] == str(db)
    assert (found["dry_run"], found["replies"], found["calls"]) == (False, 19, 26)


def test_a_span_longer_than_time_removes_nothing(db):
    assert "calls 0." in ask(db, "--older-than", "36000d").stdout


def test_a_run_under_way_is_not_disturbed(db):
    with hold(db), pytest.raises(AlreadyRunning):
        ask(db, "--older-than", "0s")
    assert rows(db, "SELECT count(*) FROM calls") == [(27,)]


def test_a_disk_without_room_for_the_copy_is_told_before_anything_goes(db):
    with pytest.raises(StoreError, match="--vacuum needs 1 MB of free disk space"):
        prune(db, timedelta(0), vacuum=True, room=lambda path: 0)
    assert rows(db, "SELECT count(*) FROM calls") == [(27,)]


@pytest.mark.parametrize("options", [["--older-than", "old"], ["--older-than", "-1d"]])
def test_what_is_no_span_is_refused(db, options):
    with pytest.raises(InputError):
        ask(db, *options)


def test_the_age_has_to_be_given(db):
    assert ask(db).exit_code == 2


def test_a_file_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(InputError, match="there is no database"):
        ask(tmp_path / "nothing.db", "--older-than", "90d")
    assert list(tmp_path.iterdir()) == []
