"""A database of the crawler that holds the chosen creators alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from click.testing import CliRunner

from crawler.cli.status import status
from crawler.cli.verify import verify
from crawler.errors import InputError, WrongService
from crawler.store.database import open_database
from crawler.store.runs import claim_service
from tests.filled import KEYWORDS, NIGHTS, play


def _rows(path, query):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def test_everything_about_the_chosen_comes_along_and_nobody_else(run, db, out):
    run(out / "a.db", "--keyword", "亲子")
    chosen = """
        user_key IN (SELECT user_key FROM sightings JOIN keywords ON id = keyword_id WHERE text = '亲子')
    """
    for query in (
        f"SELECT * FROM users WHERE {chosen.replace('user_key', 'key', 1)} ORDER BY key",
        f"SELECT * FROM sightings WHERE {chosen} ORDER BY user_key, keyword_id",
        f"SELECT * FROM changes WHERE {chosen} ORDER BY id",
        f"SELECT * FROM keywords WHERE id IN (SELECT keyword_id FROM sightings WHERE {chosen}) ORDER BY id",
    ):
        assert _rows(out / "a.db", query) == _rows(db, query)
    assert _rows(out / "a.db", "SELECT count(*) FROM users") == [(2,)]
    assert _rows(out / "a.db", "SELECT count(*) FROM keywords") == [(2,)]


def test_changes_come_along(run, db, out):
    run(out / "a.db")
    query = "SELECT * FROM changes ORDER BY id"
    assert len(_rows(db, query)) > 5
    assert _rows(out / "a.db", query) == _rows(db, query)


@pytest.mark.parametrize("filters", [[], ["--keyword", "穿搭"], ["--limit", "3"]])
def test_the_copy_is_sound(run, out, filters):
    run(out / "a.db", *filters)
    assert _rows(out / "a.db", "PRAGMA integrity_check") == [("ok",)]
    assert _rows(out / "a.db", "PRAGMA foreign_key_check") == []


def test_the_copy_is_one_file_that_the_crawler_can_open_and_knows_its_service(run, out):
    run(out / "a.db")
    assert [path.name for path in out.iterdir()] == ["a.db"]
    open_database(out / "a.db").close()
    assert _rows(out / "a.db", "SELECT * FROM settings") == [
        ("service", "an export of https://api.justoneapi.com")
    ]


def test_no_run_takes_the_copy_for_a_database_to_fill(run, out):
    run(out / "a.db")
    again = pytest.raises(WrongService, match="is an export, and a run would pay again")
    with closing(open_database(out / "a.db")) as opened, again:
        claim_service(opened.conn, "https://api.justoneapi.com")


@pytest.mark.parametrize("options", [[], ["--mend"]])
def test_the_copy_is_not_verified_as_if_it_were_the_whole(run, out, options):
    run(out / "a.db")
    before = (out / "a.db").read_bytes()
    with pytest.raises(InputError, match="is an export: verify the database it came from"):
        CliRunner().invoke(verify, ["--db", str(out / "a.db"), *options], catch_exceptions=False,
                           standalone_mode=False)  # fmt: skip
    assert (out / "a.db").read_bytes() == before


def test_the_status_of_a_copy_says_what_it_is_and_suggests_no_run(run, db, out):
    run(out / "a.db")
    said = CliRunner().invoke(status, ["--db", str(out / "a.db")], catch_exceptions=False).stdout
    assert "(an export of https://api.justoneapi.com)" in said
    assert "creators: 40" in said
    assert "crawler run" not in said and "due now" not in said
    assert "due now" in CliRunner().invoke(status, ["--db", str(db)], catch_exceptions=False).stdout


def test_a_copy_can_be_exported_again(run, out):
    run(out / "a.db", "--keyword", "穿搭")
    run(out / "b.csv", "--keyword", "穿搭")
    run(out / "a.csv", "--db", out / "a.db")
    run(out / "b.db", "--db", out / "a.db")
    assert _rows(out / "b.db", "SELECT value FROM settings") == _rows(
        out / "a.db", "SELECT value FROM settings"
    )
    assert (out / "a.csv").read_bytes().count(b"\r\n") > 20
    assert (out / "a.csv").read_bytes().splitlines()[0] == (out / "b.csv").read_bytes().splitlines()[0]


def test_what_was_forgotten_stays_at_home(run, db, out):
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute("INSERT INTO settings (name, value) VALUES ('forget_salt', 'secret')")
        connection.execute("INSERT INTO forgotten VALUES ('f00d', '2026-11-04T00:00:00.000Z')")
    run(out / "a.db")
    assert b"f00d" not in (out / "a.db").read_bytes()
    assert b"forget_salt" not in (out / "a.db").read_bytes()


def test_a_database_with_older_tables_can_be_copied(run, db, out):
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute("DROP VIEW creators_with_keywords")
        connection.execute("ALTER TABLE users DROP COLUMN image")
    run(out / "a.db")
    assert _rows(out / "a.db", "SELECT count(*), count(image) FROM users") == [(40, 0)]


def test_an_earlier_export_is_replaced(run, out):
    run(out / "a.db")
    run(out / "a.db", "--limit", 2)
    assert _rows(out / "a.db", "SELECT count(*) FROM users") == [(2,)]


def test_a_crawl_is_never_replaced(run, db, out):
    other = out / "other.db"
    other.write_bytes(db.read_bytes())
    with pytest.raises(InputError, match="is the database of a crawl"):
        run(other)
    assert other.read_bytes() == db.read_bytes()


def test_a_database_that_a_program_has_open_is_never_replaced(run, out):
    run(out / "a.db")
    with closing(open_database(out / "a.db")) as opened:
        opened.execute("DELETE FROM changes")
        with pytest.raises(InputError, match="is open in another program"):
            run(out / "a.db")


def test_the_source_is_not_touched_and_a_run_may_write_meanwhile(run, db, out):
    with closing(open_database(db)) as writer:
        run(out / "a.db")
        before = _rows(db, "SELECT count(*) FROM runs")
        play(writer, db, NIGHTS[0], KEYWORDS)
    assert _rows(out / "a.db", "SELECT count(*) FROM users") == [(40,)]
    assert _rows(db, "SELECT count(*) FROM runs") == [(before[0][0] + 1,)]
