"""`crawler run` as a process, against the real simulator on a real socket."""

import asyncio
import json
import signal
import sqlite3
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from crawler.simulator import EndStyle, HttpWay, Simulator, SimulatorSettings
from crawler.store.database import open_database
from crawler.store.runs import claim_service

from .conftest import TOKEN, ended

KEYWORDS = ("穿搭", "美食探店", "露营", "亲子游", "护肤", "健身")
SAMPLE = Path(__file__).parents[1] / "data" / "user-search-v2.json"
FAULTS = {"301": 0.1, "500": 0.05, "503": 0.03, "html": 0.03, "drop": 0.02}
QUICK = ("--rate", "unlimited", "--json")


def crawl(simulator, *arguments):
    return ("run", "keywords.txt", "--base-url", simulator.base_url, *QUICK, *arguments)


async def test_a_night_brings_every_creator_once_and_the_next_command_makes_no_call(crawler, users):
    crawler.keywords(*KEYWORDS)
    async with Simulator(SimulatorSettings(seed=3)) as simulator:
        first = (await crawler(*crawl(simulator))).summary
        again = (await crawler(*crawl(simulator))).summary
        assert users() == sorted(simulator.truth(KEYWORDS).ids)
        assert first["calls"]["charged"] == simulator.bill.charged == simulator.bill.requests
    assert first["outcome"] == again["outcome"] == "done"
    assert first["keywords"] == {"due": 6, "done": 6, "failed": 0, "left": 0}
    assert first["users"]["new"] == first["users"]["total"] == len(users())
    assert (again["keywords"]["due"], again["calls"]["sent"], again["reason"]) == (0, 0, "nothing is due")


@pytest.mark.parametrize("way", HttpWay)
@pytest.mark.parametrize("layout", "ABC")
async def test_with_faults_in_both_http_ways_nothing_is_lost_invented_or_paid_twice(
    crawler, users, way, layout
):
    crawler.keywords(*KEYWORDS)
    settings = SimulatorSettings(
        seed=5, http_way=way, layouts={layout: 1}, faults=FAULTS, faulty_attempts_max=2, odd_share=0.05,
        codes_as_text=layout == "B",
    )  # fmt: skip
    async with Simulator(settings) as simulator:
        end = await crawler(*crawl(simulator), CRAWLER_WORKERS="6")
        truth = simulator.truth(KEYWORDS)
        ids = {user for user in users() if not user.startswith("red_id:")}
        assert end.exit_code == 0
        assert ids == truth.ids
        assert {user for user in users() if user.startswith("red_id:")} == {
            f"red_id:{red_id}" for red_id in truth.red_ids_without_id
        }
        assert not simulator.bill.charged_twice()
        calls = end.summary["calls"]
        assert calls["sent"] == simulator.bill.requests
        assert calls["charged"] == simulator.bill.charged


async def test_stopped_by_the_quota_the_same_command_goes_on_and_each_page_is_charged_once(crawler, users):
    crawler.keywords(*KEYWORDS)
    async with Simulator(SimulatorSettings(seed=3, daily_quota=8, latency_seconds=(0.01, 0.02))) as simulator:
        stopped = await crawler(*crawl(simulator))
        assert stopped.exit_code == stopped.summary["exit_code"] == 75
        assert stopped.summary["outcome"] == "stopped"
        assert stopped.summary["calls"]["charged"] == 8
        assert stopped.summary["keywords"]["left"] > 0
        simulator.reset_quota()
        simulator.settings = replace(simulator.settings, daily_quota=None)
        assert (await crawler(*crawl(simulator))).exit_code == 0
        assert users() == sorted(simulator.truth(KEYWORDS).ids)
        assert not simulator.bill.charged_twice()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_interrupted_it_saves_what_is_in_flight_and_goes_on_without_paying_twice(
    crawler, users, number
):
    crawler.keywords(*KEYWORDS)
    async with Simulator(SimulatorSettings(seed=3, latency_seconds=(0.1, 0.3))) as simulator:
        process = await crawler.start(*crawl(simulator, "-vv"))
        async for line in process.stderr:
            if "new creators" in line.decode():
                break
        process.send_signal(number)
        interrupted = await ended(process)
        assert interrupted.exit_code == 128 + number
        assert interrupted.summary["outcome"] == "interrupted"
        assert interrupted.summary["calls"]["unknown"] == 0
        assert interrupted.summary["calls"]["charged"] == simulator.bill.charged
        assert (await crawler(*crawl(simulator))).exit_code == 0
        assert users() == sorted(simulator.truth(KEYWORDS).ids)
        assert not simulator.bill.charged_twice()


