"""Files that are no database of this crawler: looked at, refused, and left as they were."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from crawler.errors import InputError
from crawler.store.database import open_database
from crawler.store.readonly import open_readonly


@pytest.fixture
def foreign(tmp_path):
    """Makes a database of another program in a journal mode of its choice."""

    def make(mode, page_size=4096, name="notes.db"):
        path = tmp_path / name
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"PRAGMA page_size = {page_size}")
            connection.execute(f"PRAGMA journal_mode = {mode}")
            connection.execute("CREATE TABLE notes (text)")
            connection.execute("INSERT INTO notes VALUES ('mine')")
            connection.commit()
        return path

    return make


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("mode", ["DELETE", "WAL", "TRUNCATE"])
@pytest.mark.parametrize("opened", [open_database, open_readonly])
def test_a_database_of_another_program_is_refused_and_no_byte_of_it_is_changed(
    foreign, mode, opened, tmp_path
):
    path = foreign(mode)
    before = contents(tmp_path)
    with pytest.raises(InputError, match="database of another program"):
        opened(path)
    assert contents(tmp_path) == before


def test_one_that_its_program_has_open_is_refused_too(foreign, tmp_path):
    path = foreign("WAL")
    with closing(sqlite3.connect(path)) as theirs:
        theirs.execute("CREATE TABLE more (text)")
        before = path.read_bytes()
        with pytest.raises(InputError, match="database of another program"):
            open_database(path)
        assert path.read_bytes() == before
        assert theirs.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize("content", [b"notes", b"SQLite format 3" + b"x" * 1000, b"\0" * 4096])
def test_a_file_that_is_no_database_is_refused_and_not_changed(tmp_path, content):
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    for opened in (open_database, open_readonly):
        with pytest.raises(InputError, match="is not a"):
            opened(path)
    assert contents(tmp_path) == {"notes.txt": content}


def test_an_empty_file_becomes_a_database(tmp_path):
    path = tmp_path / "new.db"
    path.touch()
    open_database(path).close()
    open_readonly(path).close()


def test_a_folder_is_called_a_folder(tmp_path):
    with pytest.raises(InputError, match="is not a file"):
        open_readonly(tmp_path)
    with pytest.raises(InputError, match="is not a file"):
        open_database(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0 and shutil.which("setpriv") is None, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_named_as_what_it_is(three_nights, tmp_path):
    folder = tmp_path / "readonly"
    folder.mkdir()
    shutil.copy(three_nights, folder / "creators.db")
    folder.chmod(0o500)
    without = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"] if os.geteuid() == 0 else []
    command = [*without, sys.executable, "-m", "crawler", "status", "--db", folder / "creators.db"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LANGUAGE": "en"})
    folder.chmod(0o700)
    assert done.returncode == 2
    assert "reading it needs a folder that can be written" in done.stderr
    assert "not a database" not in done.stderr


@pytest.mark.skipif(os.geteuid() == 0 and shutil.which("setpriv") is None, reason="root may write everywhere")
@pytest.mark.parametrize(
    ("file", "told"),
    [("creators.db", "attempt to write a readonly database"), ("creators.db.lock", "creators.db.lock: Perm")],
)
def test_where_the_right_to_write_is_missing_the_same_command_is_not_to_be_tried_again_and_doctor_says_so(
    three_nights, tmp_path, file, told
):
    shutil.copy(three_nights, tmp_path / "creators.db")
    (tmp_path / "creators.db.lock").touch()
    (tmp_path / file).chmod(0o400)
    without = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"] if os.geteuid() == 0 else []
    environment = {**os.environ, "LANGUAGE": "en"}

    def call(*command):
        whole = [*without, sys.executable, "-m", "crawler", *command, "--db", "creators.db"]
        return subprocess.run(whole, capture_output=True, text=True, cwd=tmp_path, env=environment)

    done = call("prune", "--older-than", "1d")
    assert (done.returncode, told in done.stderr) == (74, True), done.stderr
    assert f"{file} cannot be written" in call("doctor", "--base-url", "http://127.0.0.1:1").stdout
