"""A script within a transaction runs statement by statement, whatever its statements hold."""

import sqlite3
from contextlib import closing

from sqlite_utils import Database

from crawler.store.migrations import migrate, migrations
from crawler.store.sql_scripts import ScriptDatabase, statements

TRIGGER = """CREATE TRIGGER told AFTER INSERT ON heard BEGIN
    INSERT INTO said VALUES ('one;
two;');
    DELETE FROM heard;
END;"""


def schema(connection):
    return connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY rowid").fetchall()


def test_a_new_database_is_the_one_that_sqlite_utils_makes_in_its_slower_way():
    with (
        closing(sqlite3.connect(":memory:", isolation_level=None)) as ours,
        closing(sqlite3.connect(":memory:", isolation_level=None)) as theirs,
    ):
        migrate(ours)
        migrations.apply(Database(theirs))
        assert schema(ours) == schema(theirs) != []


def test_a_statement_ends_where_sqlite_says_it_ends():
    script = f"CREATE TABLE heard (a); -- not yet;\nCREATE TABLE said (a);\n\n{TRIGGER}\nSELECT 1"
    assert [each.split(" (")[0] for each in statements(script)][-2:] == [TRIGGER.split(" (")[0], "SELECT 1"]
    assert list(statements(TRIGGER)) == [TRIGGER]
    assert list(statements(" \n")) == []


def test_a_script_that_fails_leaves_nothing_of_itself():
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        db = ScriptDatabase(connection)
        try:
            with db.atomic():
                db.executescript("CREATE TABLE one (a);\nCREATE TABLE one (a);\n")
        except sqlite3.OperationalError:
            pass
        assert schema(connection) == []
