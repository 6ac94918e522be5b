"""The command that a run, or `status`, names for going on pays for nothing that was just paid for."""

import asyncio
import re
import shlex
from datetime import datetime

import pytest

from crawler.simulator import Simulator, SimulatorSettings

KEYWORDS = ("穿搭", "露营", "美食", "护肤", "上海探店", "小个子穿搭")
PAGES = 2
SETTINGS = SimulatorSettings(seed=3, pages_per_keyword=(PAGES, PAGES), daily_quota=100)
READ_TWICE = """
SELECT count(*), count(DISTINCT keyword_id || ' ' || page) FROM calls
 WHERE run_id > 1 AND charge = 'charged'
"""


def named(text, by):
    """The arguments of the command that is named for going on."""
    (command,) = re.findall(rf"{by}:  (?:python -m )?crawler (.*)", text)
    return shlex.split(command)


@pytest.mark.parametrize("told", ["by the run", "by status"])
async def test_with_a_refresh_of_everything_no_page_is_paid_twice(crawler, told):
    crawler.keywords(*KEYWORDS)
    async with Simulator(SETTINGS) as simulator:
        where = ("--base-url", simulator.base_url, "--rate", "unlimited", "--workers", "1")
        run = ("run", "keywords.txt", *where)
        assert (await crawler(*run)).exit_code == 0
        await asyncio.sleep(1.1)  # a moment is told to the second
        ended = await crawler(*run, "--refresh-after", "0s", "--refresh", "full", "--max-calls", "5")
        for _run in range(5):
            if ended.exit_code == 0:
                break
            assert ended.exit_code == 75
            arguments = (
                named(ended.stdout, "Continue where it stopped")
                if told == "by the run"
                else named((await crawler("status")).stdout, "To continue")
            )
            assert datetime.fromisoformat(arguments[arguments.index("--refresh-after") + 1])
            options = () if told == "by the run" else where
            ended = await crawler(*arguments, *options)
    assert ended.exit_code == 0
    pages = len(KEYWORDS) * PAGES
    (made, different) = crawler.rows(READ_TWICE)[0]
    assert made == different >= pages


@pytest.mark.parametrize("moment", ["2999-01-01T00:00", "2026-13-01", "2026-11-26 99:00"])
async def test_a_moment_that_cannot_be_is_refused(crawler, moment):
    crawler.keywords("穿搭")
    ended = await crawler("plan", "keywords.txt", "--refresh-after", moment)
    assert (ended.exit_code, "--refresh-after" in ended.stderr) == (2, True)


async def test_a_day_alone_is_a_moment_too(crawler):
    crawler.keywords("穿搭")
    assert (await crawler("plan", "keywords.txt", "--refresh-after", "2026-11-01")).exit_code == 0
