"""Databases of every version that landed: brought up to date by whoever opens them first, and crawled on."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

import crawler as crawler_package
from crawler.errors import InputError, StoreError
from crawler.reasons import ReasonCode, read_reason
from crawler.simulator import Simulator, SimulatorSettings
from crawler.store import upgrade
from crawler.store.copy import check_room, is_backup
from crawler.store.database import open_database
from crawler.store.lock import hold
from crawler.store.migrations import migrations
from crawler.store.readonly import LATEST_MIGRATION, open_readonly
from tests import forked

VERSIONS = sorted((Path(__file__).parent / "versions").glob("*.db.gz"))
READING = (
    ["status", "--json"],
    ["query", "runs", "--json"],
    ["query", "failed", "--json"],
    ["query", "odd", "--json"],
    ["query", "gaps", "--json"],
    ["search", "穿搭", "--json"],
    ["verify", "--json"],
)


@pytest.fixture(params=VERSIONS, ids=lambda path: path.name.removesuffix(".db.gz"))
def old(request, tmp_path) -> Path:
    """A database as that version left it."""
    path = tmp_path / "creators.db"
    path.write_bytes(gzip.decompress(request.param.read_bytes()))
    return path


@pytest.fixture
def older(old) -> Path:
    """The same, where it is not of the present version."""
    if LATEST_MIGRATION in applied(old):
        pytest.skip("is of the present version")
    return old


HEADER_BYTES = 100
"""In them an opened file says that it keeps a write-ahead log."""


def beyond_its_header(path):
    return path.read_bytes()[HEADER_BYTES:]


def applied(path):
    return [row[0] for row in contents(path, "SELECT name FROM _sqlite_migrations ORDER BY id")]


def crawler(*arguments, **variables):
    return forked.run(arguments, Path.cwd(), os.environ | {"LANGUAGE": "en"} | variables)


def contents(path, query):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def test_the_latest_migration_is_the_one_that_readers_look_for():
    names = [migration.name for migration in migrations._migrations]
    assert names == sorted(names)
    assert names[-1] == LATEST_MIGRATION


def test_migrations_keep_their_order_whichever_module_is_loaded_first():
    folder = Path(crawler_package.__file__).parent / "store"
    modules = [f"crawler.store.{module.stem}" for module in folder.glob("[a-z]*.py")]
    command = [sys.executable, "-c", ORDERS, *modules]
    orders = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert (len(orders), len(set(orders))) == (len(modules), 1)


ORDERS = """
import os, sys
from importlib import import_module
import sqlite_utils, aiohttp, filelock, orjson
for module in sys.argv[1:]:
    if not (loading := os.fork()):
        assert not any(name.startswith("crawler") for name in sys.modules)
        import_module(module)
        from crawler.store.migrations import migrations
        print(*(each.name for each in migrations._migrations))
        break
    assert os.waitpid(loading, 0)[1] == 0
