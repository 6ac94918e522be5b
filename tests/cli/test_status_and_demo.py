"""`crawler status`, `crawler demo`, and what every command has in common."""

import asyncio
import json
import os
import platform
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from crawler.cli import COMMANDS
from crawler.simulator import Simulator, SimulatorSettings
from crawler.store.database import open_database
from crawler.vendor.search_user_v2 import SEARCH_USER_V2
from tests import forked


async def test_the_demo_meets_limit_and_quota_goes_on_and_pays_nothing_twice(crawler):
    del crawler.environment["JUSTONEAPI_TOKEN"]
    end = await crawler("demo")
    assert end.exit_code == 0
    assert "Stopped: code 303" in end.stdout
    assert "rate limit reached" in end.stderr
    assert "pages paid twice: 0." in end.stdout
    assert crawler.rows("SELECT outcome FROM runs ORDER BY id", "data/story.db") == [("stopped",), ("done",)]
    assert crawler.rows("SELECT count(*) FROM checkpoints WHERE state <> 'done'", "data/story.db") == [(0,)]


async def test_the_demo_writes_over_no_other_database(crawler):
    (crawler.folder / "mine.db").write_bytes(b"precious")
    end = await crawler("demo", "--db", "mine.db")
    assert (end.exit_code, (crawler.folder / "mine.db").read_bytes()) == (2, b"precious")


async def test_status_says_what_is_done_unfinished_failed_due_and_what_it_cost(crawler):
    crawler.keywords("穿搭", "露营", "美食", "护肤")
    async with Simulator(SimulatorSettings(pages_per_keyword=(2, 2), daily_quota=5)) as simulator:
        run = (
            "run",
            "keywords.txt",
            "--base-url",
            simulator.base_url,
            "--rate",
            "unlimited",
            "--workers",
            "1",
        )
        await crawler(*run)
    text = (await crawler("status")).stdout
    assert "1 done, 1 unfinished, 0 failed, 2 never asked" in text
    assert "unfinished, will continue at: 露营, page 3" in text
    assert "due now: 3" in text
    assert text.rstrip().endswith("crawler run keywords.txt")
    (crawler.folder / "crawler.toml").write_text('[run]\npaths = ["lists"]\n')
    (crawler.folder / "keywords.txt").rename(crawler.folder / "gone.txt")
    text = (await crawler("status")).stdout
    assert "run PATHS  (PATHS: the keyword files as before; without any a run takes lists)" in text
    found = json.loads((await crawler("status", "--json")).stdout)
    assert found["days"][0] | {"day": ""} == {"day": "", "sent": 6, "charged": 5, "free": 1, "unknown": 0}
    assert found["runs"][0]["outcome"] == "stopped"
    assert found["keywords"]["due"] == 3
    assert found["creators"] == crawler.rows("SELECT count(*) FROM users")[0][0]


async def test_the_command_that_goes_on_names_files_only_where_a_run_without_any_takes_others(crawler):
    (crawler.folder / "keywords").mkdir()
    (crawler.folder / "keywords" / "a.txt").write_text("穿搭\n露营\n", encoding="utf-8")
    (crawler.folder / "crawler.toml").write_text('[profiles.beauty]\ndb = "data/beauty.db"\norder = "file"\n')
    async with Simulator(SimulatorSettings(pages_per_keyword=(2, 2), daily_quota=3)) as simulator:
        run = ("run", "--base-url", simulator.base_url, "--rate", "unlimited")
        await crawler(*run)
        assert (await crawler("status")).stdout.rstrip().endswith(" -m crawler run")
        (crawler.folder / "keywords" / "b.txt").write_text("美食\n", encoding="utf-8")
        assert (await crawler("status")).stdout.rstrip().endswith(" -m crawler run keywords/a.txt")
        await crawler(*run, "--profile", "beauty")
    told = (await crawler("status", "--profile", "beauty")).stdout.rstrip()
    assert told.endswith(" -m crawler run --profile beauty --db data/beauty.db")


CAPPED = (
    "run", "keywords.txt", "--rate", "unlimited", "--workers", "1", "--max-calls", "2", "--price", "0.05",
    "--budget", "20CNY", "--until", "07:00", "--max-pages", "3", "--refresh-after", "7d",
    "--refresh", "worthwhile", "--stop-below", "0.5",
)  # fmt: skip
CAPS = (
    "crawler run keywords.txt --max-pages 3 --max-calls 2 --price 0.05CNY --budget 20CNY --until 07:00"
    " --refresh-after 7d --refresh worthwhile --stop-below 0.5"
)


