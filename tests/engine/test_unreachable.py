"""A service that is not there: said at once, and the run ends within a minute."""

from __future__ import annotations

import asyncio

import pytest

from crawler.engine.events import CallEnded, CircuitOpened
from crawler.keywords import identity
from crawler.model import Charge, Keyword
from crawler.reasons import ReasonCode
from crawler.run.crawl import run_crawl
from crawler.settings.run import RunSettings
from tests.simulation.virtual_time import run

KEYWORDS = [Keyword(text, identity(text)) for text in ("穿搭", "美食", "露营", "亲子")]


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "https://127.0.0.1:9"])
def test_a_service_that_never_connects_ends_the_run_within_a_minute(address, workers, tmp_path):
    events = []

    async def play():
        loop = asyncio.get_running_loop()
        begun = loop.time()
        settings = RunSettings(
            "tok", db=tmp_path / "x.db", base_url=address, workers=workers, rate="unlimited"
        )
        summary = await run_crawl(settings, KEYWORDS, emit=events.append)
        return summary, loop.time() - begun

    summary, seconds = run(play())
    assert summary.reason.code is ReasonCode.UNREACHABLE
    assert summary.exit_code == 75
    assert (summary.calls.charged, summary.calls.unknown) == (0, 0)
    assert summary.keywords.failed == 0
    assert seconds <= 60
    opened = [event for event in events if isinstance(event, CircuitOpened)]
    assert opened[0].unreachable
    ended = [event for event in events if isinstance(event, CallEnded)]
    assert {event.charge for event in ended} == {Charge.FREE}
    assert events.index(opened[0]) <= workers + 3  # after the start, the order and the first calls
