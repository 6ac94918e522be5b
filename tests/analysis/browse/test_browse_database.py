from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from datasette.app import Datasette

from crawler.analysis.browse.database import ReadOnlyDatabase


@pytest.fixture
def connection(db):
    """What Datasette gets to ask the database with."""
    with closing(ReadOnlyDatabase(Datasette([]), db).connect()) as connection:
        yield connection


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM users",
        "UPDATE users SET name = 'x'",
        "INSERT INTO forgotten VALUES ('x', 'y')",
        "CREATE TABLE mine (x)",
        "CREATE TEMP TABLE mine (x)",
        "DROP TABLE users",
        "ATTACH ':memory:' AS other",
        "BEGIN",
    ],
)
def test_sqlite_itself_refuses_to_write_or_to_open_another_file(connection, statement):
    with pytest.raises(sqlite3.DatabaseError, match="not authorized"):
        connection.execute(statement)


def test_without_the_authorizer_the_file_is_still_open_for_reading_only(connection):
    connection.set_authorizer(None)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM users")
    connection.execute("PRAGMA query_only = OFF")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM users")


def test_a_connection_for_writing_is_refused(db):
    with pytest.raises(sqlite3.OperationalError, match="reading only"):
        ReadOnlyDatabase(Datasette([]), db).connect(write=True)
