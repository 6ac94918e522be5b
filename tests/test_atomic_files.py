"""What helps with files and their names."""

import os
import sqlite3
from contextlib import closing

import pytest

from crawler.atomic_files import database_uri


@pytest.mark.parametrize(
    "name", ["a.db", "a b?mode=rwc.db", "50%41#x.db", "达人.db", "a&b=c'd\".db", os.fsdecode(b"\xff\xfe.db")]
)
def test_a_database_is_found_under_its_address_whatever_its_name(tmp_path, name):
    path = tmp_path / name
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE there (x)")
    with closing(sqlite3.connect(database_uri(path, "mode=ro"), uri=True)) as connection:
        assert connection.execute("SELECT name FROM sqlite_schema").fetchall() == [("there",)]
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("DROP TABLE there")