async def test_a_second_signal_leaves_at_once_and_the_ledger_says_charge_unknown(crawler):
    crawler.keywords("穿搭")
    async with Simulator(SimulatorSettings(faults={"hang": 1.0})) as simulator:
        process = await crawler.start(*crawl(simulator, "-q"))
        while not simulator.bill.requests:
            await asyncio.sleep(0.01)
        process.send_signal(signal.SIGINT)
        async for line in process.stderr:
            if "in flight" in line.decode():
                break
        process.send_signal(signal.SIGINT)
        end = await ended(process)
    assert end.exit_code == 130
    assert end.summary["calls"] == {"sent": 1, "charged": 0, "free": 0, "unknown": 1}


async def test_what_does_not_come_home_within_the_drain_is_given_up(crawler):
    crawler.keywords("穿搭")
    async with Simulator(SimulatorSettings(faults={"hang": 1.0})) as simulator:
        process = await crawler.start(*crawl(simulator, "--drain", "0.1s"))
        while not simulator.bill.requests:
            await asyncio.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        end = await ended(process)
    assert end.exit_code == 143
    assert end.summary["calls"]["unknown"] == 1


async def test_a_keyword_that_cannot_be_had_fails_is_named_and_is_due_again(crawler):
    crawler.keywords("穿搭")
    async with Simulator(SimulatorSettings(faults={"unknown-code": 1.0})) as simulator:
        end = await crawler(*crawl(simulator))
        assert (end.exit_code, end.summary["outcome"]) == (1, "failed")
        assert end.summary["failures"][0]["text"] == "穿搭"
        assert simulator.bill.requests == 1
        simulator.settings = replace(simulator.settings, faults={})
        assert (await crawler(*crawl(simulator))).summary["keywords"]["done"] == 1


async def test_a_refused_token_ends_with_77_after_few_calls_and_names_the_next_step(crawler):
    crawler.keywords(*KEYWORDS)
    async with Simulator(SimulatorSettings(tokens=("another",))) as simulator:
        end = await crawler("run", "keywords.txt", "--base-url", simulator.base_url, "--workers", "1")
        assert simulator.bill.requests == 1
    assert end.exit_code == 77
    assert "code 100" in end.stdout
    assert "continue with:" in end.stdout


async def test_a_wrong_address_ends_with_2(crawler):
    crawler.keywords("穿搭")
    async with Simulator(SimulatorSettings()) as simulator:
        end = await crawler("run", "keywords.txt", "--base-url", simulator.base_url + "/elsewhere")
    assert end.exit_code == 2
    assert "check --base-url" in end.stdout


async def test_the_documented_answer_becomes_twenty_creators_with_every_column_right(crawler):
    crawler.keywords("穿搭")
    sample = json.loads(SAMPLE.read_bytes())["data"]["users"]
    async with Simulator(SimulatorSettings(replies={("", 1): SAMPLE.read_bytes()})) as simulator:
        end = await crawler(*crawl(simulator))
    assert end.summary["users"]["total"] == len(sample) == 20
    rows = crawler.rows(
        "SELECT id, name, red_id, fans_text, image, profile_url, verified, verify_type, bio, fans_exact,"
        " first_seen_at = (SELECT max(last_seen_at) FROM sightings WHERE user_key = key)"
        " FROM users ORDER BY key"
    )
    for entry, row in zip(sample, rows, strict=True):
        fans_text = entry["sub_title"].removeprefix("粉丝").strip() or None
        verified = bool(entry.get("red_official_verified"))
        assert row == (
            entry["id"], entry["name"], entry["red_id"], fans_text,
            entry["image"], f"https://www.xiaohongshu.com/user/profile/{entry['id']}", verified,
            entry["red_official_verify_type"], None, row[9], 1,
        )  # fmt: skip
    fans = dict(crawler.rows("SELECT fans_text, fans FROM users WHERE fans IS NOT NULL"))
    exact = dict(crawler.rows("SELECT fans_text, fans_exact FROM users WHERE fans IS NOT NULL"))
    for text, count in fans.items():
        expected = round(float(text[:-1]) * 10_000) if text.endswith("万") else int(text)
        assert count == expected
        assert exact[text] == (not text.endswith("万"))


