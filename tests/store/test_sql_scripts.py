"""A script within a transaction runs statement by statement, whatever its statements hold."""

import sqlite3
from contextlib import closing

from sqlite_utils import Database

from crawler.store.migrations import NEW_DATABASE, applied_migrations, known_migrations, migrate, migrations
from crawler.store.sql_scripts import ScriptDatabase, statements
from tests.new_database import migrated, written

TRIGGER = """CREATE TRIGGER told AFTER INSERT ON heard BEGIN
    INSERT INTO said VALUES ('one;
two;');
    DELETE FROM heard;
END;"""


def schema(connection):
    return connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY rowid").fetchall()


def contents(connection):
    """All that makes a database, in any order, without the moments of its migrations."""
    lines = [line for line in connection.iterdump() if 'INTO "_sqlite_migrations"' not in line]
    return sorted(lines), applied_migrations(connection)


def test_migrations_make_what_sqlite_utils_makes_of_them_in_its_slower_way():
    with closing(migrated()) as ours, closing(sqlite3.connect(":memory:", isolation_level=None)) as theirs:
        migrations.apply(Database(theirs))
        assert schema(ours) == schema(theirs) != []


def test_a_new_database_is_the_one_that_its_migrations_make_one_after_the_other():
    assert NEW_DATABASE.read_text(encoding="utf-8") == written(), "`make docs` writes it"
    with closing(migrated()) as slowly, closing(sqlite3.connect(":memory:", isolation_level=None)) as at_once:
        migrate(at_once)
        assert contents(at_once) == contents(slowly)
        assert applied_migrations(at_once) == known_migrations()


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
