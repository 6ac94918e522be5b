"""After the night: how far the forecast was off, in the summary, in `crawler status` and in the report."""

import asyncio
import json
import signal
import sqlite3
from contextlib import closing

import pytest

from crawler.simulator import Simulator, SimulatorSettings

KEYWORDS = tuple(f"{place}{word}" for place in "京沪杭蓉" for word in ("穿搭", "露营", "美食"))
WORLD = SimulatorSettings(seed=3, pages_per_keyword=(2, 5), creators=800)


def night(simulator, *options):
    return (
        "run", "keywords.txt", "--base-url", simulator.base_url, "--rate", "unlimited", "--refresh-after",
        "0s", "--price", "0.05", "--json", *options,
    )  # fmt: skip


async def planned(crawler, *options):
    return (await crawler("plan", "keywords.txt", "--refresh-after", "0s", "--json", *options)).summary


async def last_run(crawler):
    return (await crawler("status", "--json")).summary["runs"][0]


async def report(crawler):
    await crawler("report", "report.html", "--lang", "en")
    return " ".join((crawler.folder / "report.html").read_text("utf-8").split())


@pytest.fixture
async def simulator(crawler):
    """A world after its first night."""
    crawler.keywords(*KEYWORDS)
    async with Simulator(WORLD) as playing:
        ended = await crawler(*night(playing))
        assert ended.exit_code == 0
        yield playing


async def test_a_night_is_compared_with_what_the_plan_said_before_it(crawler, simulator):
    plan = await planned(crawler)
    before = simulator.bill.charged
    simulator.settings = simulator.settings.changed({"night": 1, "new_share": 0.1})
    summary = (await crawler(*night(simulator))).summary
    told = summary["forecast"]
    assert {name: told["calls"][name] for name in ("expected", "came", "held")} == {
        "expected": plan["calls"]["expected"], "came": simulator.bill.charged - before, "held": True,
    }  # fmt: skip
    assert told["money"]["came"] == pytest.approx(0.05 * told["calls"]["came"])
    assert told["creators"]["came"] == summary["creators"]["new"]
    assert told["creators"]["expected"] == pytest.approx(plan["creators"]["expected"], abs=1)
    assert told["cut_short"] is False
    assert (await last_run(crawler))["forecast"] == told
    text = (await crawler("status")).stdout
    assert f"forecast of run 2:\n  {told['calls']['came']} calls (expected: " in text
    assert f"Forecast: {told['calls']['came']} calls (expected: " in await report(crawler)


async def test_a_first_night_is_compared_with_its_bounds(crawler):
    crawler.keywords(*KEYWORDS)
    async with Simulator(WORLD) as simulator:
        told = (await crawler(*night(simulator))).summary["forecast"]
    assert (told["calls"]["low"], told["calls"]["high"]) == (len(KEYWORDS), 50 * len(KEYWORDS))
    assert (told["calls"]["held"], told["creators"]) == (True, None)


async def test_a_capped_night_is_compared_under_its_cap_and_told_beside_the_full_one(crawler, simulator):
    full = (await planned(crawler))["calls"]["expected"]
    told = (await crawler(*night(simulator, "--max-calls", "9"))).summary["forecast"]
    assert (told["cut_short"], told["calls"]["expected"], told["calls"]["held"]) == (False, 9, True)
    assert told["calls_in_full"]["expected"] == full
    page = await report(crawler)
    assert f"would have taken about {round(full)} charged calls (¥{0.05 * full:.2f})" in page
    assert "It took 9 (¥0.45)" in page


async def test_a_night_that_a_quota_cuts_short_is_compared_as_far_as_it_came(crawler, simulator):
    full = (await planned(crawler))["calls"]["expected"]
    simulator.settings = simulator.settings.changed({"daily_quota": simulator.bill.charged + 10})
    summary = (await crawler(*night(simulator))).summary
    told = summary["forecast"]
    assert (summary["reason_code"], told["cut_short"]) == ("daily_quota", True)
    assert (told["calls"]["expected"], told["calls"]["came"], told["calls"]["held"]) == (full, 10, None)
    assert told["minutes"]["held"] is None
    text = (await crawler("status")).stdout
    assert "  10 calls (cut short; expected in all: " in text
    assert "new creators (expected: " in text
    assert "as far as it came: " in text


@pytest.mark.parametrize("options", [(), ("--max-calls-per-day", "0")])
async def test_a_start_on_a_day_that_is_used_up_tells_of_no_forecast(crawler, simulator, options):
    simulator.settings = simulator.settings.changed({"daily_quota": simulator.bill.charged})
    ended = await crawler(*night(simulator, *options))
    assert ended.summary["calls"]["charged"] == 0
    assert ended.summary["forecast"] is None
    assert (await last_run(crawler))["forecast"] is None
    assert "forecast of run 2" not in (await crawler("status")).stdout


async def test_an_interrupted_night_keeps_its_forecast(crawler, simulator):
    simulator.settings = simulator.settings.changed({"latency_seconds": [0.2, 0.2]})
    process = await crawler.start(*night(simulator, "--workers", "1"))
    before = simulator.bill.requests
    while simulator.bill.requests < before + 6:
        await asyncio.sleep(0.01)
    process.send_signal(signal.SIGINT)
    stdout, _stderr = await asyncio.wait_for(process.communicate(), 60)
    assert json.loads(stdout)["forecast"]["cut_short"] is True


async def test_a_killed_night_is_compared_once_the_next_one_has_counted_its_calls(crawler, simulator):
    simulator.settings = simulator.settings.changed({"latency_seconds": [0.3, 0.3]})
    process = await crawler.start(*night(simulator, "--workers", "1"))
    kept = "SELECT count(*) FROM forecasts WHERE run_id = 2"
    saved = "SELECT count(*) FROM calls WHERE run_id = 2 AND charge = 'charged'"
    while not (crawler.rows(kept)[0][0] and crawler.rows(saved)[0][0] > 1):
        await asyncio.sleep(0.02)
    process.kill()
    await process.communicate()
    assert (await last_run(crawler))["forecast"] is None
    charged = crawler.rows(saved)[0][0]
    await crawler(*night(simulator, "--max-calls", "0"))
    told = (await crawler("status", "--json")).summary["runs"][1]
    assert (told["outcome"], told["forecast"]["cut_short"]) == ("crashed", True)
    assert told["forecast"]["calls"]["came"] == charged


async def test_pruned_calls_change_no_comparison(crawler, simulator):
    before = (await last_run(crawler))["forecast"]
    with closing(sqlite3.connect(crawler.folder / "data" / "creators.db")) as connection, connection:
        connection.execute("DELETE FROM calls")
    assert (await last_run(crawler))["forecast"] == before


async def test_where_nothing_is_due_nothing_is_forecast(crawler, simulator):
    ended = await crawler(*night(simulator), "--refresh-after", "20h")
    assert (ended.summary["reason_code"], ended.summary["forecast"]) == ("nothing_due", None)


async def test_no_call_waits_for_the_forecast(crawler, simulator):
    """The pages of this night are not in it, though they are saved while it is made."""
    plan = await planned(crawler)
    summary = (await crawler(*night(simulator, "--workers", "32"))).summary
    assert summary["forecast"]["calls"]["expected"] == plan["calls"]["expected"]
    growth = json.loads(crawler.rows("SELECT growth FROM forecasts ORDER BY run_id DESC")[0][0])
    assert growth == sorted(growth)
    assert growth[-1][0] == pytest.approx(plan["calls"]["expected"])
    assert len(growth) <= 20