"""
"""Each module is loaded by a process of its own, forked from one that has loaded only other packages."""


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_whoever_reads_it_first_brings_it_up_to_date(old, arguments):
    ended = crawler(*arguments, "--db", str(old))
    assert (ended.returncode, ended.stderr) == (0, "")
    json.loads(ended.stdout)
    assert contents(old, "SELECT max(name) FROM _sqlite_migrations") == [(LATEST_MIGRATION,)]


def test_nothing_is_lost_and_every_reason_has_its_code(old):
    tables = ("users", "sightings", "changes", "calls", "pages", "keywords", "checkpoints", "runs", "rejects")
    counts = {table: contents(old, f"SELECT count(*) FROM {table}") for table in tables}
    open_readonly(old).close()
    assert {table: contents(old, f"SELECT count(*) FROM {table}") for table in tables} == counts
    reasons = [
        read_reason(*row)
        for table, code, details in (
            ("runs", "reason", "reason_details"),
            ("checkpoints", "stop_reason", "stop_details"),
            ("calls", "error", "error_details"),
            ("pages", "oddity", "oddity_details"),
        )
        for row in contents(old, f"SELECT {code}, {details} FROM {table} WHERE {code} IS NOT NULL")
    ]
    told = {reason.code for reason in reasons}
    assert told >= {
        ReasonCode.DAILY_QUOTA, ReasonCode.COLLECTION_FAILED, ReasonCode.BAD_PARAMETER, ReasonCode.EMPTY_PAGE,
        ReasonCode.DATA_NOT_OBJECT, ReasonCode.INTERRUPTED, ReasonCode.NO_ANSWER,
    }  # fmt: skip


def test_a_backup_is_made_before_anything_is_changed(older):
    names, users = applied(older), contents(older, "SELECT * FROM users ORDER BY id")
    open_readonly(older).close()
    open_readonly(older).close()
    (backup,) = (older.parent / "backups").iterdir()
    assert is_backup(backup)
    assert (applied(backup), contents(backup, "SELECT * FROM users ORDER BY id")) == (names, users)
    assert contents(backup, "PRAGMA integrity_check") == [("ok",)]


def test_one_of_the_present_version_is_not_backed_up(tmp_path):
    open_database(tmp_path / "creators.db").close()
    open_database(tmp_path / "creators.db").close()
    assert not (tmp_path / "backups").exists()


KILLED = """
import os, sys
from pathlib import Path
from crawler.store.database import open_database
from crawler.store.migrations import migrations
migrations(name="9999_kill")(lambda db: os.kill(os.getpid(), 9))
open_database(Path(sys.argv[1]))
"""


def test_an_upgrade_that_is_killed_has_changed_nothing(older):
    names = applied(older)
    killed = subprocess.run([sys.executable, "-c", KILLED, older], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert applied(older) == names
    open_readonly(older).close()
    assert LATEST_MIGRATION in applied(older)


def test_where_no_backup_can_be_written_nothing_is_changed(older):
    before = beyond_its_header(older)

    def little():
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

    ended = subprocess.run(
        [sys.executable, "-m", "crawler", "status", "--db", older], preexec_fn=little, check=False,
        capture_output=True, text=True, env=os.environ | {"LANGUAGE": "en"},
    )  # fmt: skip
    assert ended.returncode == 2
    assert "cannot be brought up to date" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert list((older.parent / "backups").iterdir()) == []
    assert beyond_its_header(older) == before


def test_the_room_for_a_backup_and_the_upgrade_is_asked_for_first(tmp_path):
    check_room(tmp_path / "a.db", tmp_path, needed=10**9, free=2 * 10**9)
    with pytest.raises(StoreError, match="need 2001 MB, and 1999 are free"):
        check_room(tmp_path / "a.db", tmp_path, needed=10**9, free=2 * 10**9 - 1)


def test_a_damaged_one_is_not_upgraded(older):
    content = bytearray(older.read_bytes())
    content[8192 * 3 : 8192 * 3 + 4000] = b"x" * 4000
    older.write_bytes(content)
    ended = crawler("status", "--db", str(older))
    assert (ended.returncode, "Traceback" in ended.stderr) == (2, False)
    assert beyond_its_header(older) == bytes(content)[HEADER_BYTES:]


@pytest.mark.parametrize("arguments", [*READING, ["run", "keywords.txt"]], ids=" ".join)
def test_one_of_a_newer_version_is_refused(three_nights, tmp_path, arguments):
    path = Path(shutil.copy(three_nights, tmp_path / "creators.db"))
    (tmp_path / "keywords.txt").write_text("穿搭\n", encoding="utf-8")
    with closing(sqlite3.connect(path)) as connection, connection:
        row = ("crawler", "9999_later", "later")
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES (?, ?, ?)", row
        )
    arguments = [str(tmp_path / each) if each == "keywords.txt" else each for each in arguments]
    ended = crawler(*arguments, "--db", str(path), JUSTONEAPI_TOKEN="t")
    assert ended.returncode == 2
    assert "was made by a newer version of creator-crawler: upgrade first" in ended.stderr
    assert not (tmp_path / "backups").exists()


def test_while_a_run_of_its_version_writes_it_it_is_left_alone(older, monkeypatch):
    monkeypatch.setattr(upgrade, "PATIENCE_SECONDS", 0.3)
    old, before = older, older.read_bytes()
    with hold(old), pytest.raises(InputError, match="older version"):
        open_readonly(old)
    assert old.read_bytes() == before


async def test_it_is_crawled_on(old, tmp_path, monkeypatch):
    with closing(sqlite3.connect(old)) as connection, connection:
        connection.execute("UPDATE settings SET value = 'a simulator on this machine' WHERE name = 'service'")
    keywords = tmp_path / "keywords.txt"
    keywords.write_text("穿搭\n美食\n露营\n亲子\n敏感词\n", encoding="utf-8")
    known = contents(old, "SELECT count(*) FROM users")[0][0]
    async with Simulator(SimulatorSettings(creators=200)) as simulator:
        options = ("--base-url", simulator.base_url, "--rate", "unlimited", "-q", "--json")
        given = ("run", str(keywords), "--db", str(old), *options)
        ended = await asyncio.to_thread(crawler, *given, JUSTONEAPI_TOKEN="demo")
    assert ended.returncode == 0
    summary = json.loads(ended.stdout)
    assert summary["keywords"]["done"] == summary["keywords"]["due"] > 0
    assert summary["creators"]["total"] == known + summary["creators"]["new"]
    assert crawler("verify", "--db", str(old)).returncode == 0


def test_readers_that_come_together_all_read_it(old):
    commands = (["status"], ["query", "new"], ["status", "--json"], ["query", "runs"])
    with ThreadPoolExecutor(len(commands)) as together:
        ended = list(together.map(lambda each: crawler(*each, "--db", str(old)), commands))
    assert [each.returncode for each in ended] == [0] * len(commands), [each.stderr for each in ended]
