"""Whatever is typed, piped in or found on the disk: an answer in words, never a traceback."""

from __future__ import annotations

import os
import random
import resource
import shutil
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import click
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from crawler.cli import COMMANDS, EXIT_CRASHED, command_line, main
from tests import forked

LOOP, LONG, BYTES = "loop", "长" * 300, os.fsdecode(b"a\xff\xfeb")
HOSTILE = (
    "", " ", "-", "--", ".", "/", "..", LOOP, f"{LOOP}/x.db", LONG, f"{LONG}/x.csv", BYTES, f"{BYTES}.csv",
    "99999999999999999999", "-99999999999999999999", "1e999", "nan", "-1", "0", "9" * 5000, "\u202e\x1b[2J",
    "💥" * 1000, "http://[", "http://\udcff/", "a=b=c", "1-", "%s%d%(x)s",
    "'; DROP TABLE users; --",
    "SELECT \udcff", "SELECT 99999999999999999999", "0001-01-01", "9999-12-31", "1/0s",
    "damaged.db", "empty.db", "text.db", "/dev/null", "/dev/full",
)  # fmt: skip
GIVEN = {
    "run": ["list.txt", "--max-calls", "0", "--base-url", "http://127.0.0.1:9"],
    "status": [],
    "verify": [],
    "query": ["new"],
    "search": ["amy"],
    "export": ["out.csv"],
    "report": ["out.html"],
    "browse": ["--port", "{taken}"],
    "forget": ["26814156493", "--yes"],
    "prune": ["--older-than", "1d"],
    "replay": [],
    "plan": ["list.txt"],
    "schedule": ["--cron", "--"],
    "doctor": ["list.txt", "--base-url", "http://127.0.0.1:9"],
    "coverage": [],
    "suggest": [],
    "split": ["list.txt", "2"],
    "merge": ["creators.db", "-o", "all.db"],
    "backup": ["copy.db"],
    "restore": ["creators.db", "--yes"],
    "init": ["project"],
    "config": [],
    "demo": ["--db", "text.db"],
    "simulate": ["--port", "{taken}"],
}
"""For each command arguments with which it ends at once."""

WITHOUT_DB = ("demo", "simulate", "init", "config", "schedule", "split", "merge")


def damage(path: Path, seed: int) -> None:
    """Overwrites a third of the file's pages behind the first with noise."""
    content, noise = bytearray(path.read_bytes()), random.Random(seed)
    for start in range(8192, len(content), 8192):
        if noise.random() < 0.34:
            content[start : start + 4096] = noise.randbytes(4096)
    path.write_bytes(content)


@pytest.fixture(scope="module")
def room(three_nights, tmp_path_factory):
    """A folder with a database and with what is none, and a port that is taken."""
    folder = tmp_path_factory.mktemp("room")
    shutil.copy(three_nights, folder / "creators.db")
    damage(Path(shutil.copy(three_nights, folder / "damaged.db")), 1)
    (folder / "empty.db").touch()
    (folder / "text.db").write_text("not a database", encoding="utf-8")
    (folder / "list.txt").write_text("穿搭\n", encoding="utf-8")
    (folder / LOOP).symlink_to(LOOP)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        before = os.getcwd()
        os.chdir(folder)
        yield str(taken.getsockname()[1])
        os.chdir(before)


def base(command: str, taken: str) -> list[str]:
    db = [] if command in WITHOUT_DB else ["--db", "creators.db"]
    return [command, *(text.format(taken=taken) for text in GIVEN[command]), *db]


def options(command: str) -> list[str]:
    """The options of a command that take a value; what would start a demo or a server is held back."""
    group = command_line()
    found = group.get_command(click.Context(group), command).params
    return [
        param.opts[0]
        for param in found
        if isinstance(param, click.Option)
        and not param.is_flag
        and not param.count
        and param.opts[0] != "--port"
    ]


CASES = [
    (command, option) for command in COMMANDS for option in [None, *options(command)] if command != "demo"
]


@settings(deadline=None, max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(CASES), st.sampled_from(HOSTILE) | st.text(max_size=20))
@example(case=("split", "-o"), value=LOOP)
@example(case=("merge", None), value=LOOP)
@example(case=("run", "--token-file"), value="/dev/full")
def test_no_argument_makes_a_traceback(room, capsys, monkeypatch, case, value):
    command, option = case
    monkeypatch.setenv("JUSTONEAPI_TOKEN", "test-token")
    added = [value] if option is None else [option, value]
    if "\0" in value:
        return  # no argument of a process can hold one
    with pytest.raises(SystemExit) as ended:
        main([*base(command, room), *added])
    said = capsys.readouterr()
    assert ended.value.code != EXIT_CRASHED, said.err
    assert "Traceback" not in said.err + said.out


