"""What a clock that was ahead leaves behind: finished keywords and calls that are dated in the future."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from crawler.simulator import Simulator, SimulatorSettings
from tests.cli.conftest import CommandLine
from tests.cli.test_plan import night, plan

WORDS = ("穿搭", "露营", "美食", "护肤")
WORLD = SimulatorSettings(pages_per_keyword=(2, 2))
MOVED = """
UPDATE {table} SET {column} = strftime('%Y-%m-%dT%H:%M:%fZ', {column}, '{span}') WHERE {column} IS NOT NULL
"""


@pytest.fixture
def shift(crawler: CommandLine):
    """Dates what the night wrote otherwise, as by another clock."""

    def shifted(span: str) -> None:
        columns = {"calls": ["sent_at", "settled_at"], "checkpoints": ["updated_at", "finished_at"]}
        path = crawler.folder / "data" / "creators.db"
        with closing(sqlite3.connect(path)) as connection, connection:
            for table, names in columns.items():
                for name in names:
                    connection.execute(MOVED.format(table=table, column=name, span=span))

    return shifted


async def status(crawler):
    return json.loads((await crawler("status", "--json")).stdout)


@pytest.mark.parametrize(
    ("span", "due"), [("+30 days", 4), ("+25 hours", 4), ("+23 hours", 0), ("-19 hours", 0), ("-21 hours", 4)]
)
async def test_status_plan_and_run_agree_on_what_is_due(crawler, shift, span, due):
    crawler.keywords(*WORDS)
    async with Simulator(WORLD) as simulator:
        await night(crawler, simulator, refresh="20h")
        shift(span)
        told = (await status(crawler))["keywords"]
        planned = await plan(crawler, refresh="20h")
        ended = await night(crawler, simulator, "--json", refresh="20h")
    assert (told["due"], planned["due"], ended.summary["keywords"]["due"]) == (due, due, due)
    ahead = due if span.startswith("+") else 0
    assert (told["finished_in_future"], planned["finished_in_future"]) == (ahead, ahead)
    assert ("finished on a date in the future" in ended.stderr) is bool(ahead)


async def test_nothing_of_it_is_told_where_nothing_is_dated_in_the_future(crawler):
    crawler.keywords(*WORDS)
    async with Simulator(WORLD) as simulator:
        await night(crawler, simulator)
        options = ("--max-calls-per-day", "1")
        ended = await night(crawler, simulator, *options)
        told = (await crawler("status")).stdout + (await crawler("plan", "keywords.txt", *options)).stdout
    assert ended.stdout.startswith("Stopped: the limit of calls for one day is reached")
    assert "future" not in told + ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("cap", "instead"),
    [
        (("--max-calls-per-day", "3"), "--max-calls-per-day 15"),
        (("--budget-per-day", "0.15CNY", "--price", "0.05CNY"), "--budget-per-day 0.75CNY"),
    ],
)
async def test_a_cap_of_the_day_that_they_reach_says_so_and_what_helps(crawler, shift, cap, instead):
    crawler.keywords(*WORDS)
    async with Simulator(WORLD) as simulator:
        first = await night(crawler, simulator, *cap[2:], "--json")
        assert first.summary["calls"]["charged"] == 12
        shift("+30 days")
        until = crawler.rows("SELECT date(max(sent_at), '+8 hours') FROM calls")[0][0]
        planned = (await crawler("plan", "keywords.txt", *cap)).stdout
        stopped = await night(crawler, simulator, *cap)
        told = (await crawler("status")).stdout
        helped = await night(crawler, simulator, *cap, *instead.split())
    assert (
        f"(calls dated in the future, by a clock that was ahead, count too until {until}: 12)"
        in stopped.stdout
    )
    assert stopped.stdout.rstrip().splitlines()[-2].endswith(f" {instead}")
    assert "after midnight" not in stopped.stdout
    for text in (planned, told):
        assert f"caps of a day count them until {until}" in text
    assert planned.rstrip().endswith(f"  {instead}")
    assert "3 sent: 3 charged" in helped.stdout


async def test_what_helps_is_told_once_a_day_for_it_raises_the_cap(crawler, shift):
    crawler.keywords(*WORDS)
    async with Simulator(WORLD) as simulator:
        await night(crawler, simulator)
        shift("+30 days")
        helped = await night(crawler, simulator, "--max-calls-per-day", "13")
    assert "count too until" in helped.stdout
    assert "without counting" not in helped.stdout


async def test_a_cap_that_is_not_of_the_day_does_not_speak_of_them(crawler, shift):
    crawler.keywords(*WORDS)
    async with Simulator(WORLD) as simulator:
        await night(crawler, simulator)
        shift("+30 days")
        stopped = await night(crawler, simulator, "--max-calls", "1")
        planned = await plan(crawler, "--max-calls", "1")
    assert "count too" not in stopped.stdout
    assert planned["later_calls"] is None
