"""`crawler plan`, `crawler coverage` and `crawler suggest` on what real nights against the simulator left."""

import json
import sqlite3
from contextlib import closing

import pytest

from crawler.simulator import Simulator, SimulatorSettings

KEYWORDS = ("穿搭", "露营", "美食", "护肤", "上海探店", "小个子穿搭", "露营装备", "美食探店")


async def night(crawler, simulator, *options, refresh="0s"):
    return await crawler(
        "run", "keywords.txt", "--base-url", simulator.base_url, "--rate", "unlimited", "--refresh-after",
        refresh, "-q", *options,
    )  # fmt: skip


async def plan(crawler, *options, refresh="0s"):
    end = await crawler("plan", "keywords.txt", "--json", "--refresh-after", refresh, *options)
    assert end.exit_code == 0, end.stderr
    return json.loads(end.stdout)


async def test_before_the_first_night_there_are_bounds_and_no_database_is_made(crawler):
    crawler.keywords(*KEYWORDS)
    made = await plan(crawler, "--max-pages", "7", "--price", "0.05")
    assert made["calls"] == {"expected": None, "low": len(KEYWORDS), "high": 7 * len(KEYWORDS)}
    assert made["money"]["high"] == pytest.approx(7 * len(KEYWORDS) * 0.05)
    assert made["creators"] is None
    text = (await crawler("plan", "keywords.txt")).stdout
    assert "has no finished night yet" in text
    assert not (crawler.folder / "data").exists()


async def test_a_night_goes_as_planned_and_planning_costs_and_writes_nothing(crawler):
    crawler.keywords(*KEYWORDS)
    async with Simulator(SimulatorSettings(pages_per_keyword=(1, 6))) as simulator:
        await night(crawler, simulator)
        tables = ("runs", "calls", "keywords", "checkpoints")
        before = [crawler.rows(f"SELECT * FROM {table}") for table in tables]
        charged = simulator.bill.charged
        made = await plan(crawler)
        assert [crawler.rows(f"SELECT * FROM {table}") for table in tables] == before
        assert simulator.bill.charged == charged
        await night(crawler, simulator)
        came = simulator.bill.charged - charged
    assert (made["due"], made["again"]) == (len(KEYWORDS), len(KEYWORDS))
    assert made["calls"]["low"] <= came <= made["calls"]["high"]
    assert made["calls"]["expected"] == came == charged


async def test_keywords_are_counted_as_the_run_will_find_them(crawler):
    crawler.keywords(*KEYWORDS[:4])
    async with Simulator(SimulatorSettings(pages_per_keyword=(3, 3))) as simulator:
        await night(crawler, simulator, "--max-calls", "10", "--workers", "1")
    crawler.keywords(*KEYWORDS)
    made = await plan(crawler, refresh="20h")
    assert (made["listed"], made["due"], made["unfinished"], made["never_asked"]) == (8, 6, 1, 5)
    assert made["calls"]["expected"] == pytest.approx(2 + 5 * 4)


async def test_a_cap_is_told_with_what_it_leaves_out(crawler):
    crawler.keywords(*KEYWORDS)
    async with Simulator(SimulatorSettings(pages_per_keyword=(3, 3))) as simulator:
        await night(crawler, simulator)
    made = await plan(crawler, "--max-calls", "9", "--order", "file")
    assert made["calls"] == {"expected": 9, "low": 9, "high": 9}
    assert (made["calls_in_full"]["expected"], made["keywords_left_out"]) == (32, 6)
    options = ("--refresh-after", "0s", "--max-calls", "9", "--order", "file")
    told = (await crawler("plan", "keywords.txt", *options)).stdout
    assert "leaves out about 6 keywords" in told
    spent = await plan(crawler, "--max-calls-per-day", "40")
    assert spent["calls_max"] == 8


async def test_where_nothing_is_due_a_run_would_make_no_call(crawler):
    crawler.keywords(*KEYWORDS)
    async with Simulator(SimulatorSettings()) as simulator:
        await night(crawler, simulator)
    assert "Nothing is due" in (await crawler("plan", "keywords.txt")).stdout
    assert (await plan(crawler, refresh="20h"))["calls"]["high"] == 0