async def test_the_command_that_goes_on_has_the_caps_of_the_run_and_no_token(crawler):
    crawler.keywords("穿搭", "露营", "美食", "护肤")
    async with Simulator(SimulatorSettings(pages_per_keyword=(2, 2))) as simulator:
        await crawler(*CAPPED, "--base-url", simulator.base_url)
        told = (await crawler("status")).stdout
        assert told.rstrip().endswith(CAPS)
        assert crawler.environment["JUSTONEAPI_TOKEN"] not in told
        going_on = [*CAPS.split()[1:], "--rate", "unlimited", "--base-url", simulator.base_url]
        assert (await crawler(*going_on)).exit_code == 75
        assert crawler.rows("SELECT count(*) FROM calls WHERE charge = 'charged'") == [(4,)]
        await crawler("run", "keywords.txt", "--max-calls", "0", "--base-url", simulator.base_url)
    assert (await crawler("status")).stdout.rstrip().endswith("crawler run keywords.txt --max-calls 0")


async def test_caps_that_the_next_run_finds_by_itself_are_not_named(crawler):
    crawler.keywords("穿搭", "露营", "美食", "护肤")
    (crawler.folder / ".env").write_text("CRAWLER_MAX_CALLS_PER_DAY=3\n")
    (crawler.folder / "crawler.toml").write_text(
        "max-calls = 2\nmax-pages = 5\n[profiles.few]\nmax-calls = 1\n"
    )
    run = ("run", "keywords.txt", "--rate", "unlimited", "--workers", "1")
    async with Simulator(SimulatorSettings(pages_per_keyword=(2, 2))) as simulator:
        await crawler(*run, "--base-url", simulator.base_url)
        assert (await crawler("status")).stdout.rstrip().endswith("crawler run keywords.txt")
        await crawler(*run, "--base-url", simulator.base_url, "--profile", "few", CRAWLER_STOP_BELOW="0.5")
    told = (await crawler("status")).stdout
    assert told.rstrip().endswith("run keywords.txt --max-pages 5 --max-calls 1 --stop-below 0.5")


async def test_status_counts_what_the_command_that_it_names_would_ask_for(crawler):
    crawler.keywords("穿搭", "露营")
    async with Simulator(SimulatorSettings(pages_per_keyword=(3, 3))) as simulator:
        run = ("run", "keywords.txt", "--max-pages", "1", "--base-url", simulator.base_url)
        assert (await crawler(*run)).exit_code == 0
    assert "due now: 0" in (await crawler("status")).stdout
    deeper = (await crawler("status", "--max-pages", "2")).stdout
    assert "due now: 2" in deeper
    assert deeper.rstrip().endswith("crawler run keywords.txt --max-pages 2")


async def test_status_tells_a_run_that_goes_on_from_one_that_died_and_only_then_suggests_to_go_on(crawler):
    crawler.keywords("穿搭", "露营")
    async with Simulator(SimulatorSettings(faults={"hang": 1.0})) as simulator:
        process = await crawler.start("run", "keywords.txt", "--base-url", simulator.base_url)
        while not simulator.bill.requests:
            await asyncio.sleep(0.01)
        running = (await crawler("status")).stdout
        with closing(sqlite3.connect(crawler.folder / "data" / "creators.db")) as connection:
            with connection:
                connection.execute("UPDATE runs SET host = 'another machine'")
            elsewhere = (await crawler("status")).stdout
            with connection:
                connection.execute("UPDATE runs SET host = ?", (platform.node(),))
        process.kill()
        await process.communicate()
    died = (await crawler("status")).stdout
    assert ("  running  " in running, "To continue" in running) == (True, False)
    assert "  running or crashed  " in elsewhere
    assert "  crashed  " in died
    assert "the process ended abruptly" in died
    assert "To continue" in died
    lives = [run["lives"] for run in json.loads((await crawler("status", "--json")).stdout)["runs"]]
    assert lives == [False]
    async with Simulator() as simulator:  # which writes down that the other one crashed
        await crawler("run", "keywords.txt", "--base-url", simulator.base_url, "--rate", "unlimited")
    later = (await crawler("status")).stdout
    for told in (running, elsewhere, died, later):  # how many were due, and the time, are not known
        row = next(line for line in told.splitlines() if line.startswith("  1  "))
        assert not re.search(r"\d/\d|\d s\b", row)


