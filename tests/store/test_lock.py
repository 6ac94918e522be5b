"""One writer at a time, whichever way the database is named."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from crawler.clock import utc_now
from crawler.errors import AlreadyRunning, InputError
from crawler.store.database import open_database
from crawler.store.lock import hold
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