@pytest.mark.parametrize("style", [EndStyle.REPEAT, EndStyle.ENDLESS])
async def test_paginators_without_an_end_are_cut(crawler, style):
    crawler.keywords("穿搭")
    settings = SimulatorSettings(end_style=style, pages_per_keyword=(2, 2))
    async with Simulator(settings) as simulator:
        await crawler(*crawl(simulator, "--max-pages", "7"))
        calls = {EndStyle.REPEAT: 3, EndStyle.ENDLESS: 7}[style]
        assert simulator.bill.requests == calls
    reason = {EndStyle.REPEAT: "nothing_new", EndStyle.ENDLESS: "page_limit"}[style]
    assert crawler.rows("SELECT stop_reason, next_page FROM checkpoints") == [(reason, calls + 1)]


@pytest.mark.parametrize("cap", ["--max-calls", "--max-calls-per-day"])
async def test_a_cap_on_calls_is_never_overshot_and_the_same_command_goes_on(crawler, cap):
    crawler.keywords(*KEYWORDS)
    async with Simulator(SimulatorSettings(seed=3, latency_seconds=(0.0, 0.05))) as simulator:
        end = await crawler(*crawl(simulator, cap, "7", "--workers", "50"))
        assert simulator.bill.charged == end.summary["calls"]["charged"] == 7
        assert (end.exit_code, cap in end.summary["reason"]) == (75, True)
        again = await crawler(*crawl(simulator, cap, "7"))
        assert again.summary["calls"]["sent"] == (7 if cap == "--max-calls" else 0)


async def test_the_token_is_nowhere_not_even_at_full_verbosity(crawler):
    crawler.keywords(*KEYWORDS)
    faults = {"301": 0.1, "html": 0.1, "drop": 0.1, "cut": 0.1, "unknown-code": 0.1}
    async with Simulator(SimulatorSettings(faults=faults)) as simulator:
        for options in (["-vv"], ["-vv", "--log-format", "json", "--refresh-after", "0s"]):
            end = await crawler(*crawl(simulator, *options), PYTHONASYNCIODEBUG="1", PYTHONWARNINGS="default")
            assert "attempt" in end.stderr
            assert TOKEN not in end.stdout + end.stderr
    for file in (crawler.folder / "data").iterdir():
        assert TOKEN.encode() not in file.read_bytes()