@pytest.mark.parametrize(
    "db", ["", ".", LOOP, f"{LOOP}/x.db", LONG, f"{LONG}/x.db", "text.db", "text.db/x.db", "/dev/null"]
)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_database_that_cannot_be_one_is_refused_in_words(room, capsys, monkeypatch, command, db):
    if command in ("simulate", "init", "config", "schedule", "split", "merge"):
        return  # these open none
    monkeypatch.setenv("JUSTONEAPI_TOKEN", "test-token")
    with pytest.raises(SystemExit) as ended:
        main([*base(command, room), "--db", db])
    said = capsys.readouterr().err
    if command == "plan" and db == "text.db/x.db":
        assert not ended.value.code  # there is no database there: a plan needs none
    else:
        assert ended.value.code in (2, 74, 75), said
    assert "Traceback" not in said
    assert not Path(f"{Path.cwd()}.lock").exists()


def crawler(*arguments, folder, **options):
    """How a command ends in a process of its own."""
    environment = {**os.environ, "JUSTONEAPI_TOKEN": "t", "LANGUAGE": "en", "PYTHONWARNINGS": "error"}
    command = [sys.executable, "-m", "crawler", *map(str, arguments)]
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        timeout=60,
        **options,
    )


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("arguments", [(), ("--json",), ("--help",)])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_standard_output_is_told_in_words(db, command, arguments):
    if arguments == ("--json",) and command not in ("status", "verify", "query", "search", "prune", "run"):
        return
    folder = db.parent
    (folder / "list.txt").write_text("穿搭\n", encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as taken, open("/dev/full", "wb") as full:
        given = base(command, str(taken.getsockname()[1]))
        variables = {**os.environ, "JUSTONEAPI_TOKEN": "t", "LANGUAGE": "en", "PYTHONWARNINGS": "error"}
        done = forked.run([*map(str, (*given, *arguments))], folder, variables, stdout=full.fileno())
    said = done.stderr
    assert "Traceback" not in said
    assert "defect" not in said
    assert done.returncode != 120  # the interpreter stumbled at its end
    if "--help" in arguments or command in ("status", "query", "search", "verify", "prune"):
        assert (done.returncode, said) == (
            74,
            "crawler: the output cannot be written: No space left on device\n",
        )


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    "arguments",
    [
        ("status",), ("status", "--json"), ("verify",), ("query", "new"), ("query", "top", "--csv"),
        ("query", "SELECT * FROM sightings", "--json"), ("search", "amy"), ("search", "穿"),
        ("export", "a.csv"), ("export", "a.db"), ("export", "a.jsonl.gz"), ("report",),
        ("forget", "26814156493", "--yes"),
        ("prune", "--older-than", "1d"), ("verify", "--mend"), ("run", "list.txt", "--max-calls", "0"),
    ],
)  # fmt: skip
def test_a_damaged_database_is_told_in_words(db, monkeypatch, capsys, arguments, seed):
    damage(db, seed)
    monkeypatch.chdir(db.parent)
    monkeypatch.setenv("JUSTONEAPI_TOKEN", "test-token")
    Path("list.txt").write_text("穿搭\n", encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--db", str(db)])
    said = capsys.readouterr().err
    assert (ended.value.code or 0) in (0, 1, 2, 75), said
    assert "Traceback" not in said


@pytest.mark.parametrize("cut", [1, 16, 100, 4096, 8192, 50_000])
@pytest.mark.parametrize("command", ["status", "search", "export", "query", "verify", "run", "forget"])
def test_a_database_that_was_cut_off_is_told_in_words(db, monkeypatch, capsys, command, cut):
    db.write_bytes(db.read_bytes()[:cut])
    monkeypatch.chdir(db.parent)
    monkeypatch.setenv("JUSTONEAPI_TOKEN", "test-token")
    Path("list.txt").write_text("穿搭\n", encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        main([command, *GIVEN[command], "--db", str(db)])
    said = capsys.readouterr().err
    assert ended.value.code in (1, 2, 75), said
    assert "Traceback" not in said


@pytest.mark.skipif(shutil.which("setpriv") is None and os.geteuid() == 0, reason="root may do everything")
@pytest.mark.parametrize("closed", ["folder", "file"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("status", "--db", "closed/creators.db"), ("query", "new", "--db", "closed/creators.db"),
        ("verify", "--db", "closed/creators.db"), ("forget", "x", "--yes", "--db", "closed/creators.db"),
        ("prune", "--older-than", "1d", "--db", "closed/creators.db"),
        ("run", "list.txt", "--db", "closed/creators.db"),
        ("run", "closed"), ("run", "closed/creators.db"), ("export", "closed/a.csv"),
        ("report", "closed/a.html"),
        ("export", "a.csv", "--db", "closed/creators.db"), ("search", "x", "--db", "closed/creators.db"),
        ("query", "new", "--questions", "closed"), ("demo", "--db", "closed/demo.db"),
        ("run", "list.txt", "--config", "closed/creators.db"), ("init", "closed"),
        ("backup", "closed/a.db"), ("backup", "--db", "closed/creators.db"),
        ("restore", "closed/creators.db", "--yes"),
        ("restore", "data/creators.db", "--yes", "--db", "closed/creators.db"),
        ("run", "list.txt", "--token-file", "closed/creators.db"), ("browse", "--db", "closed/creators.db"),
    ],
)  # fmt: skip
def test_what_may_not_be_opened_is_told_in_words(db, arguments, closed):
    folder = db.parent
    (folder / "data").mkdir()
    (folder / "closed").mkdir()
    (folder / "list.txt").write_text("穿搭\n", encoding="utf-8")
    shutil.copy(db, folder / "data" / "creators.db")
    inside = Path(shutil.copy(db, folder / "closed" / "creators.db"))
    (inside if closed == "file" else folder / "closed").chmod(0)
    if closed == "file" and not any("closed/creators.db" in argument for argument in arguments):
        return
    # Root without its privileges is like anybody else before a file of its own.
    without = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*without, sys.executable, "-m", "crawler", *arguments], cwd=folder, capture_output=True, text=True,
        env={**os.environ, "JUSTONEAPI_TOKEN": "t", "LANGUAGE": "en"}, stdin=subprocess.DEVNULL, timeout=60,
    )  # fmt: skip
    (folder / "closed").chmod(0o700)
    assert "Traceback" not in done.stderr
    assert done.returncode in (2, 74, 75, 77), done.stderr
    assert any(said in done.stderr for said in ("ermission denied", "not readable", "not writable")), (
        done.stderr
    )


