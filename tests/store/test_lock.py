"""One writer at a time, whichever way the database is named."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from crawler.clock import utc_now
from crawler.errors import AlreadyRunning, InputError
from crawler.store.database import open_database
from crawler.store.lock import hold
from crawler.store.other_processes import age_seconds, elapsed_seconds
from crawler.store.runs import start_run

HOLDER = """
import sys
from contextlib import closing
from pathlib import Path
from crawler.clock import utc_now
from crawler.store.lock import hold
from crawler.store.database import open_database
from crawler.store.runs import start_run

path = Path(sys.argv[1])
with hold(path):
    with closing(open_database(path)) as db:
        with db.atomic():
            start_run(db.conn, "test", utc_now)
        print("holding", flush=True)
        sys.stdin.read()
"""


@pytest.fixture
def db_path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "creators.db"


@pytest.fixture
def holder(db_path: Path):
    """Another process that holds the lock, as a run in progress does."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(db_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "holding\n"
        yield process
        process.kill()


def test_a_second_process_is_refused_at_once_and_told_which_one_is_running(db_path, holder):
    with pytest.raises(AlreadyRunning, match=f"process {holder.pid}, since 20"), hold(db_path):
        pytest.fail("two processes hold the lock")


def test_a_run_that_is_refused_ends_with_the_code_for_try_again():
    assert AlreadyRunning.exit_code == 75


def test_a_lock_left_behind_by_a_killed_process_is_no_obstacle(db_path, holder):
    holder.kill()
    holder.wait()
    assert db_path.with_name("creators.db.lock").exists()
    with hold(db_path):
        pass


def test_readers_are_not_blocked(db_path, holder):
    with closing(open_database(db_path)) as reader:
        assert reader.execute("SELECT count(*) FROM runs").fetchone() == (1,)


def test_a_symbolic_link_leads_to_the_same_lock(db_path, holder, tmp_path):
    link = tmp_path / "elsewhere.db"
    link.symlink_to(db_path)
    with pytest.raises(AlreadyRunning), hold(link):
        pytest.fail("two processes hold the lock")


def test_a_relative_path_leads_to_the_same_lock(db_path, holder, monkeypatch):
    monkeypatch.chdir(db_path.parent)
    with pytest.raises(AlreadyRunning), hold(Path("creators.db")):
        pytest.fail("two processes hold the lock")


def test_a_holder_that_is_no_run_is_told_apart(db_path):
    with hold(db_path), pytest.raises(AlreadyRunning, match="another command"), hold(db_path):
        pytest.fail("the lock was given twice")


def test_the_lock_is_free_again_after_an_error(db_path):
    with pytest.raises(KeyError), hold(db_path):
        raise KeyError
    with hold(db_path):
        pass


def test_databases_do_not_share_a_lock(db_path):
    with hold(db_path), hold(db_path.with_name("demo.db")):
        pass


def test_a_run_can_start_where_there_is_no_folder_yet(db_path):
    with hold(db_path), closing(open_database(db_path)) as db, db.atomic():
        assert start_run(db.conn, "test", utc_now) == 1


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "creators.db"
    with pytest.raises(InputError, match="cannot make the folder"), hold(path):
        pytest.fail("locked inside a file")


def test_a_run_whose_lock_file_was_deleted_still_has_the_database(db_path, holder):
    db_path.with_name("creators.db.lock").unlink()
    with pytest.raises(AlreadyRunning, match=f"process {holder.pid}, since 20"), hold(db_path):
        pytest.fail("two processes write the database")


def test_a_run_that_was_killed_is_no_obstacle_while_its_parent_has_not_asked(db_path, holder):
    holder.kill()
    while (age := age_seconds(holder.pid)) is not None:
        assert age < 60
    with hold(db_path):
        pass


def test_another_process_that_got_the_number_of_a_dead_run_is_no_obstacle(db_path):
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as younger:
        db = open_database(db_path)
        with db.atomic():
            start_run(db.conn, "test", lambda: utc_now() - timedelta(hours=1))
            db.conn.execute("UPDATE runs SET pid = ?", (younger.pid,))
        db.close()
        with hold(db_path):
            pass
        younger.communicate(b"\n")


def test_a_run_of_another_machine_is_no_obstacle(db_path, holder):
    """Its number says nothing here."""
    holder.kill()
    holder.wait()
    db = open_database(db_path)
    db.conn.execute("UPDATE runs SET host = 'elsewhere', pid = 1")
    db.close()
    with hold(db_path):
        pass


def test_a_database_under_two_names_is_refused_under_both(db_path):
    open_database(db_path).close()
    other = db_path.with_name("other.db")
    other.hardlink_to(db_path)
    for path in (db_path, other):
        with pytest.raises(InputError, match="second name"), hold(path):
            pytest.fail("two names, two journals")
    other.unlink()
    with hold(db_path):
        pass


@pytest.mark.parametrize("name", ["", "."])
def test_a_folder_is_no_database_and_gets_no_lock_file(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="is not a file"), hold(Path(name)):
        pytest.fail("locked a folder")
    assert not Path(f"{tmp_path}.lock").exists()


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("S     00:05\n", 5.0), ("Ss    01:05\n", 65.0), ("R+ 02:01:05\n", 7265.0),
        ("S 3-02:01:05\n", 266465.0),
        ("Z     00:05\n", None), ("", None),
    ],
)  # fmt: skip
def test_the_age_of_a_process_as_ps_tells_it(told, seconds):
    assert elapsed_seconds(told) == seconds
