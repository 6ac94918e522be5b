"""A night of which others hear."""

import pytest

from crawler.simulator import Simulator, SimulatorSettings
from tests.cli.conftest import TOKEN, CommandLine
from tests.notices.receiving import Receiver

WORLD = SimulatorSettings(seed=7, creators=200, pages_per_keyword=(3, 3), users_per_page=3, tokens=(TOKEN,))


@pytest.fixture
def crawler(tmp_path):
    """The command line in a folder with two keywords."""
    line = CommandLine(tmp_path)
    line.keywords("穿搭", "美食")
    return line


@pytest.fixture
async def simulator():
    async with Simulator(WORLD) as playing:
        yield playing


@pytest.fixture
async def receiver():
    async with Receiver() as receiving:
        yield receiving


@pytest.fixture
def night(crawler, simulator, receiver):
    """Runs a night whose notices leave for the receiver."""

    async def run(*arguments, **variables):
        command = ("run", "keywords.txt", "-q", "--base-url", simulator.base_url, "--rate", "unlimited")
        return await crawler(*command, *arguments, **receiver.variables, **variables)

    return run