@pytest.mark.parametrize(
    "content",
    [
        b"JUSTONEAPI_TOKEN=a\0b\n",
        b"CRAWLER_DB=\0\n",
        b"\0\0\0",
        b"CRAWLER_\0=1\n",
        b"\xff\xfe=1\n",
        b"CRAWLER_DB=\xff",
    ],
)
def test_an_env_file_of_any_bytes_is_told_in_words(tmp_path, content):
    (tmp_path / ".env").write_bytes(content)
    done = crawler("status", folder=tmp_path, stdout=subprocess.PIPE)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


def test_bytes_that_are_no_text_are_refused_as_sql_and_read_as_names(db):
    folder = db.parent
    named = folder / os.fsdecode(b"\xffx.db")
    shutil.copy(db, named)
    assert crawler("status", "--db", named, folder=folder, stdout=subprocess.PIPE).returncode == 0
    assert crawler("query", os.fsdecode(b"SELECT '\xff'"), "--db", db, folder=folder).returncode == 2
    command = [sys.executable, "-m", "crawler", "query", "-", "--db", db]
    done = subprocess.run(command, input=b"SELECT '\xff'", capture_output=True, cwd=folder)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


def test_a_process_without_memory_says_so(db):
    sql = "SELECT group_concat(hex(zeroblob(20000000))) FROM users"

    def little() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))

    done = crawler("query", sql, "--db", db, folder=db.parent, stdout=subprocess.PIPE, preexec_fn=little)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("status", "--db", "DB"), 0),
        (("config",), 0),
        (("query", "top", "--db", "DB"), 0),
        (("verify", "--db", "DB"), 0),
        (("verify", "--db", "BAD"), 1),
        (("doctor", "--db", "DB", "--base-url", "http://127.0.0.1:1"), 2),
        (("forget", "nobody", "--yes", "--db", "BAD"), 1),
        (("backup", "--db", "DB"), 74),
    ],
)
def test_where_the_reader_has_gone_the_exit_code_means_what_it_does_elsewhere(db, tmp_path, arguments, code):
    bad = tmp_path / "bad.db"
    shutil.copy(db, bad)
    with closing(sqlite3.connect(bad)) as connection, connection:
        connection.execute("DELETE FROM pages")
    given = [{"DB": db, "BAD": bad}.get(each, each) for each in arguments]
    reader, writer = os.pipe()
    os.close(reader)
    done = crawler(*given, folder=tmp_path, stdout=writer)
    os.close(writer)
    assert done.returncode == code, done.stderr
    assert b"Traceback" not in done.stderr
