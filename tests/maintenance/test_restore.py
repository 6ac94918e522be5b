"""Restoring: what is lost is told first, what is replaced is kept, and a kill leaves the one or the other."""

from __future__ import annotations

import asyncio
import resource
import shutil
import signal
import sqlite3
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawler.errors import AlreadyRunning, InputError, StoreError
from crawler.maintenance.backup import back_up
from crawler.maintenance.erasure import forget
from crawler.maintenance.restore import restore
from crawler.maintenance.restore_loss import loss_of
from crawler.simulator import Simulator, SimulatorSettings
from crawler.store.copy import is_backup
from crawler.store.database import open_database
from crawler.store.lock import hold
from tests.maintenance.backing import begun, contents


@pytest.fixture
def backup(db) -> Path:
    """A backup of the database, which has gone on since."""
    made = back_up(db, db.with_name("copy.db")).path
    with closing(open_database(db)) as opened, opened.atomic():
        opened.execute("INSERT INTO runs (started_at, pid, host, version, price, currency) "
                       "VALUES ('2026-12-01T00:00:00.000Z', 1, 'elsewhere', '1', '0.05', 'CNY')")  # fmt: skip
        for number in range(3):
            opened.execute(
                """
                INSERT INTO calls
                       (run_id, keyword_id, endpoint_id, generation, page, attempt, sent_at, charge)
                SELECT max(runs.id), (SELECT min(id) FROM keywords), 1, 1, 1, 1, ?, ? FROM runs
                """,
                (f"2026-12-01T00:00:0{number}.000Z", ("charged", "unknown", "free")[number]),
            )
        opened.execute("UPDATE users SET name = 'later' WHERE key = (SELECT min(key) FROM users)")
    return made


def yes(_loss):
    return True


def test_what_would_be_lost_and_paid_again_is_told_first(db, backup):
    told = []
    before = contents(db)
    assert restore(db, backup, lambda loss: bool(told.append(loss))) is None
    (loss,) = told
    assert (loss.runs, loss.calls, loss.creators, list(map(str, loss.money))) == (1, 2, 0, ["¥0.10"])
    assert contents(db) == before
    assert not (db.parent / "backups").exists()


@pytest.mark.parametrize(("day", "calls"), [(1, 2), (2, 0)])
def test_calls_that_caps_of_the_day_will_not_count_are_told(db, backup, day, calls):
    assert loss_of(db, backup, lambda: datetime(2026, 12, day, 1, tzinfo=UTC)).calls_today == calls


def test_creators_found_since_are_counted(db):
    with closing(open_database(db)) as opened:
        opened.execute("DELETE FROM users WHERE key IN (SELECT key FROM users LIMIT 2)")
    smaller = back_up(db, db.with_name("smaller.db")).path
    whole = db.with_name("whole.db")
    shutil.copy(smaller, whole)
    with closing(sqlite3.connect(whole)) as connection, connection:
        connection.execute(
            "UPDATE users SET id = 'f' || substr(id, 2) WHERE key = (SELECT min(key) FROM users)"
        )
    assert loss_of(whole, smaller).creators == 1


def test_the_database_is_as_the_backup_was_and_what_was_there_is_kept(db, backup):
    wanted, before = contents(backup), contents(db)
    done = restore(db, backup, yes)
    assert contents(db) == wanted
    (kept,) = done.kept
    assert contents(kept) == before
    assert is_backup(kept)
    assert (done.gaps, is_backup(backup), is_backup(db)) == (0, True, False)
    assert sorted(path.name for path in db.parent.glob("creators.db*")) == ["creators.db", "creators.db.lock"]
    restore(db, kept, yes)
    assert contents(db) == before


def test_two_restores_in_one_second_keep_both(db, backup):
    first, second = restore(db, backup, yes), restore(db, backup, yes)
    assert first.kept != second.kept


def test_where_there_is_no_database_nothing_is_asked(db, backup):
    wanted = contents(backup)
    elsewhere = db.parent / "new" / "creators.db"
    told = []
    assert restore(elsewhere, backup, lambda loss: told.append(loss) is None).kept == ()
    assert told == [None]
    assert contents(elsewhere) == wanted


def test_a_journal_that_a_lost_database_left_is_not_applied_to_the_new_one(db, backup):
    wanted = contents(backup)
    connection = sqlite3.connect(db)
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("UPDATE users SET name = 'in the journal'")
    connection.commit()
    journal = Path(f"{db}-wal").read_bytes()
    connection.close()
    db.unlink()
    Path(f"{db}-wal").write_bytes(journal)
    done = restore(db, backup, yes)
    assert contents(db) == wanted
    assert [path.name.endswith("-wal") for path in done.kept] == [True]


