"""Where files land, and that no half one is ever found."""

from __future__ import annotations

import os
import shlex
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing

import duckdb
import pytest

from crawler.analysis.export import Options, export
from crawler.analysis.filters import Filters
from crawler.atomic_files import temporary_folder
from crawler.errors import InputError, StoreError
from crawler.store.database import open_database

FORMATS = ["csv", "xlsx", "jsonl", "parquet", "db"]


def test_an_unknown_ending_is_refused_with_the_endings_there_are(run, out):
    with pytest.raises(InputError, match="the name of an export ends with") as caught:
        run(out / "a.pdf")
    assert all(f".{ending}" in str(caught.value) for ending in FORMATS)
    assert caught.value.exit_code == 2
    assert list(out.iterdir()) == []


def test_an_ending_may_be_in_capitals(run, out):
    run(out / "A.CSV")
    assert (out / "A.CSV").read_bytes().startswith(b"\xef\xbb\xbf")


def test_options_that_do_not_go_with_the_format_are_refused(run, out):
    with pytest.raises(InputError, match="--plain is for CSV"):
        run(out / "a.xlsx", "--plain")
    with pytest.raises(InputError, match="folder of Parquet files"):
        run(out / "a.csv", "--partition-by", "day")


def test_a_missing_database_is_named(run, out):
    with pytest.raises(InputError, match="there is no database at"):
        run(out / "a.csv", "--db", out / "none.db")


@pytest.mark.parametrize("link", [os.symlink, os.link, None])
def test_the_database_itself_is_never_replaced(run, db, out, link):
    before = db.read_bytes()
    target = db
    if link is not None:
        target = out / "link.db"
        link(db, target)
    with pytest.raises(InputError, match="is the database itself"):
        run(target)
    assert db.read_bytes() == before


def test_a_missing_folder_is_named(run, out):
    with pytest.raises(InputError, match=r"there is no folder .*missing"):
        run(out / "missing" / "a.csv")


def test_a_folder_is_not_replaced(run, out):
    (out / "a.csv").mkdir()
    with pytest.raises(InputError, match="is not a file"):
        run(out / "a.csv")


@pytest.mark.parametrize("ending", FORMATS)
def test_a_file_is_replaced_and_keeps_its_permissions(run, out, ending):
    target = out / f"a.{ending}"
    target.write_bytes(b"old")
    target.chmod(0o600)
    result = run(target)
    assert "replacing the old file" in result.stderr
    assert target.read_bytes() != b"old"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert list(out.iterdir()) == [target]


def test_a_symbolic_link_goes_on_pointing_to_the_file(run, out):
    (out / "link.csv").symlink_to(out / "real.csv")
    run(out / "link.csv")
    assert (out / "link.csv").is_symlink()
    assert (out / "real.csv").is_file()


@pytest.mark.parametrize("ending", FORMATS)
def test_an_export_that_is_broken_off_leaves_the_old_file_and_nothing_else(db, out, ending):
    target = out / f"a.{ending}"
    target.write_bytes(b"old")

    def press_ctrl_c(_creators, _total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(db, target, Filters(), progress=press_ctrl_c)
    assert target.read_bytes() == b"old"
    assert list(out.iterdir()) == [target]


@pytest.mark.skipif(os.name == "nt", reason="needs a limit on the size of files")
@pytest.mark.parametrize("ending", FORMATS)
def test_a_full_disk_is_an_error_of_one_line_and_leaves_nothing(db, out, ending):
    """A process that may write 2 KB to a file meets what a full disk is: writes that fail half way."""
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048));"
        "from crawler.errors import StoreError; from crawler.cli.export import export\n"
        "try:\n    export.main(sys.argv[1:], standalone_mode=False)\n"
        "except StoreError as exc:\n    print(exc); sys.exit(exc.exit_code)"
    )
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")  # or reading would need files of its own
    target = out / f"a.{ending}"
    done = subprocess.run(
        [sys.executable, "-c", code, "--db", db, target], capture_output=True, text=True, check=False
    )
    assert done.returncode == 75, done.stderr
    assert str(target) in done.stdout
    assert "Traceback" not in done.stderr
    assert list(out.iterdir()) == []


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_an_unwritable_folder_is_named(run, out):
    out.chmod(0o500)
    with pytest.raises(StoreError, match="cannot write"):
        run(out / "a.csv")