async def test_a_keyword_that_failed_is_told_with_its_reason(crawler):
    crawler.keywords("穿搭")
    async with Simulator(SimulatorSettings(faults={"unknown-code": 1.0})) as simulator:
        await crawler("run", "keywords.txt", "--base-url", simulator.base_url)
    assert "failed, due again next time: 穿搭, page 1: code" in (await crawler("status")).stdout


async def test_status_after_somebody_is_forgotten_contradicts_nothing(crawler):
    crawler.keywords("穿搭")
    async with Simulator(SimulatorSettings(pages_per_keyword=(1, 1), users_per_page=6)) as simulator:
        await crawler("run", "keywords.txt", "--base-url", simulator.base_url, "--rate", "unlimited")
    names = [row[0] for row in crawler.rows("SELECT id FROM users")]
    await crawler("forget", names[0], "--yes")
    told = f"creators: {len(names) - 1}; new in the last run that brought any: {len(names)}"
    assert told in (await crawler("status")).stdout


@pytest.mark.parametrize("command", ["status", "query new", "search a", "report", "verify", "export a.csv"])
async def test_where_only_the_demo_was_played_its_database_is_named(command, crawler):
    (crawler.folder / "data").mkdir()
    (crawler.folder / "data" / "demo.db").touch()
    end = await crawler(*command.split())
    assert (end.exit_code, "--db data/demo.db" in end.stderr) == (2, True)


async def test_status_of_no_database_says_how_one_is_made(crawler):
    end = await crawler("status")
    assert (end.exit_code, "crawler run" in end.stderr, "--db" in end.stderr) == (2, True, False)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_examples(command):
    shown = forked.run([command, "--help"], Path.cwd(), os.environ)
    assert shown.returncode == 0
    assert "Examples:" in shown.stdout
    assert f"crawler {command}" in shown.stdout


async def test_a_reader_that_has_read_enough_is_no_error(crawler):
    crawler.keywords("穿搭")
    async with Simulator(SimulatorSettings()) as simulator:
        await crawler("run", "keywords.txt", "--base-url", simulator.base_url)
    process = await crawler.start("query", "SELECT * FROM users, users AS again")
    await process.stdout.readline()
    process.stdout._transport.close()
    errors = await process.stderr.read()
    await process.wait()
    assert errors == b""


async def test_a_file_that_is_no_database_is_said_to_be_none(crawler):
    (crawler.folder / "data").mkdir()
    (crawler.folder / "data" / "creators.db").write_text("hello" * 1000)
    crawler.keywords("穿搭")
    for command in (("status",), ("run", "keywords.txt")):
        end = await crawler(*command)
        assert (end.exit_code, "Traceback" in end.stderr) == (2, False)
        assert "creators.db" in end.stderr


async def test_a_database_of_another_program_is_left_alone(crawler):
    (crawler.folder / "data").mkdir()
    path = crawler.folder / "data" / "creators.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE users (name TEXT)")
    crawler.keywords("穿搭")
    end = await crawler("run", "keywords.txt")
    assert (end.exit_code, "another program" in end.stderr) == (2, True)


@pytest.mark.parametrize(
    ("learnt", "told"),
    [
        ((24.4, 1, 1.0, 0), "rate limit: about 24.4/s, counted by the second (learnt 2026-11-25 09:30)"),
        ((2 / 3, 1, 60.0, 0), "rate limit: about 40/m, counted over any minute (learnt 2026-11-25 09:30)"),
        (
            (0.5, 1, 60.0, 1),
            "rate limit: about 30/m, counted by the minute, from one minute to the next"
            " (learnt 2026-11-25 09:30)",
        ),
        (
            (7, 1, None, None),
            "rate limit: about 7/s, how it is counted is not known (learnt 2026-11-25 09:30)",
        ),
        ((50, 0, None, None), "rate limit: none met up to 50/s (2026-11-25 09:30)"),
    ],
)
async def test_status_says_what_was_learnt_of_the_limit_and_when(crawler, learnt, told):
    path = crawler.folder / "data" / "creators.db"
    path.parent.mkdir(exist_ok=True)
    with closing(open_database(path)) as db, db.atomic():
        row = ("default", SEARCH_USER_V2.id, *learnt, "2026-11-25T01:30:00.000Z")
        db.conn.execute("INSERT INTO rate_limits VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    assert told in (await crawler("status")).stdout.splitlines()
    kept = json.loads((await crawler("status", "--json")).stdout)["rate_limit"]
    assert (kept["learnt"]["per_second"], kept["learnt_at"]) == (learnt[0], "2026-11-25T01:30:00.000Z")
