"""A cap of the day holds for the calls sent on it, also where midnight passes over one about to go."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from crawler.clock import shanghai_day
from crawler.reasons import ReasonCode
from crawler.simulator import SimulatorSettings
from crawler.store.ledger import Ledger
from tests.simulation.play import play
from tests.simulation.scenario import AccountLife, Life, Scenario
from tests.simulation.virtual_time import BEGIN_SECONDS, WallClock

CAP = 80


class SlowLedger(Ledger):
    """Somebody else writes the database: it takes ten seconds until a call is written down."""

    async def open_call(self, work, attempt, account=None):
        await asyncio.sleep(10)
        return await super().open_call(work, attempt, account)


@pytest.mark.parametrize("account", [None, AccountLife("only", calls_max_per_day=CAP), AccountLife("one")])
def test_no_day_has_more_calls_than_its_cap_however_long_they_wait_to_be_written_down(folder, account):
    words = tuple((f"关键词{number}", None) for number in range(100))
    world = SimulatorSettings(seed=5, creators=200, users_per_page=2, pages_per_keyword=(2, 2))
    own = account is not None and account.calls_max_per_day is not None
    life = Life(calls_max_per_day=None if own else CAP, accounts=(account,) if account else ())
    history = play(Scenario(5, words, 3, world, (life,)), folder, ledger=SlowLedger)
    first = history.lived[0]
    assert first.summary.reason.code is ReasonCode.DAY_CAP
    days = Counter(
        shanghai_day(WallClock.START + timedelta(seconds=line.at - BEGIN_SECONDS))
        for line in history.lines
        if line.at <= first.ended
    )
    assert len(days) == 2
    assert max(days.values()) <= CAP
