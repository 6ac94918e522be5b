"""`crawler plan`, `crawler coverage` and `crawler suggest` on what real nights against the simulator left."""

import json
import re
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crawler.clock import utc_now
from crawler.keywords import read_keywords
from crawler.planning import forecast_inputs
from crawler.planning.plan import make_plan
from crawler.settings.run import RunSettings
from crawler.simulator import Simulator, SimulatorSettings
from crawler.store.lock import hold
from crawler.store.readonly import reading

KEYWORDS = ("穿搭", "露营", "美食", "护肤", "上海探店", "小个子穿搭", "露营装备", "美食探店")


async def night(crawler, simulator, *options, refresh="0s"):
    return await crawler(
        "run", "keywords.txt", "--base-url", simulator.base_url, "--rate", "unlimited", "--refresh-after",
        refresh, "-q", *options,
    )  # fmt: skip


def learnt(crawler, per_second):
    """Has the database know a limit."""
    with closing(sqlite3.connect(crawler.folder / "data" / "creators.db")) as connection, connection:
        connection.execute("DELETE FROM rate_limits")
        row = ("default", 1, per_second, 1, 60.0, 0, "2026-11-01T00:00:00.000Z")
        connection.execute("INSERT INTO rate_limits VALUES (?, ?, ?, ?, ?, ?, ?)", row)


