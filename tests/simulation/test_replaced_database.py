"""A database that is replaced or deleted while a run waits for its first answer: nothing is paid for."""

from __future__ import annotations

import shutil

import pytest

from crawler.errors import StoreError
from crawler.model import Keyword
from crawler.reasons import ReasonCode
from crawler.run.crawl import run_crawl
from crawler.run.dependencies import Dependencies, Parts
from crawler.settings.run import RunSettings
from crawler.simulator import Simulator, SimulatorSettings
from crawler.vendor.balance import BalanceAnswer
from tests.new_database import opened


def delete(path):
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()


def replace(path):
    other = shutil.copy(path, path.with_name("other.db"))
    other.replace(path)


@pytest.mark.parametrize("happens", [delete, replace])
async def test_what_happens_to_it_before_the_first_call_ends_the_run(tmp_path, happens):
    path = tmp_path / "creators.db"
    opened(path).close()

    async def ask_balance(_account):
        happens(path)
        return BalanceAnswer()

    async with Simulator(SimulatorSettings()) as simulator:
        settings = RunSettings(token="a", db=path, base_url=simulator.base_url)
        dependencies = Dependencies(parts=Parts(ask_balance=ask_balance))
        with pytest.raises(StoreError) as raised:
            await run_crawl(settings, [Keyword("穿搭", "穿搭")], dependencies=dependencies)
        assert raised.value.reason.code is ReasonCode.FILE_REPLACED
        assert simulator.bill.requests == 0
