"""Group commit: order, durability before the answer, and what becomes of errors and of waiting."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing

import pytest

from crawler.commands import FailKeyword, OpenCall, Write
from crawler.errors import StoreError
from crawler.model import PageSaved
from crawler.store.ledger import LOCK_PATIENCE_SECONDS, GroupCommit
from tests.simulation.virtual_time import run
from tests.store.fixture import FOOD, OUTFITS, StoreFixture, creator


class Recorder:
    """Stands before a store and keeps the groups that it is handed."""

    def __init__(self, shelf: StoreFixture) -> None:
        self.shelf = shelf
        self.groups: list[list[Write]] = []

    def apply(self, writes: Sequence[Write]) -> list[int | PageSaved | None]:
        self.groups.append(list(writes))
        return self.shelf.store.apply(writes)


@pytest.fixture
def recorder(shelf: StoreFixture) -> Recorder:
    return Recorder(shelf)


def calls(count: int) -> list[OpenCall]:
    return [OpenCall(OUTFITS, page, 1) for page in range(1, count + 1)]


async def test_writes_that_arrive_together_share_one_transaction(recorder):
    journal = GroupCommit(recorder.apply)
    answers = await asyncio.gather(*(journal.write(call) for call in calls(50)))
    assert recorder.groups == [calls(50)]
    assert answers == list(range(1, 51))


async def test_each_write_gets_its_own_answer(recorder):
    journal = GroupCommit(recorder.apply)
    page = recorder.shelf.page(creator("a"))
    opened, saved, failed = await asyncio.gather(
        journal.write(OpenCall(FOOD, 1, 1)), journal.write(page), journal.write(FailKeyword(FOOD, 1, "x"))
    )
    assert (opened, failed) == (2, None)
    assert saved == PageSaved(1, 0, 1)


async def test_writes_are_kept_in_the_order_in_which_they_came(recorder):
    journal = GroupCommit(recorder.apply)

    async def worker(number: int) -> None:
        for page in range(1, 6):
            await journal.write(OpenCall(OUTFITS, page, number))

    await asyncio.gather(*(worker(number) for number in range(10)))
    written = [(write.attempt, write.page) for group in recorder.groups for write in group]
    assert recorder.shelf.rows("SELECT attempt, page FROM calls ORDER BY id") == written
    for number in range(10):
        assert [page for attempt, page in written if attempt == number] == [1, 2, 3, 4, 5]
    assert len(recorder.groups) < 50


async def test_an_answer_means_that_another_program_finds_the_write(recorder):
    journal = GroupCommit(recorder.apply)
    call_id = await journal.write(OpenCall(OUTFITS, 1, 1))
    with closing(sqlite3.connect(recorder.shelf.path)) as other:
        assert other.execute("SELECT id FROM calls").fetchall() == [(call_id,)]


async def test_a_write_is_carried_out_though_its_caller_was_cancelled(recorder):
    journal = GroupCommit(recorder.apply)
    caller = asyncio.create_task(journal.write(OpenCall(OUTFITS, 1, 1)))
    await asyncio.sleep(0)
    caller.cancel()
    await journal.close()
    assert recorder.shelf.rows("SELECT count(*) FROM calls") == [(1,)]
    with pytest.raises(asyncio.CancelledError):
        await caller


async def test_closing_waits_for_what_is_not_written_yet(recorder):
    journal = GroupCommit(recorder.apply)
    callers = [asyncio.create_task(journal.write(call)) for call in calls(3)]
    await asyncio.sleep(0)
    await journal.close()
    assert recorder.shelf.rows("SELECT count(*) FROM calls") == [(3,)]
    await asyncio.gather(*callers)


async def test_closing_with_nothing_to_write_is_at_once_done(recorder):
    await GroupCommit(recorder.apply).close()
    assert recorder.groups == []


async def test_an_error_reaches_everybody_of_the_group_and_nothing_is_kept(recorder):
    journal = GroupCommit(recorder.apply)
    recorder.shelf.connection.execute("PRAGMA query_only = ON")
    answers = await asyncio.gather(*(journal.write(call) for call in calls(3)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [StoreError] * 3
    assert len(recorder.groups) == 1
    recorder.shelf.connection.execute("PRAGMA query_only = OFF")
    assert await journal.write(OpenCall(OUTFITS, 1, 1)) == 1


async def test_a_full_disk_is_told_and_the_journal_goes_on_when_there_is_room(recorder):
    journal, connection = GroupCommit(recorder.apply), recorder.shelf.connection
    page = recorder.shelf.page(*(creator(f"{n}", name="x" * 5000) for n in range(50)))
    count = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {count}")
    with pytest.raises(StoreError, match="full"):
        await journal.write(page)
    connection.execute("PRAGMA max_page_count = 1000000")
    assert await journal.write(page) == PageSaved(50, 0, 50)


async def test_a_lock_that_another_program_holds_for_a_while_is_waited_out(recorder):
    recorder.shelf.connection.execute("PRAGMA busy_timeout = 1")
    journal = GroupCommit(recorder.apply)
    with closing(sqlite3.connect(recorder.shelf.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.create_task(journal.write(OpenCall(OUTFITS, 1, 1)))
        while len(recorder.groups) < 2:
            await asyncio.sleep(0.01)
        assert not writing.done()
        other.execute("ROLLBACK")
    assert await writing == 1


async def test_what_arrives_during_a_lock_comes_after_what_waits(recorder):
    recorder.shelf.connection.execute("PRAGMA busy_timeout = 1")
    journal = GroupCommit(recorder.apply)
    with closing(sqlite3.connect(recorder.shelf.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        first = asyncio.create_task(journal.write(OpenCall(OUTFITS, 1, 1)))
        while not recorder.groups:
            await asyncio.sleep(0.01)
        second = asyncio.create_task(journal.write(OpenCall(OUTFITS, 2, 1)))
        await asyncio.sleep(0)
        other.execute("ROLLBACK")
    assert await asyncio.gather(first, second) == [1, 2]


def test_a_lock_that_is_never_given_back_is_an_error_in_the_end(recorder):
    recorder.shelf.connection.execute("PRAGMA busy_timeout = 1")

    async def wait() -> float:
        journal, loop = GroupCommit(recorder.apply), asyncio.get_running_loop()
        begun = loop.time()
        with pytest.raises(StoreError, match="locked"):
            await journal.write(OpenCall(OUTFITS, 1, 1))
        return loop.time() - begun

    with closing(sqlite3.connect(recorder.shelf.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        waited = run(wait())
    assert LOCK_PATIENCE_SECONDS <= waited < LOCK_PATIENCE_SECONDS + 1
    assert recorder.shelf.rows("SELECT count(*) FROM calls") == [(0,)]