def contents(crawler):
    """Every row of the database."""
    tables = crawler.rows("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    return {table: crawler.rows(f"SELECT * FROM {table}") for (table,) in tables}


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
    assert re.search(r"^time +\d+ min$", text, re.MULTILINE)  # at least: nobody knows
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
    assert "--max-calls (9 calls left) ends the run: about 6 of the keywords due" in told
    assert "Reading all in full would take 32 calls" in told
    chinese = await crawler("plan", "keywords.txt", *options, "--price", "0.05", "--lang", "zh")
    assert "全部采完需要 32 次调用（¥1.60）" in chinese.stdout
    spent = await plan(crawler, "--max-calls-per-day", "40")
    assert spent["calls_max"] == 8


async def test_without_a_night_what_a_cap_leaves_out_is_told_as_the_least_it_can_be(crawler):
    crawler.keywords(*KEYWORDS)
    told = (await crawler("plan", "keywords.txt", "--max-calls", "3")).stdout
    assert "--max-calls (3 calls left) ends the run: at least 5 of the keywords due are left" in told
    assert "about 5" not in told


async def test_the_narrowest_cap_is_named_with_what_was_spent_today_taken_off(crawler):
    crawler.keywords(*KEYWORDS)
    async with Simulator(SimulatorSettings(pages_per_keyword=(3, 3))) as simulator:
        await night(crawler, simulator, "--price", "0.05", "--max-calls", "10")
    caps = (
        "--price", "0.05", "--max-calls", "25", "--max-calls-per-day", "31", "--budget", "1.10",
        "--budget-per-day", "1.50",
    )  # fmt: skip
    made = await plan(crawler, *caps)
    left = {option: calls["expected"] for option, calls in made["caps"].items()}
    assert left == {"--max-calls": 25, "--max-calls-per-day": 21, "--budget": 22, "--budget-per-day": 20}
    assert (made["binding"], made["calls"]["high"], made["calls_max"]) == ("--budget-per-day", 20, 20)
    wide = await plan(crawler, "--max-calls", "5000")
    assert wide["binding"] is None
    told = await crawler("plan", "keywords.txt", "--refresh-after", "0s", "--max-calls", "5000")
    assert "No cap binds: --max-calls (5,000 calls left) would be reached first." in told.stdout


async def test_a_time_is_a_cap_at_the_pace_that_was_learnt(crawler):
    crawler.keywords(*KEYWORDS)
    async with Simulator(SimulatorSettings(pages_per_keyword=(3, 3))) as simulator:
        await night(crawler, simulator)
    learnt(crawler, per_second=0.5)
    soon = (datetime.now(UTC) + timedelta(seconds=40)).isoformat()
    made = await plan(crawler, "--until", soon)
    assert made["binding"] == "--until"
    assert 10 < made["calls"]["expected"] <= 20
    assert made["calls"]["low"] < made["calls"]["expected"]
    assert made["minutes"]["high"] <= 40 / 60
    over = await plan(crawler, "--until", "2026-01-01T07:00")
    assert over["calls"] == {"expected": 0, "low": 0, "high": 0}


async def test_a_rate_that_is_slower_than_the_limit_is_the_pace(crawler):
    crawler.keywords(*KEYWORDS)
    made = await plan(crawler, "--rate", "120/m")
    assert (made["calls_per_minute"], made["pace_learnt"]) == (120, False)
    assert "as --rate says" in (await crawler("plan", "keywords.txt", "--rate", "120/m")).stdout
    assert (await plan(crawler))["calls_per_minute"] == 40


async def test_a_dry_run_is_the_plan_and_leaves_everything_as_it_is(crawler):
    crawler.keywords(*KEYWORDS)
    # In the files' order: what a page is worth, and so an order by yield, changes while one looks.
    options = (
        "keywords.txt",
        "--order",
        "file",
        "--refresh-after",
        "0s",
        "--price",
        "0.05",
        "--budget",
        "0.40",
    )
    del crawler.environment["JUSTONEAPI_TOKEN"]
    first = await crawler("run", "--dry-run", *options)
    assert (first.exit_code, first.stdout) == (0, (await crawler("plan", *options)).stdout)
    assert [path.name for path in crawler.folder.iterdir()] == ["keywords.txt"]
    async with Simulator(SimulatorSettings(pages_per_keyword=(1, 4))) as simulator:
        command = ("run", "keywords.txt", "--base-url", simulator.base_url, "-q", "--rate", "unlimited")
        await crawler(*command, JUSTONEAPI_TOKEN="tok-1")
        learnt(crawler, 5.0)
        requests, before = simulator.bill.requests, contents(crawler)
        with hold(crawler.folder / "data" / "creators.db"):
            dry = await crawler("run", "--dry-run", *options)
            assert (dry.exit_code, dry.stderr) == (0, "")
            assert dry.stdout == (await crawler("plan", *options)).stdout
            both = [
                await crawler(*command, *options, "--json") for command in (("run", "--dry-run"), ("plan",))
            ]
            dry_json, plan_json = (
                {name: value for name, value in end.summary.items() if "creators" not in name} for end in both
            )  # what renews grows while one looks
            assert dry_json == plan_json
        assert (simulator.bill.requests, contents(crawler)) == (requests, before)


async def test_a_dry_run_refuses_what_the_run_would_refuse(crawler):
    crawler.keywords(*KEYWORDS)
    for options in (("--budget", "1"), ("--price", "2", "--budget", "1"), ("--until", "late")):
        wanted = await crawler("run", "keywords.txt", *options)
        for command in (("run", "--dry-run"), ("plan",)):
            refused = await crawler(*command, "keywords.txt", *options)
            assert (refused.exit_code, refused.stderr) == (2, wanted.stderr)


async def test_samples_alone_are_planned_with_the_word_that_they_must_be_named(crawler):
    shutil.copytree(Path(__file__).parents[2] / "keywords", crawler.folder / "keywords")
    made = await crawler("plan")
    assert "keywords due: 195 of 195" in made.stdout
    assert "are not crawled for money unless they are named" in made.stderr
    (crawler.folder / "keywords" / "own.txt").write_text("穿搭\n", encoding="utf-8")
    assert "keywords due: 1 of 1" in (await crawler("plan")).stdout


async def test_of_very_many_keywords_a_part_stands_for_all(crawler, monkeypatch):
    crawler.keywords(*(f"{place}{word}" for place in "京沪杭蓉" for word in KEYWORDS))
    async with Simulator(SimulatorSettings(pages_per_keyword=(1, 4))) as simulator:
        await night(crawler, simulator)
    settings = RunSettings("", db=crawler.folder / "data" / "creators.db", refresh_after=timedelta(0))
    plans = []
    for most in (1000, 16):
        monkeypatch.setattr(forecast_inputs.read_due_sample, "__defaults__", (most,))
        with reading(settings.db) as connection:
            keywords = read_keywords([crawler.folder / "keywords.txt"])
            plans.append(make_plan(connection, keywords, settings, 1, utc_now))
    whole, part = (made.forecast.calls for made in plans)
    assert plans[0].due == plans[1].due == 32
    assert part.low <= whole.expected <= part.high
    assert part.high - part.low > whole.high - whole.low


async def test_where_nothing_is_due_a_run_would_make_no_call(crawler):
    crawler.keywords(*KEYWORDS)
    async with Simulator(SimulatorSettings()) as simulator:
        await night(crawler, simulator)
    assert "Nothing is due" in (await crawler("plan", "keywords.txt")).stdout
    assert (await plan(crawler, refresh="20h"))["calls"]["high"] == 0


async def test_a_plan_says_which_lines_give_no_keyword_and_which_only_lose_an_option(crawler):
    rows = "关键词,最大页数,优先级\n穿搭,三,\n露营,,高\n"
    (crawler.folder / "keywords.csv").write_text(rows, encoding="utf-8")
    page_limit, priority = (await crawler("plan", "keywords.csv")).stderr.splitlines()
    assert page_limit.endswith("not '三'; the line is skipped")
    assert priority.endswith("not '高'; the keyword is read without it")


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


@pytest.mark.parametrize(
    ("keyword", "options", "why"),
    [
        ("不在里面", (), "不在里面 stands in none of the keyword files that were read"),
        ("露营", (), "露营 is not due again: asked for at 20"),
        ("露营", (), "with --refresh-after 0s it is explained now"),
        ("穿搭", (), "and its file has a refresh_after"),
        ("露营", ("--refresh-after", "0s", "--stop-below", "20"), "less is expected of it than --stop-below"),
    ],
)
async def test_what_is_not_due_is_told_with_the_reason(crawler, keyword, options, why):
    (crawler.folder / "keywords.csv").write_text("keyword,refresh_after\n露营,\n穿搭,9d\n", encoding="utf-8")
    async with Simulator(SimulatorSettings(pages_per_keyword=(2, 4))) as simulator:
        await crawler("run", "keywords.csv", "--base-url", simulator.base_url, "--rate", "unlimited", "-q")
    refused = await crawler("plan", "keywords.csv", "--explain", keyword, *options)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert why in refused.stderr


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


async def test_a_keyword_that_only_repeats_others_is_named(crawler):
    crawler.keywords("穿搭", "露营", "美食")
    async with Simulator(SimulatorSettings(seed=2, creators=5_000, pages_per_keyword=(2, 3))) as simulator:
        for _night in range(2):
            await night(crawler, simulator)
    assert json.loads((await crawler("query", "redundant", "--json")).stdout) == []
    with closing(sqlite3.connect(crawler.folder / "data" / "creators.db")) as connection, connection:
        connection.execute(
            "INSERT OR IGNORE INTO sightings SELECT endpoint_id, 3, user_key, generation, first_seen_at,"
            " first_page, first_rank, last_seen_at, last_page, last_rank FROM sightings WHERE keyword_id = 2"
        )
    (named,) = json.loads((await crawler("query", "redundant", "--json")).stdout)
    creators = crawler.rows("SELECT count(*) FROM sightings WHERE keyword_id = 2")[0][0]
    assert (named["keyword"], named["creators"]) == ("露营", creators)
    assert named["calls"] == crawler.rows("SELECT max(page) FROM pages WHERE keyword_id = 2")[0][0]
    await crawler("report", "report.html", "--lang", "en")
    page = " ".join((crawler.folder / "report.html").read_text("utf-8").split())
    assert "Other keywords find all creators of these: <bdi>露营</bdi> <code>crawler query redundant" in page


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
    table = (await crawler("suggest")).stdout.splitlines()
    assert table[0].split() == ["keyword", "creators", "share", "fans_median", "example"]
    shown = [line.split()[2:4] for line in table[2:]]
    assert shown == [[f"{100 * row['share']:.1f}", "%"] for row in rows]


async def test_time_is_planned_by_the_limit_that_was_learnt(crawler):
    crawler.keywords(*KEYWORDS)
    async with Simulator(SimulatorSettings(pages_per_keyword=(3, 3))) as simulator:
        await night(crawler, simulator)
    learnt(crawler, per_second=0.5)
    made = await plan(crawler)
    assert (made["calls_per_minute"], made["pace_learnt"]) == (30, True)
    assert made["minutes"]["expected"] == pytest.approx(32 / 30)


async def test_an_outage_teaches_no_pace(crawler):
    """Six calls in half a minute, none of which connected, say nothing of how fast answered ones go."""
    crawler.keywords("穿搭")
    async with Simulator(SimulatorSettings(pages_per_keyword=(2, 2))) as simulator:
        await night(crawler, simulator, "--max-calls", "1")
    with closing(sqlite3.connect(crawler.folder / "data" / "creators.db")) as connection, connection:
        connection.execute("UPDATE runs SET seconds = 31, users_seen = 0, keywords_done = 0")
        connection.execute("UPDATE calls SET charge = 'free'")
    assert "Pace: 40 calls a minute, reported as safe" in (await crawler("plan", "keywords.txt")).stdout
