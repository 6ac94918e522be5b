"""Reading ahead in a large database: only what is looked up comes sooner, and nothing else changes."""

from __future__ import annotations

import asyncio
import threading
from functools import partial

import pytest

from crawler.errors import StoreError
from crawler.model import Keyword, PageSaved
from crawler.reasons import ReasonCode
from crawler.run.crawl import run_crawl
from crawler.run.dependencies import Dependencies, Parts
from crawler.settings.run import RunSettings
from crawler.simulator import Simulator, SimulatorSettings
from crawler.store.group_commit import GroupCommit
from crawler.store.ledger import Ledger
from crawler.store.read_ahead import FILE_BYTES_MIN, ReadAhead, read_ahead_of
from tests.new_database import opened
from tests.store.fixture import creator

WORDS = [Keyword(text, text) for text in ("穿搭", "美食", "露营")]


@pytest.fixture
def read_ahead(shelf):
    """Reading ahead for the shelf's database, with what it has read."""
    reading = ReadAhead(shelf.path)
    yield reading
    reading.close()


def test_a_small_file_is_not_read_ahead(tmp_path):
    path = tmp_path / "creators.db"
    path.write_bytes(b"")
    assert read_ahead_of(path) is None
    with path.open("r+b") as file:
        file.truncate(FILE_BYTES_MIN)
    reading = read_ahead_of(path)
    assert reading is not None
    reading.close()


def test_a_file_that_is_gone_is_left_to_the_transaction(tmp_path):
    assert read_ahead_of(tmp_path / "creators.db") is None


async def test_pages_are_saved_as_without_it(shelf, read_ahead):
    ledger = Ledger(shelf.store, read_ahead=read_ahead)
    assert await ledger.save_page(shelf.page(creator("a"), creator("b", name="旧"))) == PageSaved(2, 0, 2)
    second = shelf.page(creator("b", name="新"), creator("c"), number=2)
    saved = await ledger.save_page(second)
    assert (saved.creators_new, saved.creators_changed) == (1, 1)
    await ledger.close()
    assert shelf.rows("SELECT id, name FROM users ORDER BY id")[1][1] == "新"


async def test_a_group_waits_until_what_it_looks_up_is_read():
    order: list[str] = []

    async def prepare() -> None:
        await asyncio.sleep(0.01)
        order.append("read")

    group: GroupCommit[str] = GroupCommit(lambda writes: [order.append("written") for _ in writes], prepare)
    await asyncio.gather(group.commit("a"), group.commit("b"))
    assert order == ["read", "written", "written"]


async def test_a_page_that_was_accepted_is_saved_though_its_worker_is_cancelled(shelf, read_ahead):
    ledger = Ledger(shelf.store, read_ahead=read_ahead)
    saving = asyncio.create_task(ledger.save_page(shelf.page(creator("a"))))
    await asyncio.sleep(0)
    saving.cancel()
    await ledger.close()
    assert shelf.rows("SELECT id FROM users") == [("a",)]


@pytest.mark.parametrize("contents", [None, b"", b"no database" * 1000])
async def test_a_file_that_cannot_be_read_is_left_to_the_transaction(tmp_path, contents):
    path = tmp_path / "a ? # % 文.db"
    if contents is not None:
        path.write_bytes(contents)
    reading = ReadAhead(path)
    reading.begin(["a", "b"])
    await reading.end()
    reading.close()
    assert (path.read_bytes() if path.exists() else None) == contents


async def test_a_whole_run_brings_the_same_and_leaves_no_thread(tmp_path):
    found = []
    always = Parts(read_ahead=partial(read_ahead_of, file_bytes_min=0))
    for name, parts in (("without", Parts()), ("with", always)):
        path = tmp_path / f"{name}.db"
        opened(path).close()
        async with Simulator(SimulatorSettings(seed=3, creators=300, pages_per_keyword=(2, 4))) as simulator:
            settings = RunSettings(token="bench", db=path, base_url=simulator.base_url, rate="unlimited")
            summary = await run_crawl(settings, WORDS, dependencies=Dependencies(parts=parts))
        assert summary.reason.code is ReasonCode.ALL_DONE
        found.append((summary.calls.charged, summary.creators.total))
    assert found[0] == found[1]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("read-ahead")]


async def test_a_run_that_cannot_begin_leaves_no_thread_either(tmp_path):
    path = tmp_path / "creators.db"
    opened(path).close()

    def no_client(_settings):
        raise StoreError("there is no client")

    always = Parts(read_ahead=partial(read_ahead_of, file_bytes_min=0), open_client=no_client)
    settings = RunSettings(token="bench", db=path, base_url="http://127.0.0.1:1")
    with pytest.raises(StoreError):
        await run_crawl(settings, WORDS, dependencies=Dependencies(parts=always))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("read-ahead")]
