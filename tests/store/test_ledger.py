"""Group commit: order, durability before the answer, and what becomes of errors and of waiting."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Sequence
from contextlib import closing
from dataclasses import replace

import pytest

from crawler.errors import StoreError
from crawler.model import PageSaved
from crawler.reasons import Reason, ReasonCode
from crawler.store.group_commit import LOCK_PATIENCE_SECONDS
from crawler.store.ledger import Ledger
from crawler.store.transactions import Write
from tests.simulation.virtual_time import run
from tests.store.fixture import FOOD, OUTFITS, StoreFixture, creator


class Recorder:
    """Stands before a store and keeps the groups that it is handed."""

    def __init__(self, shelf: StoreFixture) -> None:
        self.shelf = shelf
        self.groups: list[list[Write]] = []

    def apply(self, writes: Sequence[Write]) -> list[object]:
        self.groups.append(list(writes))
        return self.shelf.store.apply(writes)


@pytest.fixture
def recorder(shelf: StoreFixture) -> Recorder:
    return Recorder(shelf)


def opening(ledger: Ledger, count: int) -> list[Awaitable[int]]:
    """Opens the calls of so many pages, all at once."""
    return [ledger.open_call(replace(OUTFITS, page=page), 1) for page in range(1, count + 1)]


async def test_writes_that_arrive_together_share_one_transaction(recorder):
    ledger = Ledger(recorder)
    answers = await asyncio.gather(*opening(ledger, 50))
    assert [len(group) for group in recorder.groups] == [50]
    assert answers == list(range(1, 51))


async def test_each_write_gets_its_own_answer(recorder):
    ledger = Ledger(recorder)
    page = recorder.shelf.page(creator("a"))
    opened, saved, failed = await asyncio.gather(
        ledger.open_call(FOOD, 1),
        ledger.save_page(page),
        ledger.fail_keywords([FOOD], Reason(ReasonCode.NO_ANSWER)),
    )
    assert (opened, failed) == (2, None)
    assert saved == PageSaved(1, 0, 1)


async def test_writes_are_kept_in_the_order_in_which_they_came(recorder):
    ledger = Ledger(recorder)

    opened: list[tuple[int, int]] = []

    async def worker(number: int) -> None:
        for page in range(1, 6):
            await ledger.open_call(replace(OUTFITS, page=page), number)
            opened.append((number, page))

    await asyncio.gather(*(worker(number) for number in range(10)))
    written = recorder.shelf.rows("SELECT attempt, page FROM calls ORDER BY id")
    assert written == opened
    for number in range(10):
        assert [page for attempt, page in written if attempt == number] == [1, 2, 3, 4, 5]
    assert len(recorder.groups) < 50


async def test_an_answer_means_that_another_program_finds_the_write(recorder):
    ledger = Ledger(recorder)
    call_id = await ledger.open_call(OUTFITS, 1)
    with closing(sqlite3.connect(recorder.shelf.path)) as other:
        assert other.execute("SELECT id FROM calls").fetchall() == [(call_id,)]


async def test_a_write_is_carried_out_though_its_caller_was_cancelled(recorder):
    ledger = Ledger(recorder)
    caller = asyncio.create_task(ledger.open_call(OUTFITS, 1))
    await asyncio.sleep(0)
    caller.cancel()
    await ledger.close()
    assert recorder.shelf.rows("SELECT count(*) FROM calls") == [(1,)]
    with pytest.raises(asyncio.CancelledError):
        await caller


async def test_closing_waits_for_what_is_not_written_yet(recorder):
    ledger = Ledger(recorder)
    callers = [asyncio.ensure_future(call) for call in opening(ledger, 3)]
    await asyncio.sleep(0)
    await ledger.close()
    assert recorder.shelf.rows("SELECT count(*) FROM calls") == [(3,)]
    await asyncio.gather(*callers)


async def test_closing_with_nothing_to_write_is_at_once_done(recorder):
    await Ledger(recorder).close()
    assert recorder.groups == []


async def test_an_error_reaches_everybody_of_the_group_and_nothing_is_kept(recorder):
    ledger = Ledger(recorder)
    recorder.shelf.connection.execute("PRAGMA query_only = ON")
    answers = await asyncio.gather(*opening(ledger, 3), return_exceptions=True)
    assert [type(answer) for answer in answers] == [StoreError] * 3
    assert len(recorder.groups) == 1
    recorder.shelf.connection.execute("PRAGMA query_only = OFF")
    assert await ledger.open_call(OUTFITS, 1) == 1


async def test_a_full_disk_is_told_and_the_ledger_goes_on_when_there_is_room(recorder):
    ledger, connection = Ledger(recorder), recorder.shelf.connection
    page = recorder.shelf.page(*(creator(f"{n}", name="x" * 5000) for n in range(50)))
    count = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {count}")
    with pytest.raises(StoreError, match="full"):
        await ledger.save_page(page)
    connection.execute("PRAGMA max_page_count = 1000000")
    assert await ledger.save_page(page) == PageSaved(50, 0, 50)


async def test_a_lock_that_another_program_holds_for_a_while_is_waited_out(recorder):
    recorder.shelf.connection.execute("PRAGMA busy_timeout = 1")
    ledger = Ledger(recorder)
    with closing(sqlite3.connect(recorder.shelf.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.create_task(ledger.open_call(OUTFITS, 1))
        while len(recorder.groups) < 2:
            await asyncio.sleep(0.01)
        assert not writing.done()
        other.execute("ROLLBACK")
    assert await writing == 1


async def test_what_arrives_during_a_lock_comes_after_what_waits(recorder):
    recorder.shelf.connection.execute("PRAGMA busy_timeout = 1")
    ledger = Ledger(recorder)
    with closing(sqlite3.connect(recorder.shelf.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        first = asyncio.create_task(ledger.open_call(OUTFITS, 1))
        while not recorder.groups:
            await asyncio.sleep(0.01)
        second = asyncio.create_task(ledger.open_call(replace(OUTFITS, page=2), 1))
        await asyncio.sleep(0)
        other.execute("ROLLBACK")
    assert await asyncio.gather(first, second) == [1, 2]


def test_a_lock_that_is_never_given_back_is_an_error_in_the_end(recorder):
    recorder.shelf.connection.execute("PRAGMA busy_timeout = 1")

    async def wait() -> float:
        ledger, loop = Ledger(recorder), asyncio.get_running_loop()
        begun = loop.time()
        with pytest.raises(StoreError, match="locked"):
            await ledger.open_call(OUTFITS, 1)
        return loop.time() - begun

    with closing(sqlite3.connect(recorder.shelf.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        waited = run(wait())
    assert LOCK_PATIENCE_SECONDS <= waited < LOCK_PATIENCE_SECONDS + 1
    assert recorder.shelf.rows("SELECT count(*) FROM calls") == [(0,)]
