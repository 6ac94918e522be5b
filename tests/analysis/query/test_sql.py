"""Any SQL: what it may do, how its rows leave, how it ends."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from crawler.analysis.query import ask
from crawler.errors import InputError
from crawler.store.authorizer import forbid_writing
from crawler.store.migrations.views import VIEWS
from crawler.store.readonly import open_readonly


def test_sql_answers_in_every_format(crawler):
    sql = "SELECT name, fans FROM users WHERE name IN ('amy穿搭', '没有粉丝数') ORDER BY fans"
    assert crawler("query", sql).stdout.splitlines()[2:] == ["没有粉丝数", "amy穿搭     4000000"]
    assert crawler("query", sql, "--csv").stdout == "name,fans\n没有粉丝数,\namy穿搭,4000000\n"
    expected = [{"name": "没有粉丝数", "fans": None}, {"name": "amy穿搭", "fans": 4000000}]
    assert json.loads(crawler("query", sql, "--json").stdout) == expected
    assert [json.loads(line) for line in crawler("query", sql, "--jsonl").stdout.splitlines()] == expected


def test_an_answer_without_rows_is_an_empty_array(crawler):
    assert json.loads(crawler("query", "SELECT 1 WHERE 0", "--json").stdout) == []
    assert crawler("query", "SELECT 1 AS one WHERE 0", "--csv").stdout == "one\n"


def test_json_holds_what_json_has_words_for(crawler):
    sql = "SELECT 9e999 AS endless, x'00ff' AS bytes, CAST(x'e7a9' AS TEXT) AS cut, 1 AS a, 2 AS a"
    (row,) = json.loads(crawler("query", sql, "--json").stdout)
    assert row == {"endless": None, "bytes": "AP8=", "cut": "\ufffd", "a": 1, "a_2": 2}


def test_a_table_shows_control_characters_and_csv_keeps_them(crawler):
    sql = "SELECT name FROM users WHERE name LIKE 'red%'"
    assert "\x1b" not in crawler("query", sql).stdout
    assert "red\x1b[31m alert\x07" in crawler("query", sql, "--csv").stdout


def test_a_table_says_where_it_leaves_rows_out(crawler):
    hundreds = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) SELECT i FROM n"
    shown = crawler("query", hundreds)
    assert len(shown.stdout.splitlines()) == 102
    assert "the first 100 rows" in shown.stderr
    assert len(crawler("query", hundreds, "--limit", "300").stdout.splitlines()) == 302
    assert len(crawler("query", hundreds, "--csv").stdout.splitlines()) == 501


def test_sql_can_come_from_standard_input(three_nights):
    command = [sys.executable, "-m", "crawler", "query", "-", "--db", str(three_nights), "--csv"]
    done = subprocess.run(command, input="SELECT 7 AS seven", capture_output=True, text=True, check=True)
    assert done.stdout == "seven\n7\n"


@pytest.mark.parametrize("sql", ["DELETE FROM users", "UPDATE users SET fans = 1"])
def test_sql_that_writes_is_told_that_it_can_only_read(sql, crawler):
    assert "not authorized\nSQL can only read here" in str(crawler("query", sql).exception)


def test_sql_that_is_wrong_is_not_told_so(crawler):
    assert "only read" not in str(crawler("query", "SELEC 1").exception)


@pytest.mark.parametrize("command", [("query", "new"), ("search", "amy")])
def test_two_formats_at_once_are_refused(command, crawler):
    result = crawler(*command, "--json", "--csv")
    assert isinstance(result.exception, InputError)
    assert "--csv and --json cannot be used together" in str(result.exception)


@pytest.mark.parametrize("sql", ["SELEC 1", "SELECT nme FROM users", "SELECT 1; SELECT 2", "SELECT :x"])
def test_bad_sql_gets_the_message_of_sqlite_and_a_pointer(sql, crawler):
    result = crawler("query", sql)
    assert isinstance(result.exception, InputError)
    assert str(result.exception).startswith("SQLite reports: ")
    assert "crawler query --schema" in str(result.exception)


def test_an_error_in_the_middle_of_the_rows_is_told_too(crawler):
    result = crawler("query", "SELECT json_extract(iif(key > 3, '{', '{}'), '$') FROM users", "--csv")
    assert "malformed JSON" in str(result.exception)


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM users",
        "UPDATE users SET fans = 1",
        "DROP TABLE users",
        "CREATE TEMP TABLE t (a)",
        "CREATE TEMP VIEW v AS SELECT 1",
        "INSERT INTO runs DEFAULT VALUES RETURNING *",
        "ATTACH '{folder}/made.db' AS other",
        "ATTACH ':memory:' AS other",
        "VACUUM INTO '{folder}/made.db'",
        "VACUUM",
        "PRAGMA query_only = 0",
        "PRAGMA writable_schema = 1",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA user_version = 5",
        "PRAGMA schema_version = 5",
        "PRAGMA wal_checkpoint(TRUNCATE)",
        "PRAGMA temp_store_directory = '{folder}'",
        "SELECT load_extension('x')",
        "BEGIN IMMEDIATE",
        "REINDEX",
        "ANALYZE",
    ],
)
def test_no_sql_can_write_anything(sql, db, crawler):
    folder = db.parent
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    result = crawler("query", sql.format(folder=folder), "--db", db)
    assert isinstance(result.exception, InputError)
    after = {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.endswith("-shm")}
    assert after.items() - before.items() <= {("creators.db-wal", b"")}


def test_a_connection_that_may_only_read_can_still_look_around(three_nights):
    with closing(open_readonly(three_nights)) as connection:
        forbid_writing(connection)
        assert list(ask(connection, "PRAGMA table_info(users)").rows)
        assert list(ask(connection, "PRAGMA integrity_check").rows)
        assert list(ask(connection, "PRAGMA user_version").rows)
        assert list(ask(connection, "EXPLAIN QUERY PLAN SELECT * FROM users").rows)
        assert list(ask(connection, "SELECT upper(name), json_extract('[1]', '$[0]') FROM users").rows)


def test_the_schema_lists_views_and_tables_with_their_columns(crawler):
    listed = json.loads(crawler("query", "--schema", "--json").stdout)
    assert {row["table"] for row in listed if row["kind"] == "view"} == set(VIEWS)
    assert {"users", "sightings", "calls"} <= {row["table"] for row in listed}
    assert {"table": "users", "kind": "table", "column": "fans", "type": "INTEGER"} in listed


def test_every_view_answers(three_nights):
    with closing(sqlite3.connect(three_nights)) as connection:
        for view in VIEWS:
            found = connection.execute(f"SELECT * FROM {view}").fetchall()
            assert bool(found) != (view in ("missing_pages", "charged_calls_without_page")), view


def test_a_missing_database_is_named(tmp_path, crawler):
    assert "there is no database at" in str(crawler("query", "new", "--db", tmp_path / "none.db").exception)


def test_a_reader_that_has_seen_enough_ends_the_command_quietly(three_nights):
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
    for output in ("--csv", "--json", "--jsonl"):
        command = [sys.executable, "-m", "crawler", "query", endless, "--db", str(three_nights), output]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout.read(20)
            process.stdout.close()
            assert process.stderr.read() == b""
        assert process.returncode == 0


@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT to one process")
def test_ctrl_c_ends_a_query_without_a_traceback(three_nights):
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n %s) SELECT %s FROM n"
    some, endless = numbers % ("WHERE i < 5000", "i"), numbers % ("", "max(i)")
    sql = f"SELECT * FROM ({some}) UNION ALL SELECT * FROM ({endless})"
    command = [sys.executable, "-m", "crawler", "query", sql, "--db", str(three_nights), "--jsonl"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == '{"i":1}\n'  # the first rows are out: now it counts for ever
        process.send_signal(signal.SIGINT)
        try:
            _out, said = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 130
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT length(hex(zeroblob(400000000)))", "string or blob too big"),
        (
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12) "
            "SELECT "
            + ", ".join(f"max(hex(zeroblob(30000000 + {n})))" for n in range(12))
            + ", i FROM n GROUP BY i",
            "more memory than a query may take",
        ),
    ],
)
def test_a_query_takes_no_more_than_its_share_of_memory(sql, said, three_nights):
    command = [sys.executable, "-m", "crawler", "query", sql, "--db", str(three_nights), "--csv"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
