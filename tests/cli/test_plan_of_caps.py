"""What a plan says of caps: where one begins anew, and where none is left."""

import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest

from crawler.cli.plan_text import plan_lines
from crawler.clock import next_shanghai_day, utc_now
from crawler.keywords import read_keywords
from crawler.planning.plan import make_plan
from crawler.settings.run import RunSettings
from crawler.simulator import Simulator, SimulatorSettings
from crawler.store.readonly import reading
from tests.cli.test_plan import KEYWORDS, learnt, night, plan


async def test_a_plan_over_midnight_says_that_it_counts_what_the_next_day_allows(crawler):
    crawler.keywords(*KEYWORDS)
    async with Simulator(SimulatorSettings(pages_per_keyword=(3, 3))) as simulator:
        await night(crawler, simulator)
    learnt(crawler, per_second=0.5)
    db = crawler.folder / "data" / "creators.db"
    with closing(sqlite3.connect(db, isolation_level=None)) as connection:  # before `early`, whenever that is
        connection.execute("UPDATE checkpoints SET finished_at = datetime(finished_at, '-1 hour')")
    settings = RunSettings("", db=db, refresh_after=timedelta(0), calls_max_per_day=32 + 31)
    late = next_shanghai_day(utc_now()) - timedelta(seconds=40)
    with reading(db) as connection:
        keywords = [*read_keywords([crawler.folder / "keywords.txt"])]
        made = make_plan(connection, keywords, settings, 1, lambda: late)
        early = make_plan(connection, keywords, settings, 1, lambda: late - timedelta(minutes=30))
    assert (early.binding.option, early.forecast.calls.high) == ("--max-calls-per-day", 31)
    assert (made.binding, made.forecast.calls.expected) == (None, 32)
    words = (
        "--max-calls-per-day (83 calls left, with those after midnight in Shanghai) would be reached first"
    )
    assert words in "\n".join(plan_lines(made, settings))


async def test_minutes_after_a_night_nobody_says_that_not_one_creator_can_be_new(crawler):
    crawler.keywords(*KEYWORDS)
    async with Simulator(SimulatorSettings(creators=300, pages_per_keyword=(2, 3))) as simulator:
        for _night in range(2):
            await night(crawler, simulator)
        soon = (await plan(crawler))["creators"]
        assert round(soon["expected"]) == round(soon["low"]) == 0
        assert round(soon["high"]) >= 1
        ended = await night(crawler, simulator, "--json")
    assert round(ended.summary["forecast"]["creators"]["high"]) >= 1
    assert (await plan(crawler, "--max-calls", "0"))["creators"]["high"] == 0


async def test_an_account_is_not_planned_faster_than_its_rate_while_its_limit_is_unknown(crawler):
    crawler.keywords(*KEYWORDS)
    (crawler.folder / "crawler.toml").write_text(
        '[accounts.main]\ntoken-env = "MAIN"\nrate = "auto:6/m"\nprice = "0.000000001"\n'
        '[accounts.spare]\ntoken-env = "SPARE"\nmax-calls = 2\n', "utf-8"
    )  # fmt: skip
    made = await plan(crawler, "--max-calls", "5")
    main, spare = made["accounts"]
    assert (main["calls_per_minute"], spare["calls_per_minute"]) == (6, 40)
    assert (main["price"], spare["price"]) == ("0.000000001", None)
    assert made["minutes"]["expected"] == pytest.approx(3 / 6)
    assert made["minutes"]["high"] >= 3 / 6
    refused = await crawler("plan", "keywords.txt", "--price", "0.0000001", "--budget", "0.00000001")
    assert "the budget of 0.00000001 does not pay for one call at 0.0000001" in refused.stderr


async def test_by_a_clock_that_was_set_back_no_fewer_than_no_creators_are_expected(crawler):
    crawler.keywords(*KEYWORDS)
    async with Simulator(SimulatorSettings(creators=300, pages_per_keyword=(2, 3))) as simulator:
        await night(crawler, simulator)
    db = crawler.folder / "data" / "creators.db"
    settings = RunSettings("", db=db, refresh_after=timedelta(0))
    with reading(db) as connection:
        keywords = read_keywords([crawler.folder / "keywords.txt"])
        made = make_plan(connection, keywords, settings, 1, lambda: utc_now() - timedelta(days=2))
    assert 0 <= made.forecast.creators.low <= made.forecast.creators.expected


async def test_the_money_of_a_plan_is_that_of_the_calls_it_shows(crawler):
    crawler.keywords(*KEYWORDS)
    async with Simulator(SimulatorSettings(pages_per_keyword=(1, 4))) as simulator:
        for _night in range(2):
            await night(crawler, simulator)
    made = await plan(crawler, "--price", "0.05")
    for bound in ("expected", "low", "high"):
        assert made["money"][bound] == pytest.approx(0.05 * round(made["calls"][bound]))
    assert any(calls != round(calls) for calls in made["calls"].values())


async def test_what_a_cap_leaves_of_keywords_that_were_broken_off_is_the_whole_of_them(crawler):
    """The order by yield may look at their first pages again, which bring as much as the others."""
    crawler.keywords(*KEYWORDS)
    db = crawler.folder / "data" / "creators.db"
    async with Simulator(SimulatorSettings(pages_per_keyword=(3, 3))) as simulator:
        await night(crawler, simulator)
        await night(crawler, simulator, "--order", "yield", "--max-calls", "8")
    settings = RunSettings("", db=db, refresh_after=timedelta(0), calls_max=16, order="yield")
    with reading(db) as connection:
        keywords = [*read_keywords([crawler.folder / "keywords.txt"])]
        made = make_plan(connection, keywords, settings, 1, lambda: utc_now() + timedelta(days=2))
    whole = made.forecast.creators.expected + made.creators_left_out
    assert made.unfinished
    assert made.creators_left_out > 0.2 * whole