def killed(db, target, signal_name):
    """How an export ended that was sent a signal while it wrote its file."""
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute(_MANY, {"last": 200_000})
    command = [sys.executable, "-m", "crawler", "export", "--db", db, target]
    with subprocess.Popen(command) as process:
        # `os.walk` passes over a folder that is renamed just then.
        while not any(files for _, _, files in os.walk(target.parent)) and process.poll() is None:
            time.sleep(0.001)
        process.send_signal(getattr(signal, signal_name))
    return process.returncode


@pytest.mark.skipif(os.name == "nt", reason="signals end a process otherwise there")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGQUIT"])
def test_a_signal_leaves_no_temporary_file(db, out, name):
    assert killed(db, out / "a.csv", name) == 128 + getattr(signal, name)
    assert list(out.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="there is no such signal")
def test_what_a_killed_export_left_goes_with_the_next_and_what_another_is_writing_stays(db, run, out):
    assert killed(db, out / "a.csv", "SIGKILL") == -signal.SIGKILL
    (left,) = out.iterdir()
    with temporary_folder(out) as others:
        (others / "file").write_text("half")
        assert not left.exists()
        run(out / "b.csv")
        assert (others / "file").read_text() == "half"
    assert [path.name for path in out.iterdir()] == ["b.csv"]


@pytest.mark.parametrize(
    ("ending", "package", "extra"), [("xlsx", "xlsxwriter", "excel"), ("parquet", "pyarrow", "parquet")]
)
def test_a_missing_extra_is_named_with_the_command_that_installs_it(without, db, out, ending, package, extra):
    ended = without(package, "export", out / f"a.{ending}", "--db", db)
    assert ended.returncode == 2
    assert f"pip install 'creator-crawler[{extra}]'" in ended.stderr
    assert list(out.iterdir()) == []


_MANY = """
WITH RECURSIVE number(n) AS (SELECT 1000 UNION ALL SELECT n + 1 FROM number WHERE n < :last)
INSERT INTO users (key, id, name, first_seen_at, written_at, first_run_id, written_run_id)
SELECT n, n, 'before', '2026-11-01T18:30:00.000Z', '2026-11-01T18:30:00.000Z', 1, 1 FROM number
"""


def test_rows_are_of_one_moment_while_a_run_goes_on(db, out):
    with closing(open_database(db)) as writer:
        writer.conn.execute(_MANY, {"last": 3000})
        heard = []

        def write_meanwhile(creators, _total):
            heard.append(creators)
            writer.conn.execute("UPDATE users SET name = 'later'")

        export(db, out / "a.csv", Filters(), progress=write_meanwhile)
    assert heard[0] < heard[-1]
    assert b"later" not in (out / "a.csv").read_bytes()


def test_progress_hears_of_every_creator_and_how_many_there_are(db, out):
    heard = []
    export(db, out / "a.csv", Filters(limit=5), Options(), lambda *now: heard.append(now))
    assert heard[-1] == (5, 5)


def test_nothing_goes_to_standard_output(run, out):
    result = run(out / "a.csv")
    assert result.stdout == ""
    assert "40 creators to" in result.stderr
    assert "next: " in result.stderr


def test_a_file_without_creators_has_no_next_command(run, out):
    assert run(out / "a.csv", "--keyword", "nobody").stderr == f"no creator matches: {out}/a.csv is empty\n"


@pytest.mark.parametrize(
    ("name", "options"),
    [("a.csv", ["--plain"]), ("a.jsonl", []), ("a.jsonl.gz", []), ("a.parquet", []),
     ("days.parquet", ["--partition-by", "day"])],
)  # fmt: skip
def test_the_next_command_is_one_that_duckdb_understands(run, out, name, options):
    result = run(out / name, *options)
    statement = result.stderr.partition('duckdb -c "')[2].rpartition('"')[0]
    assert duckdb.sql(statement).fetchall()


def test_the_next_command_reads_a_database_with_crawler_query(run, out):
    result = run(out / "a.db")
    arguments = shlex.split(result.stderr.rpartition(" crawler ")[2])
    done = subprocess.run([sys.executable, "-m", "crawler", *arguments], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "amy穿搭" in done.stdout.decode()
