from __future__ import annotations

import signal
import socket
import subprocess
import sys

import pytest
from click.testing import CliRunner

from crawler.cli.browse import browse
from crawler.errors import InputError
from tests.analysis.browse.conftest import Browser


def run(*arguments):
    command = [str(argument) for argument in arguments]
    return CliRunner().invoke(browse, command, catch_exceptions=False, standalone_mode=False)


def test_ctrl_c_ends_it_without_a_word_of_python(db):
    browser = Browser.start(db)
    assert browser.get(".json")[0] == 200
    assert browser.get("/nothing.json")[0] == 404
    code, said = browser.stop(signal.SIGINT)
    assert code == 0
    assert said == "Read-only, for this machine only. Ctrl-C stops it.\n"


def test_titles_are_in_the_readers_language(db):
    browser = Browser.start(db, lang="zh_CN.UTF-8")
    page = browser.get("/users")[1]
    browser.stop()
    assert "达人，每人一行" in page
    assert "空表示未知" in page


def test_questions_of_ones_own_are_stored_too(db, tmp_path):
    (tmp_path / "mine.sql").write_text(
        "-- title: My own\nSELECT count(*) AS number FROM users", encoding="utf-8"
    )
    browser = Browser.start(db, "--questions", str(tmp_path))
    rows = browser.json("/mine.json?_shape=array")
    browser.stop()
    assert rows == [{"number": 40}]


def test_a_port_in_use_is_named(db):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "crawler", "browse", "--db", str(db), "--port", str(port)]
        result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 2
    assert result.stderr.startswith(f"crawler: port {port} is in use")


def test_a_missing_database_is_named(tmp_path):
    with pytest.raises(InputError, match="there is no database"):
        run("--db", tmp_path / "none.db")


@pytest.mark.parametrize("package", ["datasette", "uvicorn"])
def test_a_missing_datasette_is_named_with_its_extra_before_any_address(without, db, package):
    ended = without(package, "browse", "--db", db, "--port", "0")
    assert ended.returncode == 2
    assert "pip install 'creator-crawler[browse]'" in ended.stderr
    assert ended.stdout == ""
