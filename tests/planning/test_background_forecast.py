"""The forecast of a run is made beside its calls, from the database as it was before them."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import timedelta

import pytest

from crawler.clock import utc_now
from crawler.engine.events import PageStored
from crawler.engine.shutdown import Shutdown
from crawler.library import keyword
from crawler.planning.background_forecast import in_thread
from crawler.planning.plan import make_plan
from crawler.reasons import Reason, ReasonCode
from crawler.run.crawl import run_crawl
from crawler.run.dependencies import Dependencies, Parts
from crawler.settings.run import RunSettings
from crawler.simulator import Simulator, SimulatorSettings
from crawler.store.readonly import reading

KEYWORDS = [keyword(f"{place}{word}") for place in "京沪杭" for word in ("穿搭", "露营", "美食")]
INTERRUPTED = Reason(ReasonCode.INTERRUPTED, {"signal": "SIGTERM", "signal_number": 15})


@pytest.fixture
async def settings(tmp_path):
    """Settings of a second night, after a first one."""
    async with Simulator(SimulatorSettings(seed=5, pages_per_keyword=(2, 4), creators=500)) as simulator:
        settings = RunSettings(
            "tok-1", db=tmp_path / "c.db", base_url=simulator.base_url, rate="unlimited", workers=4,
            refresh_after=timedelta(0),
        )  # fmt: skip
        await run_crawl(settings, KEYWORDS)
        yield settings


def made(offload):
    return Dependencies(parts=Parts(offload=offload))


async def test_no_call_waits_for_it_and_it_knows_nothing_of_this_night(settings):
    pages = asyncio.Semaphore(0)

    def count(event):
        if isinstance(event, PageStored):
            pages.release()

    async def late(work):
        for _page in range(15):
            await pages.acquire()
        return await in_thread(work)

    with reading(settings.db) as connection:
        plan = make_plan(connection, KEYWORDS, settings, 1, utc_now)
    summary = await run_crawl(settings, KEYWORDS, emit=count, dependencies=made(late))
    assert summary.forecast is not None
    assert summary.forecast.calls.expected == plan.forecast.calls.expected == summary.calls.charged
    assert summary.forecast.calls_in_full == plan.forecast.calls_in_full


@pytest.mark.parametrize("error", [sqlite3.OperationalError("disk I/O error"), MemoryError()])
async def test_without_one_the_run_goes_on(settings, error):
    async def failing(work):
        raise error

    summary = await run_crawl(settings, KEYWORDS, dependencies=made(failing))
    assert (summary.outcome, summary.forecast, summary.keywords.done) == ("done", None, len(KEYWORDS))


async def test_whoever_leaves_at_once_does_not_wait_for_it(settings):
    shutdown, begun = Shutdown(), []

    async def never(work):
        begun.append(work)
        await asyncio.Event().wait()

    def leave(event):
        if isinstance(event, PageStored):
            shutdown.request(INTERRUPTED)
            shutdown.force()

    dependencies = made(never)
    summary = await run_crawl(settings, KEYWORDS, emit=leave, shutdown=shutdown, dependencies=dependencies)
    assert (summary.outcome, summary.forecast, len(begun)) == ("interrupted", None, 1)


async def test_what_goes_wrong_in_the_thread_is_told_to_whoever_waits():
    def wrong():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await in_thread(wrong)