async def test_the_token_comes_from_a_dotenv_file_or_from_a_file_that_is_named(crawler):
    crawler.keywords("穿搭")
    (crawler.folder / "token").write_text("from-file\n")
    (crawler.folder / ".env").write_text("JUSTONEAPI_TOKEN='from-dotenv'\nCRAWLER_MAX_CALLS=0\nOTHER=1\n")
    async with Simulator(SimulatorSettings(tokens=("from-file", "from-dotenv"))) as simulator:
        del crawler.environment["JUSTONEAPI_TOKEN"]
        capped = await crawler(*crawl(simulator))
        assert (capped.exit_code, capped.summary["calls"]["sent"]) == (75, 0)
        assert (await crawler(*crawl(simulator, "--max-calls", "1"))).summary["calls"]["charged"] == 1
        refused = await crawler(*crawl(simulator), JUSTONEAPI_TOKEN="wrong", CRAWLER_MAX_CALLS="9")
        assert refused.exit_code == 77  # the environment goes before the file
        end = await crawler(*crawl(simulator, "--token-file", "token", "--max-calls", "9"))
        assert end.exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "exit_code", "words"),
    [
        (["nothere.txt"], 2, "nothere.txt: cannot be read"),
        (["keywords.txt", "--rate", "fast"], 2, "--rate: a rate is written"),
        (["keywords.txt", "--base-url", "ftp://x"], 2, "--base-url: an address is"),
        (["keywords.txt", "--refresh-after", "soon"], 2, "a span of time is written"),
        (["keywords.txt", "--timeout", "0s"], 2, "--timeout: must be more than zero"),
        (["keywords.txt", "--workers", "0"], 2, "--workers: must be a whole number from 1 to 1000, not 0"),
        (["keywords.txt", "--token", "x"], 2, "No such option"),
        (["keywords.txt", "--token-file", "nothere"], 77, "cannot read the token file"),
        (["empty.txt"], 2, "the given files contain no keyword"),
    ],
)
async def test_what_cannot_be_used_is_refused_before_anything_is_spent_or_made(
    crawler, arguments, exit_code, words
):
    crawler.keywords("穿搭")
    (crawler.folder / "empty.txt").write_text("# nothing\n\n")
    end = await crawler("run", *arguments, "--db", "sub/x.db")
    assert end.exit_code == exit_code
    assert words in end.stderr
    assert "Traceback" not in end.stderr
    if arguments[0] != "empty.txt":
        assert not (crawler.folder / "sub").exists()


async def test_a_dotenv_file_that_is_none_is_refused_however_long_it_is(crawler):
    crawler.keywords("穿搭")
    (crawler.folder / ".env").write_text("A=1\n" + " " * 400_000)
    end = await crawler("run", "keywords.txt")
    assert end.exit_code == 2
    assert ".env has more than 16384 characters" in end.stderr


async def test_without_a_token_it_says_where_one_comes_from(crawler):
    crawler.keywords("穿搭")
    del crawler.environment["JUSTONEAPI_TOKEN"]
    end = await crawler("run", "keywords.txt", "--json")
    assert end.exit_code == end.summary["exit_code"] == 77
    assert "set JUSTONEAPI_TOKEN" in end.stderr


async def test_a_database_takes_creators_from_one_service_only(crawler):
    crawler.keywords("穿搭")
    async with Simulator(SimulatorSettings()) as simulator:
        await crawler(*crawl(simulator))
    end = await crawler("run", "keywords.txt", "--json")
    assert (end.exit_code, end.summary["calls"]["sent"]) == (2, 0)
    assert "filled from a simulator" in end.stderr


async def test_plain_http_to_another_machine_is_warned_about_once(crawler):
    crawler.keywords("穿搭")
    end = await crawler("run", "keywords.txt", "--base-url", "cn", "--max-calls", "0")
    assert end.stderr.count("plain HTTP") == 1


async def test_keywords_come_from_standard_input_and_bad_lines_never_stop_good_ones(crawler):
    async with Simulator(SimulatorSettings()) as simulator:
        text = "穿搭\n" + "长" * 500 + "\n穿搭\n露营\n"
        end = await crawler(
            "run", "-", "--base-url", simulator.base_url, *QUICK, stdin=text.encode("gb18030")
        )
    assert end.summary["keywords"] == {"due": 2, "done": 2, "failed": 0, "left": 0}
    assert "stdin:2" in end.stderr
    assert "1 line repeats" in end.stderr


async def test_a_mistyped_column_is_warned_about_and_the_keywords_are_crawled(crawler):
    (crawler.folder / "keywords.csv").write_text("关键词,页数\n穿搭,1\n", encoding="utf-8")
    async with Simulator(SimulatorSettings()) as simulator:
        end = await crawler("run", "keywords.csv", "--base-url", simulator.base_url, *QUICK, "-q")
    assert end.exit_code == 0
    assert end.stderr.endswith("keywords.csv:1: the column '页数' is passed over; was '最大页数' meant?\n")


