"""A simulator that is asked over a real socket, with a clock that only the test moves."""

import json
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from crawler.simulator import Simulator, SimulatorSettings

SEARCH = "/api/xiaohongshu/search-user/v2"


@dataclass
class Clock:
    """Seconds and time of day, both standing still until `pass_` is called."""

    seconds: float = 0.0
    now: datetime = field(default_factory=lambda: datetime(2026, 11, 25, 10, 0, tzinfo=UTC))

    def pass_(self, seconds):
        self.seconds += seconds
        self.now += timedelta(seconds=seconds)


@dataclass
class Play:
    """A running simulator and a client of it."""

    simulator: Simulator
    session: aiohttp.ClientSession
    clock: Clock

    async def get(self, path, **query):
        """(HTTP status, headers, body) of a request."""
        async with self.session.get(self.simulator.base_url + path, params=query) as response:
            return response.status, response.headers, await response.read()

    async def post(self, path, body=b""):
        """(HTTP status, decoded JSON) of a request that steers the simulator."""
        async with self.session.post(self.simulator.base_url + path, data=body) as response:
            return response.status, json.loads(await response.read())

    async def ask(self, keyword="穿搭", page=1, token="demo"):
        """The decoded envelope of a search."""
        _status, _headers, body = await self.get(SEARCH, token=token, keyword=keyword, page=page)
        return json.loads(body)

    async def code(self, *args, **kwargs):
        return (await self.ask(*args, **kwargs))["code"]

    def change(self, **changes):
        self.simulator.settings = replace(self.simulator.settings, **changes)

    @property
    def last_line(self):
        return self.simulator.bill.lines[-1]


@pytest.fixture
async def play():
    """Starts a simulator with settings given by name; a keyword has three pages unless told otherwise."""
    async with AsyncExitStack() as stack:

        async def start(**settings):
            clock = Clock()
            settings = SimulatorSettings(**({"pages_per_keyword": (3, 3)} | settings))
            simulator = Simulator(settings, clock=lambda: clock.seconds, now=lambda: clock.now)
            await stack.enter_async_context(simulator)
            session = await stack.enter_async_context(aiohttp.ClientSession())
            return Play(simulator, session, clock)

        yield start
