"""Backups: whole or not there, never in the place of anything else, thinned by age."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sqlite3
import sys
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crawler.errors import InputError, StoreError
from crawler.maintenance.backup import back_up
from crawler.maintenance.backup_rotation import parse_keep
from crawler.simulator import Simulator, SimulatorSettings
from crawler.store.copy import BACKUP_MARK, copy_database, is_backup
from crawler.store.database import open_database
from tests.maintenance.backing import begun, contents

NIGHT = datetime(2026, 11, 25, 17, 30, tzinfo=UTC)


def test_a_backup_holds_all_that_the_database_does_in_one_file(db):
    made = back_up(db, db.with_name("copy.db"))
    assert contents(made.path) == contents(db)
    assert (made.gaps, made.bytes, made.removed) == (0, made.path.stat().st_size, ())
    assert {path.name for path in db.parent.iterdir()} >= {"copy.db"}
    assert [path.name for path in db.parent.glob("copy.db*")] == ["copy.db"]


def test_a_backup_has_the_permissions_of_its_database(db):
    db.chmod(0o600)
    assert back_up(db, None).path.stat().st_mode & 0o777 == 0o600


def test_without_a_name_it_is_named_by_its_moment_beside_the_database(db):
    made = back_up(db, None, now=lambda: NIGHT)
    assert made.path == db.parent / "backups" / "creators-20261125T173000Z.db"
    (db.parent / "mine").mkdir()
    assert back_up(db, db.parent / "mine", now=lambda: NIGHT).path.parent == db.parent / "mine"


def test_a_backup_is_replaced_and_nothing_else_ever_is(db):
    target = db.with_name("copy.db")
    back_up(db, target)
    back_up(db, target)
    open_database(target).close()  # somebody goes on in it
    before = target.read_bytes()
    assert not is_backup(target)
    (db.parent / "note.txt").write_text("mine")
    for place in (target, db, db.parent / "note.txt"):
        with pytest.raises(InputError, match="is no backup"):
            back_up(db, place)
    assert target.read_bytes() == before


def test_whoever_reads_the_earlier_backup_reads_it_to_its_end(db):
    target = db.with_name("copy.db")
    back_up(db, target)
    before = target.read_bytes()
    with target.open("rb") as reader:
        with closing(open_database(db)) as opened:
            opened.execute("UPDATE users SET name = 'later'")
        back_up(db, target)
        assert reader.read() == before
    assert contents(target) == contents(db)


def test_a_damaged_database_is_not_backed_up_and_earlier_backups_stay(db):
    target = db.with_name("copy.db")
    back_up(db, target)
    before = target.read_bytes()
    content = bytearray(db.read_bytes())
    for start in range(3 * 8192, len(content), 2 * 8192):
        content[start : start + 4096] = b"\xa5" * 4096
    db.write_bytes(content)
    with pytest.raises(InputError, match="damaged"):
        back_up(db, target)
    assert target.read_bytes() == before


def test_gaps_of_the_database_are_told_and_the_backup_is_made(db):
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute("DELETE FROM sightings WHERE rowid IN (SELECT rowid FROM sightings LIMIT 1)")
    assert back_up(db, db.with_name("copy.db")).gaps > 0


def test_older_backups_of_this_database_go_by_age_and_nothing_else_does(db):
    folder = db.parent / "backups"
    for days in range(30):
        back_up(db, None, now=lambda days=days: NIGHT - timedelta(days=30 - days))
    others = ["creators-20260101T000000Z.txt", "other-20260101T000000Z.db", "creators-20260101T999999Z.db"]
    for name in others:
        (folder / name).write_text("mine")
    (folder / "creators-20260101T000000Z.db").write_text("not a backup at all")
    worked_in = folder / "creators-20261101T173000Z.db"
    open_database(worked_in).close()
    made = back_up(db, None, parse_keep("3d,2w"), now=lambda: NIGHT)
    assert len(made.removed) == 31 - 4 - 1
    assert made.path.exists()
    assert worked_in.exists()
    assert all((folder / name).exists() for name in [*others, "creators-20260101T000000Z.db"])


def test_what_to_keep_needs_a_folder(db):
    with pytest.raises(InputError, match="folder"):
        back_up(db, db.with_name("copy.db"), parse_keep("7d"))


@pytest.mark.parametrize("place", ["no/such/folder/copy.db", "loop", "/dev/null"])
def test_a_place_that_cannot_hold_it_is_named(db, place):
    (db.parent / "loop").symlink_to("loop")
    with pytest.raises((InputError, StoreError)):
        back_up(db, db.parent / place)


def test_a_full_disk_leaves_the_earlier_backup(db):
    target = db.with_name("copy.db")
    back_up(db, target)
    before = target.read_bytes()

    def little():
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    with begun("backup", target, "--db", db, preexec_fn=little) as process:
        _output, said = process.communicate(timeout=60)
    assert process.returncode == 75
    assert "Traceback" not in said
    assert target.read_bytes() == before
    assert list(db.parent.glob(".crawler*")) == []


def test_two_at_once_leave_one_whole_backup(db):
    target = db.with_name("copy.db")
    with begun("backup", target, "--db", db) as one, begun("backup", target, "--db", db) as other:
        ended = [process.communicate(timeout=60)[1] for process in (one, other)]
    assert [one.returncode, other.returncode] == [0, 0], ended
    assert contents(target) == contents(db)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("moment", range(4))
def test_a_backup_that_is_killed_leaves_the_earlier_one_and_the_next_tidies_up(db, number, moment):
    target = db.with_name("copy.db")
    back_up(db, target)
    before = target.read_bytes()
    with begun("backup", target, "--db", db) as process:
        seen = 0
        while process.poll() is None and seen <= moment * 60_000:
            seen = max((file.stat().st_size for file in _unfinished(db.parent)), default=-1)
            if seen >= moment * 60_000:
                break
        process.send_signal(number)
        process.communicate(timeout=60)
    assert target.read_bytes() == before or contents(target) == contents(db)
    assert is_backup(target)
    back_up(db, target)
    assert list(db.parent.glob(".crawler*.tmp")) == []


def _unfinished(folder: Path):
    for file in folder.glob(".crawler-*/file"):
        try:
            file.stat()
        except FileNotFoundError:
            continue
        yield file


def test_a_backup_is_a_database_again_once_somebody_writes_it(db):
    target = db.with_name("copy.db")
    back_up(db, target)
    assert _mark(target) == BACKUP_MARK
    open_database(target).close()
    assert _mark(target) == 0


def _mark(path):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("PRAGMA application_id").fetchone()[0]


async def test_a_run_goes_on_meanwhile_and_every_backup_of_it_is_whole(tmp_path):
    keywords = tmp_path / "keywords.txt"
    keywords.write_text("".join(f"穿搭{number}\n" for number in range(60)), encoding="utf-8")
    db, made = tmp_path / "creators.db", []
    settings = SimulatorSettings(seed=3, creators=2000, latency_seconds=(0.0, 0.05))
    async with Simulator(settings) as simulator:
        run = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "crawler", "run", keywords, "--db", db, "--rate", "unlimited", "-q",
            "--base-url", simulator.base_url, "--workers", "4", stdout=asyncio.subprocess.DEVNULL,
            env=os.environ | {"JUSTONEAPI_TOKEN": "t"},
        )  # fmt: skip
        while run.returncode is None:
            await asyncio.sleep(0.05)
            with suppress(InputError):  # there is no database yet
                made.append(await asyncio.to_thread(back_up, db, tmp_path / f"copy{len(made)}.db"))
        assert await run.wait() == 0
    pages = [len(contents(each.path)["pages"]) for each in made]
    assert len(set(pages)) > 3, "the run went on between the backups"
    assert pages == sorted(pages)
    assert {each.gaps for each in made} == {0}


def test_a_writer_never_waits_for_a_backup(db):
    """A commit between any two pieces of the copy goes through at once, and is not in the copy."""
    target = db.with_name("copy.db")
    before = contents(db)
    with closing(open_database(db)) as writer:
        writer.execute("PRAGMA busy_timeout = 0")
        commits = []

        def commit(*_progress):
            writer.execute("UPDATE users SET name = name || 'x'")
            commits.append(1)
            assert len(commits) < 10_000, "the copy begins again and again"

        copy_database(db, target, pages_a_step=1, progress=commit)
    assert len(commits) > 10
    assert contents(target) == before


def test_backups_that_a_wrong_clock_has_named_after_moments_to_come_cost_no_other_one(db):
    ahead = [
        back_up(db, None, now=lambda days=days: NIGHT + timedelta(days=days)).path for days in (364, 365)
    ]
    earlier = back_up(db, None, now=lambda: NIGHT - timedelta(days=1)).path
    made = back_up(db, None, parse_keep("1d"), now=lambda: NIGHT)
    assert made.removed == (earlier,)
    assert made.path.exists()
    assert all(path.exists() for path in ahead)