async def test_quiet_says_nothing_and_json_logs_are_json(crawler):
    crawler.keywords(*KEYWORDS)
    async with Simulator(SimulatorSettings()) as simulator:
        assert (await crawler(*crawl(simulator, "-q"))).stderr == ""
        logs = (
            await crawler(*crawl(simulator, "-vv", "--log-format", "json", "--refresh-after", "0s"))
        ).stderr
    events = [json.loads(line) for line in logs.splitlines()]
    told = {"BalanceTold", "RunStarted", "OrderChosen", "CallEnded", "PageStored", "KeywordDone"}
    assert told == {line["event"] for line in events}


async def test_without_a_token_a_night_is_played_into_the_demo_database_if_asked(crawler):
    crawler.keywords("穿搭")
    del crawler.environment["JUSTONEAPI_TOKEN"]
    end = await crawler("run", "keywords.txt", "--simulate-without-token", "--json")
    assert end.exit_code == 0
    assert "invented" in end.stderr
    assert [path.name for path in (crawler.folder / "data").glob("*.db")] == ["demo.db"]


async def test_without_a_token_a_night_is_played_into_the_database_that_was_named(crawler):
    crawler.keywords("穿搭")
    del crawler.environment["JUSTONEAPI_TOKEN"]
    play = ("run", "keywords.txt", "--simulate-without-token")
    end = await crawler(*play, "--db", "mine.db")
    assert (end.exit_code, "They go into mine.db" in end.stderr) == (0, True)
    assert (await crawler(*play, CRAWLER_DB="yours.db")).exit_code == 0
    assert sorted(path.name for path in crawler.folder.rglob("*.db")) == ["mine.db", "yours.db"]
    assert crawler.rows("SELECT count(*) > 0 FROM users", "mine.db") == [(1,)]


@pytest.mark.parametrize("service", ["justoneapi", "an export of justoneapi"])
async def test_no_invented_creator_gets_into_a_database_of_real_ones(crawler, service):
    crawler.keywords("穿搭")
    del crawler.environment["JUSTONEAPI_TOKEN"]
    with closing(open_database(crawler.folder / "real.db")) as db:
        claim_service(db.conn, service)
    end = await crawler("run", "keywords.txt", "--simulate-without-token", "--db", "real.db")
    assert (end.exit_code, "--db" in end.stderr, "Traceback" in end.stderr) == (2, True, False)
    assert crawler.rows("SELECT count(*) FROM users", "real.db") == [(0,)]
    assert crawler.rows("SELECT count(*) FROM runs", "real.db") == [(0,)]


async def test_invented_creators_do_not_take_the_place_of_the_real_ones(crawler):
    crawler.keywords("穿搭")
    del crawler.environment["JUSTONEAPI_TOKEN"]
    end = await crawler("run", "keywords.txt", "--simulate-without-token", "--db", "./data/creators.db")
    assert (end.exit_code, "is for real creators" in end.stderr) == (2, True)
    assert not (crawler.folder / "data" / "creators.db").exists()


async def test_the_summary_for_people_says_what_it_cost_and_what_comes_next(crawler):
    crawler.keywords("穿搭")
    async with Simulator(SimulatorSettings(daily_quota=1, pages_per_keyword=(3, 3))) as simulator:
        end = await crawler("run", "keywords.txt", "--base-url", simulator.base_url)
    assert "Stopped: code 303" in end.stdout
    assert "1 charged, 1 free" in end.stdout
    assert "1 left of 1 due" in end.stdout
    again = f"python -m crawler run keywords.txt --base-url {simulator.base_url}"
    assert f"Continue where it stopped, after midnight in Shanghai:  {again}" in end.stdout


async def test_a_short_token_that_is_part_of_other_words_changes_no_answer(crawler):
    crawler.keywords("穿搭")
    async with Simulator(SimulatorSettings(seed=3, pages_per_keyword=(1, 1))) as simulator:
        end = await crawler(*crawl(simulator), JUSTONEAPI_TOKEN="e")
        names = [each.name for each in simulator.truth(["穿搭"]).creators.values()]
    assert end.exit_code == 0
    assert sorted(row[0] for row in crawler.rows("SELECT name FROM users")) == sorted(names)


