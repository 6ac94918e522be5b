"""One transaction for each `apply`: whatever fails, nothing half-written is found, and a retry brings it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

import pytest
from sqlite_utils import Database

from crawler.errors import InputError, StoreError
from crawler.model import Charge, Reject, Settlement
from crawler.reasons import Reason, ReasonCode
from crawler.store.database import PRAGMAS, is_locked, open_database
from crawler.store.erased import fingerprint, salt
from crawler.store.transactions import Store, Write
from tests.store.fixture import BEGINNING, CAMPING, ENDPOINT_ID, FOOD, OUTFITS, StoreFixture, creator
from tests.store.writes import drop_call, fail_keyword, open_call, save_page, settle_call

NULL = Reason(ReasonCode.ENTRY_NOT_OBJECT, {"kind": "null"})
UNKNOWN_CODE = Settlement(
    Charge.UNKNOWN, "777", 200, 5, Reason(ReasonCode.UNDOCUMENTED_CODE, {"api_code": "777"})
)


def prepare(path: Path) -> list[Write]:
    """Fills a database a little; the answer is a group of writes that comes to every statement there is."""
    with closing(open_database(path)) as db:
        shelf = StoreFixture(path, db)
        with db.atomic():
            secret = salt(shelf.connection)
            row = (fingerprint(secret, "forgotten"), "2026-11-01")
            shelf.connection.execute("INSERT INTO forgotten VALUES (?, ?)", row)
        shelf.save(creator("a", "1", name="x"), creator(None, "2"), creator("c", "3"), creator("s"))
        shelf.save(creator(None, "2"), creator("c"), work=FOOD)
        settled, dropped = shelf.call(), shelf.call(FOOD, 2)
        stop, rejects = ReasonCode.PAGE_LIMIT, [Reject(4, NULL, "null")]
        first = shelf.page(
            creator("b", "1"), creator("a", name="y"), creator("s"), creator("forgotten", "9"),
            number=2, stop=stop, rejects=rejects,
        )  # fmt: skip
        second = shelf.page(creator("c", "2"), creator("n", "8"), work=FOOD, number=2, body=b"{}")
        return [
            save_page(first),
            open_call(CAMPING, 1, 1),
            settle_call(settled, UNKNOWN_CODE, OUTFITS, 9, kept=b"?"),
            save_page(second),
            drop_call(dropped),
            fail_keyword(CAMPING, 1, ReasonCode.BAD_PARAMETER),
        ]


@pytest.fixture
def prepared(empty_file: bytes, tmp_path: Path) -> tuple[bytes, list[Write]]:
    path = tmp_path / "prepared.db"
    path.write_bytes(empty_file)
    writes = prepare(path)
    return path.read_bytes(), writes


class FailingConnection(sqlite3.Connection):
    """Refuses the statement number `fails_at` as a broken disk would, and no other."""

    executed = 0
    fails_at = 0

    def _count(self) -> None:
        self.executed += 1
        if self.executed == self.fails_at:
            raise sqlite3.OperationalError("disk I/O error")

    def execute(self, *arguments):
        self._count()
        return super().execute(*arguments)

    def executemany(self, *arguments):
        self._count()
        return super().executemany(*arguments)


@contextmanager
def opened(path: Path) -> Iterator[tuple[Store, FailingConnection]]:
    """A store whose connection can be told to fail."""
    with closing(sqlite3.connect(path, isolation_level=None, factory=FailingConnection)) as connection:
        for pragma in (*PRAGMAS, "PRAGMA synchronous = OFF"):
            connection.execute(pragma)
        yield Store(Database(connection), path, 1, ENDPOINT_ID, lambda: BEGINNING), connection


def contents(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(open_database(path)) as db:
        return StoreFixture(path, db).contents()


def fail_everywhere(
    prepared: tuple[bytes, list[Write]], tmp_path: Path, arm: Callable[[FailingConnection, int], None]
) -> int:
    """Fails the first, the second, … thing that `apply` does until one passes untouched; how many failed."""
    content, writes = prepared
    path = tmp_path / "creators.db"
    path.write_bytes(content)
    before = contents(path)
    with opened(path) as (store, _connection):
        store.apply(writes)
    after = contents(path)
    assert before != after
    for number in count(1):
        path.write_bytes(content)
        with opened(path) as (store, connection):
            arm(connection, number)
            try:
                store.apply(writes)
            except StoreError:
                arm(connection, 0)
                assert not connection.in_transaction
                assert contents(path) == before
                store.apply(writes)
                assert contents(path) == after
            else:
                assert contents(path) == after
                return number - 1
    raise AssertionError


def test_whichever_statement_fails_nothing_is_kept_and_a_retry_brings_everything(prepared, tmp_path):
    def arm(connection: FailingConnection, number: int) -> None:
        connection.executed, connection.fails_at = 0, number

    assert fail_everywhere(prepared, tmp_path, arm) > 25


def test_wherever_a_statement_breaks_off_nothing_is_kept_and_a_retry_brings_everything(prepared, tmp_path):
    """SQLite itself breaks off within its statements, every so many of its own instructions."""

    def arm(connection: FailingConnection, number: int) -> None:
        left = iter(range(number - 1))
        breaks_off = (lambda: next(left, None) is None) if number else None
        connection.set_progress_handler(breaks_off, 40)

    assert fail_everywhere(prepared, tmp_path, arm) > 25


def test_a_full_disk_keeps_nothing_and_with_room_again_everything(shelf: StoreFixture):
    before = shelf.contents()
    writes = [save_page(shelf.page(*(creator(f"{n}", name="x" * 5000) for n in range(50))))]
    before |= {"calls": shelf.contents()["calls"]}
    pages = shelf.rows("PRAGMA page_count")[0][0]
    shelf.connection.execute(f"PRAGMA max_page_count = {pages + 3}")
    with pytest.raises(StoreError, match="database or disk is full"):
        shelf.store.apply(writes)
    assert shelf.contents() == before
    shelf.connection.execute("PRAGMA max_page_count = 1000000")
    shelf.store.apply(writes)
    assert len(shelf.contents()["users"]) == 50


def test_a_database_that_another_program_writes_is_told_apart_from_a_broken_one(shelf):
    shelf.connection.execute("PRAGMA busy_timeout = 1")
    with closing(sqlite3.connect(shelf.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="database is locked") as caught:
            shelf.store.apply([open_call(OUTFITS, 1, 1)])
        assert is_locked(caught.value.__cause__)
    assert shelf.store.apply([open_call(OUTFITS, 1, 1)]) == [1]


def test_a_file_that_turns_read_only_keeps_nothing(shelf):
    before = shelf.contents()
    shelf.connection.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreError, match="readonly database"):
        shelf.store.apply([open_call(OUTFITS, 1, 1)])
    assert shelf.contents() == before


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for root")
def test_a_read_only_file_is_refused_when_it_is_opened(empty_file, tmp_path):
    path = tmp_path / "creators.db"
    path.write_bytes(empty_file)
    path.chmod(0o444)
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(StoreError):
            open_database(path)
    finally:
        tmp_path.chmod(0o755)


def test_a_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "creators.db"
    path.write_bytes(b"this is a keyword file\n" * 200)
    with pytest.raises(InputError, match="not a usable SQLite database"):
        open_database(path)
    assert path.read_bytes().startswith(b"this is")


def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "creators.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE users (name TEXT)")
    with pytest.raises(InputError, match="database of another program"):
        open_database(path)
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_schema WHERE name NOT LIKE '%migrations%'")
        assert tables.fetchall() == [("users",)]


def test_a_database_of_a_newer_version_is_refused(empty_file, tmp_path):
    path = tmp_path / "creators.db"
    path.write_bytes(empty_file)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) "
            "VALUES ('crawler', '9999_later', '2030-01-01')"
        )
    with pytest.raises(InputError, match="newer version"):
        open_database(path)


def test_opening_twice_changes_nothing(shelf):
    before = shelf.contents()
    open_database(shelf.path).close()
    assert shelf.contents() == before


def test_a_commit_waits_for_the_disk_and_references_are_checked(empty_file, tmp_path):
    path = tmp_path / "creators.db"
    path.write_bytes(empty_file)
    with closing(open_database(path)) as db:
        settings = [db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
        assert settings == ["wal", 2]
        assert db.execute("PRAGMA foreign_keys").fetchone() == (1,)


def test_files_left_beside_a_database_from_when_it_was_read_only_do_not_keep_it_so(tmp_path):
    path = tmp_path / "creators.db"
    with closing(sqlite3.connect(path)) as reader:
        open_database(path).close()
        assert reader.execute("SELECT count(*) FROM users").fetchone() == (0,)
        beside = path.with_name("creators.db-shm")
        beside.chmod(0o444)
        open_database(path).close()
        assert beside.stat().st_mode == path.stat().st_mode
