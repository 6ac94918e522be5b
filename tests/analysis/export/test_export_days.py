"""A folder of Parquet files by day that many machines fill together."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import duckdb
import pytest

from crawler.analysis.export import Options, export
from crawler.analysis.filters import Filters
from crawler.errors import InputError
from tests.filled import fill

BY_DAY = ("--partition-by", "day")


def _by_day(folder):
    """Creators by day as DuckDB reads the folder as one table."""
    table = f"read_parquet('{folder}/*/*.parquet', hive_partitioning = true)"
    return dict(duckdb.sql(f"SELECT day::VARCHAR, count(*) FROM {table} GROUP BY day").fetchall())


def _named_later(folder):
    query = f"SELECT count(*) FROM '{folder}/*/*.parquet' WHERE name = 'later'"
    return duckdb.sql(query).fetchall()[0][0]


def _change(db, statement):
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(statement)


def _another_machine(path):
    fill(path)
    _change(path, "UPDATE runs SET host = 'another'")
    return path


@pytest.fixture
def folder(out):
    """Where the files by day are to be."""
    return out / "history.parquet"


def test_duckdb_reads_creators_by_the_day_in_shanghai_on_which_they_were_first_seen(run, folder):
    run(folder, *BY_DAY)
    assert _by_day(folder) == {"2026-11-02": 38, "2026-11-04": 2}


def test_another_export_replaces_the_files_and_doubles_nothing(run, db, folder):
    run(folder, *BY_DAY)
    _change(db, "UPDATE users SET name = 'later'")
    run(folder, *BY_DAY)
    assert _by_day(folder) == {"2026-11-02": 38, "2026-11-04": 2}
    assert _named_later(folder) == 40


def test_many_machines_fill_one_folder(run, folder, tmp_path):
    run(folder, *BY_DAY)
    run(folder, *BY_DAY, "--db", _another_machine(tmp_path / "another.db"))
    assert _by_day(folder) == {"2026-11-02": 76, "2026-11-04": 4}


def test_a_database_keeps_its_file_names_when_it_is_moved(run, db, folder):
    run(folder, *BY_DAY)
    moved = db.rename(db.parent / "moved.db")
    run(folder, *BY_DAY, "--db", moved)
    assert _by_day(folder) == {"2026-11-02": 38, "2026-11-04": 2}


def test_a_day_that_has_lost_its_creators_loses_its_file(run, db, folder):
    run(folder, *BY_DAY)
    _change(db, "DELETE FROM users WHERE first_seen_at > '2026-11-03'")
    run(folder, *BY_DAY)
    assert _by_day(folder) == {"2026-11-02": 38}
    assert [path.name for path in folder.iterdir()] == ["day=2026-11-02"]


def test_files_of_others_are_left_alone(run, db, folder, tmp_path):
    run(folder, *BY_DAY, "--db", _another_machine(tmp_path / "another.db"))
    _change(db, "DELETE FROM users WHERE first_seen_at > '2026-11-03'")
    run(folder, *BY_DAY)
    assert _by_day(folder) == {"2026-11-02": 76, "2026-11-04": 2}


def test_since_leaves_earlier_days_alone_and_writes_its_own_day_whole(run, db, folder):
    run(folder, *BY_DAY)
    _change(db, "UPDATE users SET name = 'later'")
    result = run(folder, *BY_DAY, "--since", "2026-11-03T18:30:10Z")  # between the two of that day
    assert "2 creators" in result.stderr
    assert _by_day(folder) == {"2026-11-02": 38, "2026-11-04": 2}
    assert _named_later(folder) == 2


def test_a_limit_would_leave_days_in_part_and_is_refused(run, folder):
    with pytest.raises(InputError, match="--limit cannot be used with --partition-by"):
        run(folder, *BY_DAY, "--limit", 5)
    assert not folder.exists()


def test_a_file_is_not_taken_for_a_folder(run, folder):
    folder.write_bytes(b"a file")
    with pytest.raises(InputError, match="is a file"):
        run(folder, *BY_DAY)
    assert folder.read_bytes() == b"a file"


def test_a_missing_folder_above_is_named(run, out):
    with pytest.raises(InputError, match=r"there is no folder .*missing"):
        run(out / "missing" / "history.parquet", *BY_DAY)


def test_an_export_that_is_broken_off_leaves_every_day_as_it_was(db, run, folder):
    run(folder, *BY_DAY)
    _change(db, "UPDATE users SET name = 'later'")

    def press_ctrl_c(_creators, _total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(db, folder, Filters(), Options(by_day=True), press_ctrl_c)
    assert _by_day(folder) == {"2026-11-02": 38, "2026-11-04": 2}
    assert _named_later(folder) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["day=2026-11-02", "day=2026-11-04"]