@pytest.mark.parametrize("redirection", ["2>/dev/full", "2> >(head -1 >/dev/null)", ">/dev/full", "2>&- >&-"])
async def test_a_log_that_cannot_be_written_ends_no_night(crawler, users, redirection):
    crawler.keywords(*KEYWORDS)
    async with Simulator(SimulatorSettings(seed=3, latency_seconds=(0.01, 0.05))) as simulator:
        command = f"exec {sys.executable} -m crawler run keywords.txt --base-url {simulator.base_url} -vv"
        process = await asyncio.create_subprocess_exec(
            *("bash", "-c", f"{command} --rate unlimited {redirection}"),
            cwd=crawler.folder,
            env=crawler.environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        end = await ended(process)
        assert end.exit_code == 0
        assert "Traceback" not in end.stderr + end.stdout
        assert users() == sorted(simulator.truth(KEYWORDS).ids)
        assert not simulator.bill.charged_twice()


async def lose_its_database(crawler, simulator):
    """A run whose database is deleted after its first page."""
    crawler.keywords(*KEYWORDS)
    process = await crawler.start(*crawl(simulator, "-vv", "--workers", "2"))
    async for line in process.stderr:
        if "new creators" in line.decode():
            break
    for file in (crawler.folder / "data").glob("creators.db*"):
        file.unlink()
    return process


async def test_a_database_that_is_deleted_under_a_run_ends_it_and_the_cost_is_told(crawler):
    async with Simulator(SimulatorSettings(seed=3, latency_seconds=(0.05, 0.1))) as simulator:
        end = await ended(await lose_its_database(crawler, simulator))
        assert end.exit_code == 75
        assert "was deleted, renamed or replaced" in end.summary["reason"]
        calls = end.summary["calls"]
        assert calls["sent"] == simulator.bill.requests
        assert calls["charged"] + calls["unknown"] == simulator.bill.charged
    assert not (crawler.folder / "data" / "creators.db").exists()


async def test_a_database_that_is_replaced_by_rubbish_leaves_the_exit_code_and_the_rubbish_alone(crawler):
    async with Simulator(SimulatorSettings(seed=3, latency_seconds=(0.05, 0.1))) as simulator:
        process = await lose_its_database(crawler, simulator)
        db = crawler.folder / "data" / "creators.db"
        db.write_bytes(b"rubbish" * 10_000)
        end = await ended(process)
    assert end.exit_code == end.summary["exit_code"] == 75
    assert end.stderr.splitlines()[-1].endswith("allowed to finish")
    assert db.read_bytes() == b"rubbish" * 10_000


async def test_a_keyword_that_stopped_beyond_a_lowered_page_limit_is_asked_again_when_it_is_stale(crawler):
    crawler.keywords("穿搭")
    async with Simulator(SimulatorSettings(pages_per_keyword=(9, 9))) as simulator:
        await crawler(*crawl(simulator, "--max-calls", "5"))
        assert (await crawler(*crawl(simulator, "--max-pages", "3"))).summary["calls"]["sent"] == 0
        again = await crawler(*crawl(simulator, "--max-pages", "3", "--refresh-after", "0s"))
        assert (again.summary["calls"]["sent"], again.summary["keywords"]["done"]) == (3, 1)


async def test_a_keyword_that_was_finished_by_a_wrong_clock_is_due(crawler):
    crawler.keywords("穿搭")
    async with Simulator(SimulatorSettings(pages_per_keyword=(1, 1))) as simulator:
        await crawler(*crawl(simulator))
        with closing(sqlite3.connect(crawler.folder / "data" / "creators.db")) as connection, connection:
            connection.execute("UPDATE checkpoints SET finished_at = '2099-01-01T00:00:00.000Z'")
        assert (await crawler(*crawl(simulator))).summary["keywords"]["done"] == 1