async def test_it_is_explained_why_a_keyword_stands_where_it_does(crawler):
    crawler.keywords(*KEYWORDS)
    async with Simulator(SimulatorSettings(pages_per_keyword=(2, 4))) as simulator:
        await night(crawler, simulator)
    why = await plan(crawler, "--explain", " 露营 ")
    product = why["base"] * why["neighbours"] * why["keyword"] * why["days"] * why["tonight"]
    assert why["expected"] == pytest.approx(product)
    assert 1 <= why["place"] <= why["of"] == len(KEYWORDS)
    told = (await crawler("plan", "keywords.txt", "--refresh-after", "0s", "--explain", "露营")).stdout
    assert "露营, page 1: place" in told
    refused = await crawler("plan", "keywords.txt", "--explain", "不在里面")
    assert (refused.exit_code, "不在里面" in refused.stderr) == (2, True)


async def test_the_order_that_brings_most_can_be_planned(crawler):
    crawler.keywords(*KEYWORDS)
    async with Simulator(SimulatorSettings(pages_per_keyword=(2, 4))) as simulator:
        await night(crawler, simulator)
    made = await plan(crawler, "--order", "yield", "--max-calls", "3")
    assert made["order"] == "yield"
    assert made["creators"]["low"] <= made["creators"]["expected"] <= made["creators"]["high"]
    assert made["keywords_left_out"] >= len(KEYWORDS) - 3


async def test_coverage_comes_near_the_whole_of_a_small_world(crawler):
    """The simulator draws from so many creators: some keywords find a part, and say how many there are."""
    crawler.keywords(
        *(f"{place}{niche}" for place in ("上海", "成都", "西安", "杭州") for niche in KEYWORDS[:4])
    )
    async with Simulator(SimulatorSettings(creators=300, pages_per_keyword=(2, 3))) as simulator:
        await night(crawler, simulator)
    found = json.loads((await crawler("coverage", "--json")).stdout)
    estimate = found["estimate"]
    assert estimate["found"] == crawler.rows("SELECT count(*) FROM users")[0][0] < 300
    assert estimate["found"] < estimate["total"] <= 330
    saved = found["calls_saved"]
    assert (saved > 0) == bool(found["redundant"])
    assert found["creators_lost"] <= 0.01 * estimate["found"]


async def test_coverage_names_the_keywords_that_only_repeat_others(crawler):
    (crawler.folder / "keywords.csv").write_text(
        "keyword,tags\n穿搭,a\n小个子穿搭,a\n露营,b\n美食,b\n", "utf-8"
    )
    async with Simulator(SimulatorSettings(creators=60, pages_per_keyword=(3, 4))) as simulator:
        await crawler("run", "keywords.csv", "--base-url", simulator.base_url, "--rate", "unlimited", "-q")
    told = (await crawler("coverage")).stdout
    assert "Chao2, 95 %" in told
    assert "fewer calls" in told
    assert json.loads((await crawler("coverage", "--tag", "a", "--json")).stdout)["estimate"]["keywords"] == 2
    none = await crawler("coverage", "--tag", "nobody")
    assert (none.exit_code, "fewer than two" in none.stderr) == (2, True)


async def test_suggestions_are_a_keyword_file(crawler):
    crawler.keywords("上海", "成都", "北京")
    async with Simulator(SimulatorSettings(creators=500, pages_per_keyword=(5, 5))) as simulator:
        await night(crawler, simulator)
        (crawler.folder / "more.csv").write_text((await crawler("suggest", "--csv")).stdout, encoding="utf-8")
        made = json.loads((await crawler("plan", "more.csv", "--json")).stdout)
    rows = json.loads((await crawler("suggest", "--json")).stdout)
    assert made["listed"] == made["never_asked"] == len(rows) > 3
    texts = [
        f"{name}{bio}"
        for name, bio in crawler.rows("SELECT coalesce(name, ''), coalesce(bio, '') FROM users")
    ]
    for row in rows:
        assert sum(row["keyword"] in text.casefold() for text in texts) >= row["creators"]
    assert "creators" in (await crawler("suggest")).stdout


async def test_time_is_planned_by_the_limit_that_was_learnt(crawler):
    crawler.keywords(*KEYWORDS)
    async with Simulator(SimulatorSettings(pages_per_keyword=(3, 3))) as simulator:
        await night(crawler, simulator)
    with closing(sqlite3.connect(crawler.folder / "data" / "creators.db")) as connection, connection:
        connection.execute("DELETE FROM rate_limits")
        connection.execute(
            "INSERT INTO rate_limits VALUES ('default', 1, 0.5, 1, 60.0, 0, '2026-11-01T00:00:00.000Z')"
        )
    made = await plan(crawler)
    assert (made["calls_per_minute"], made["pace_learnt"]) == (30, True)
    assert made["minutes"]["expected"] == pytest.approx(32 / 30)
