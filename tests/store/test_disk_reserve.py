"""A full disk: what was kept free for the calls in flight, and a journal that leaves room."""

from __future__ import annotations

import errno
import os
from collections import namedtuple
from contextlib import closing
from pathlib import Path

import pytest

from crawler.errors import StoreError
from crawler.model import PageSaved
from crawler.store.disk_reserve import ALLOCATE, CALL_BYTES, CALLS_MAX, DiskReserve, spare_a_small_disk
from crawler.store.ledger import Ledger
from tests.store.fixture import creator

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def full(shelf):
    """A store whose file may not grow, and a page that needs room."""
    page = shelf.page(*(creator(f"{n}", name="x" * 5000) for n in range(50)))
    count = shelf.connection.execute("PRAGMA page_count").fetchone()[0]
    shelf.connection.execute(f"PRAGMA max_page_count = {count}")
    return shelf, page


async def test_what_meets_a_full_disk_is_written_once_there_is_room(full):
    shelf, page = full
    told: list[str] = []

    def make_room(error: StoreError) -> bool:
        told.append(str(error))
        shelf.connection.execute("PRAGMA max_page_count = 1000000")
        return True

    ledger = Ledger(shelf.store, make_room=make_room)
    assert await ledger.save_page(page) == PageSaved(50, 0, 50)
    assert told == [f"cannot write {shelf.path}: database or disk is full"]


async def test_where_no_room_can_be_made_it_is_told_and_nothing_is_kept(full):
    shelf, page = full
    asked: list[StoreError] = []
    ledger = Ledger(shelf.store, make_room=lambda error: bool(asked.append(error)))
    with pytest.raises(StoreError, match="full"):
        await ledger.save_page(page)
    assert len(asked) == 1
    assert shelf.rows("SELECT count(*) FROM users") == [(0,)]


async def test_no_room_is_asked_for_where_the_disk_is_not_full(shelf):
    asked: list[StoreError] = []
    ledger = Ledger(shelf.store, make_room=lambda error: bool(asked.append(error)))
    page = shelf.page(creator("a"))
    shelf.connection.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreError, match="readonly"):
        await ledger.save_page(page)
    assert asked == []


def taken_by_files_open_in(folder: Path) -> int:
    """What this process's open files in a folder take of its disk, in bytes."""
    files = [file for file in Path("/proc/self/fd").iterdir() if str(folder) in os.path.realpath(file)]
    return sum(file.stat().st_blocks * 512 for file in files)


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="needs a list of open files")
@pytest.mark.parametrize("allocate", [ALLOCATE, None], ids=["allocated", "written"])
def test_the_reserve_is_a_megabyte_for_each_call_in_a_file_without_a_name(tmp_path, allocate):
    with closing(DiskReserve(tmp_path / "creators.db", 3, allocate)) as reserve:
        assert list(tmp_path.iterdir()) == []
        assert taken_by_files_open_in(tmp_path) >= 3 * CALL_BYTES
        assert (reserve.release(), reserve.release()) == (True, False)
        assert taken_by_files_open_in(tmp_path) == 0


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="needs a list of open files")
def test_the_reserve_is_where_a_link_leads(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "creators.db").symlink_to(tmp_path / "disk" / "creators.db")
    with closing(DiskReserve(tmp_path / "creators.db", 3)):
        assert taken_by_files_open_in(tmp_path / "disk") >= 3 * CALL_BYTES


def test_many_calls_need_no_more_than_those_that_may_come_home_together(tmp_path):
    taken: list[int] = []
    for calls in (1, CALLS_MAX, 1000):
        DiskReserve(tmp_path / "creators.db", calls, lambda file, start, size: taken.append(size)).close()
    assert taken == [CALL_BYTES, CALLS_MAX * CALL_BYTES, CALLS_MAX * CALL_BYTES]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_where_there_is_no_room_it_is_said_before_the_first_call(tmp_path, number):
    def refuse(file: int, start: int, size: int) -> None:
        raise OSError(number, os.strerror(number))

    with pytest.raises(StoreError, match=r"too full to begin: .*creators.db needs 16 MB .* for 16 calls"):
        DiskReserve(tmp_path / "creators.db", 16, refuse)


def test_a_system_that_reserves_nothing_for_another_reason_is_no_obstacle(tmp_path):
    def refuse(file: int, start: int, size: int) -> None:
        raise OSError(errno.EFBIG, "a limit on the size of files")

    assert not DiskReserve(tmp_path / "creators.db", 16, refuse).release()


@pytest.mark.parametrize(
    ("total", "free_megabytes", "journal_megabytes"),
    [(1, 60, 7.5), (1, 600, 62.5), (1, 0, 0.25), (0, 0, 62.5)],
    ids=["small", "large", "full", "not told"],
)
def test_the_journal_is_folded_in_before_it_fills_a_small_disk(
    shelf, total, free_megabytes, journal_megabytes
):
    shelf.connection.execute("PRAGMA wal_autocheckpoint = 16000")
    spare_a_small_disk(shelf.connection, shelf.path, lambda folder: Usage(total, 0, free_megabytes << 20))
    (pages,) = shelf.connection.execute("PRAGMA wal_autocheckpoint").fetchone()
    assert pages * 4096 == journal_megabytes * (1 << 20)