def test_a_damaged_database_is_replaced_and_kept_as_it_lies_there(db, backup):
    wanted = contents(backup)
    content = bytearray(db.read_bytes())
    content[8192 : len(content) // 2] = b"\xa5" * (len(content) // 2 - 8192)
    db.write_bytes(content)
    told = []
    done = restore(db, backup, lambda loss: told.append(loss) is None)
    assert told[0].unreadable is not None
    assert contents(db) == wanted
    assert bytes(content) in [path.read_bytes() for path in done.kept]


def test_what_is_no_database_is_somebody_elses_and_stays(db, backup):
    db.write_bytes(b"not a database at all" * 1000)
    with pytest.raises(InputError, match="move it away"):
        restore(db, backup, yes)
    assert db.read_bytes() == b"not a database at all" * 1000


def test_an_empty_file_is_no_loss(db, backup):
    wanted = contents(backup)
    db.write_bytes(b"")
    told = []
    restore(db, backup, lambda loss: told.append(loss) is None)
    assert (told, contents(db)) == ([None], wanted)


@pytest.mark.parametrize("place", ["damage", "text", "nothing", "itself", "other"])
def test_what_is_no_sound_backup_of_this_crawler_is_refused(db, backup, place):
    before = contents(db)
    if place == "damage":
        content = bytearray(backup.read_bytes())
        for start in range(8192, len(content), 2 * 8192):
            content[start : start + 4096] = b"\xa5" * 4096
        backup.write_bytes(content)
    elif place == "text":
        backup.write_text("not a database")
    elif place == "nothing":
        backup.unlink()
    elif place == "other":
        backup.unlink()
        with closing(sqlite3.connect(backup)) as connection:
            connection.execute("CREATE TABLE x (y)")
    with pytest.raises(InputError):
        restore(db, db if place == "itself" else backup, yes)
    assert contents(db) == before


def test_a_backup_of_another_service_is_refused(db, backup):
    with closing(sqlite3.connect(backup)) as connection, connection:
        connection.execute("UPDATE settings SET value = 'elsewhere.example' WHERE name = 'service'")
    with pytest.raises(InputError, match=r"elsewhere\.example"):
        restore(db, backup, yes)


def test_a_backup_of_a_newer_version_is_refused(db, backup):
    before = contents(db)
    with closing(sqlite3.connect(backup)) as connection, connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('crawler', '9999_x')"
        )
    with pytest.raises(InputError, match="newer version"):
        restore(db, backup, yes)
    assert contents(db) == before


def test_whoever_was_erased_since_stays_erased(db, backup):
    with closing(sqlite3.connect(db)) as connection:
        (id_,) = connection.execute("SELECT id FROM users WHERE id NOT LIKE '%:%' LIMIT 1").fetchone()
    assert id_.encode() in backup.read_bytes()
    forget(db, [id_])
    done = restore(db, backup, yes)
    assert done.erased_again == 1
    assert id_.encode() not in db.read_bytes()
    with closing(sqlite3.connect(db)) as connection:
        assert connection.execute("SELECT count(*) FROM users WHERE id = ?", (id_,)).fetchone() == (0,)
    forget(db, [id_])  # still known as erased
    assert done.gaps == 0


def test_nothing_is_restored_while_a_run_goes_on(db, backup):
    with hold(db), pytest.raises(AlreadyRunning):
        restore(db, backup, yes)


def test_nothing_is_restored_under_a_program_that_reads(db, backup):
    before = contents(db)
    with closing(open_database(db)) as reader:
        reader.execute("SELECT 1 FROM users").fetchone()
        with pytest.raises(StoreError, match="another program has"):
            restore(db, backup, yes)
    assert contents(db) == before


def test_two_at_once_end_with_the_backup_restored(db, backup):
    wanted = contents(backup)
    command = ("restore", backup, "--db", db, "--yes")
    with begun(*command) as one, begun(*command) as other:
        said = [process.communicate(timeout=60)[1] for process in (one, other)]
    assert {one.returncode, other.returncode} <= {0, 75}, said
    assert 0 in (one.returncode, other.returncode)
    assert contents(db) == wanted


def test_a_full_disk_leaves_the_database_as_it_was(db, backup):
    before = contents(db)

    def little():
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    with begun("restore", backup, "--db", db, "--yes", preexec_fn=little) as process:
        said = process.communicate(timeout=60)[1]
    assert (process.returncode, "Traceback" in said) == (75, False), said
    assert contents(db) == before
    assert list(db.parent.glob(".crawler*.tmp")) == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("milliseconds", range(0, 640, 40))
def test_a_kill_leaves_the_one_or_the_other(db, backup, number, milliseconds):
    before, wanted = contents(db), contents(backup)
    with begun("restore", backup, "--db", db, "--yes") as process:
        deadline = time.monotonic() + 30
        while not list(db.parent.glob(".crawler-*")) and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.001)
        time.sleep(milliseconds / 1000)
        process.send_signal(number)
        said = process.communicate(timeout=60)[1]
    assert "Traceback" not in said
    assert contents(db) in (before, wanted)
    restore(db, backup, yes)
    assert contents(db) == wanted
    assert list(db.parent.glob(".crawler*.tmp")) == []


async def test_a_run_continues_where_the_backup_was(tmp_path):
    """What is paid again is what was told, and the creators are all there afterwards."""
    (tmp_path / "first.txt").write_text("穿搭\n美妆\n", encoding="utf-8")
    (tmp_path / "more.txt").write_text("穿搭\n美妆\n露营\n", encoding="utf-8")
    db = tmp_path / "creators.db"
    async with Simulator(SimulatorSettings(seed=5, creators=300)) as simulator:
        crawl = ("--db", db, "--base-url", simulator.base_url, "--rate", "unlimited", "-q")

        async def crawler(*arguments):
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "crawler", *map(str, arguments), cwd=tmp_path,
                env={"JUSTONEAPI_TOKEN": "t", "LANGUAGE": "en", "PATH": ""},
                stdout=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
            return await process.wait()

        assert await crawler("run", "first.txt", *crawl) == 0
        made = back_up(db, tmp_path / "copy.db")
        paid = simulator.bill.charged
        assert await crawler("run", "more.txt", *crawl) == 0
        told = []
        restore(db, made.path, lambda loss: told.append(loss) is None)
        again = simulator.bill.charged
        assert told[0].calls == again - paid
        assert await crawler("run", "more.txt", *crawl) == 0
        assert simulator.bill.charged - again == told[0].calls
        assert await crawler("verify", "--db", db) == 0
