"""`crawler doctor` from the command line: it finds what is wrong, costs nothing and shows no secret."""

import asyncio
import gzip
import json
import os
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from crawler.maintenance.doctor.checks import CHECKS
from crawler.simulator import BalanceWay, Simulator, SimulatorSettings
from tests.cli.conftest import TOKEN
from tests.notices.receiving import Receiver

OLD = Path(__file__).parents[1] / "store" / "versions" / "0002.db.gz"


@pytest.fixture
async def simulator(crawler):
    folder = crawler.folder / "keywords"
    folder.mkdir()
    (folder / "list.txt").write_text("穿搭\n美食\n", encoding="utf-8")
    async with Simulator(SimulatorSettings(seed=7, tokens=(TOKEN,), pages_per_keyword=(2, 2))) as playing:
        crawler.environment |= {"CRAWLER_BASE_URL": playing.base_url, "CRAWLER_RATE": "unlimited"}
        yield playing


async def examined(crawler, *arguments, **variables):
    """What doctor finds, by check: level and text."""
    ended = await crawler("doctor", "--json", *arguments, **variables)
    assert TOKEN not in ended.stdout + ended.stderr
    told = ended.summary
    assert ended.exit_code == told["exit_code"] == {"good": 0, "warning": 1, "bad": 2}[told["level"]]
    assert [each["name"] for each in told["checks"]] == [check.key for check in CHECKS]
    return {each["name"]: (each["level"], each["text"]) for each in told["checks"]}


async def test_after_a_night_all_is_good_and_it_costs_nothing(crawler, simulator):
    await crawler("run", "-q")
    requests = simulator.bill.requests
    ended = await crawler("doctor")
    assert (ended.exit_code, ended.stderr) == (0, ""), ended.stdout
    assert len(ended.stdout.splitlines()) == len(CHECKS)
    assert (await crawler("doctor", "--quiet")).stdout == ""
    assert simulator.bill.requests == requests
    assert TOKEN not in ended.stdout


async def test_before_the_first_night_it_says_how_to_begin(crawler, simulator):
    found = await examined(crawler)
    assert {key: level for key, (level, _text) in found.items() if level != "good"} == {
        "last_night": "warning"
    }
    assert not (crawler.folder / "data").exists(), "looking makes nothing"


async def test_samples_count_where_a_run_would_crawl_them(crawler, simulator):
    """For money a run leaves them out, also where crawler.toml names their folder, unless it is told to."""
    await crawler("init", "shop")
    project = crawler.folder / "shop" / "crawler.toml"
    elsewhere = {"CRAWLER_BASE_URL": "http://api.invalid"}
    found = await examined(crawler, "--config", str(project), **elsewhere)
    assert found["keywords"][0] == "bad"
    assert "holds only the sample keywords, which are not crawled for money" in found["keywords"][1]
    found = await examined(crawler, "--config", str(project), "shop/keywords", **elsewhere)
    assert found["keywords"] == ("good", "195 keywords")


async def test_backups_are_looked_at(crawler, simulator):
    await crawler("run", "-q", "--max-pages", "1")
    await crawler("backup")
    level, text = (await examined(crawler))["backups"]
    assert (level, text.endswith(" old and sound")) == ("good", True)
    await crawler("run", "-q", "--refresh-after", "0s")
    assert "it lacks 1 run with 6 charged calls" in (await examined(crawler))["backups"][1]
    (crawler.folder / "data" / "backups").rename(crawler.folder / "elsewhere")
    assert "there is none in" in (await examined(crawler))["backups"][1]
    assert "the newest" in (await examined(crawler, "--backups", "elsewhere"))["backups"][1]
    (backup,) = (crawler.folder / "elsewhere").iterdir()
    content = bytearray(backup.read_bytes())
    content[8192:12288] = b"x" * 4096
    backup.write_bytes(content)
    level, text = (await examined(crawler, "--backups", "elsewhere"))["backups"]
    assert (level, "cannot be restored" in text) == ("bad", True)
    with closing(sqlite3.connect(crawler.folder / "data" / "creators.db")) as connection, connection:
        connection.execute("UPDATE runs SET started_at = replace(started_at, '20', '19')")
    assert (await examined(crawler))["backups"][0] == "warning"


async def test_a_token_that_is_missing_or_refused(crawler, simulator):
    found = await examined(crawler, JUSTONEAPI_TOKEN=" ")
    assert [found[key][0] for key in ("token", "account")] == ["bad", "warning"]
    found = await examined(crawler, JUSTONEAPI_TOKEN="another")
    assert [found[key][0] for key in ("token", "account")] == ["good", "bad"]


@pytest.mark.parametrize("way", [BalanceWay.MISSING, BalanceWay.HTML, BalanceWay.WORDS])
async def test_a_service_that_does_not_tell_the_balance_is_no_obstacle(crawler, simulator, way):
    simulator.settings = SimulatorSettings(tokens=(TOKEN,), balance_way=way)
    found = await examined(crawler)
    assert found["account"][0] in ("warning", "good")


async def test_a_service_that_is_not_there(crawler, simulator):
    found = await examined(crawler, "--base-url", "http://127.0.0.1:9")
    assert found["service"] == ("bad", "http://127.0.0.1:9 does not answer: nobody listens at this address")


async def test_keyword_files_are_read_and_compared_with_the_last_night(crawler, simulator):
    await crawler("run", "-q")
    (crawler.folder / "keywords" / "list.txt").write_bytes("穿搭\n穿搭\n露营\n".encode() + b"\xff\xfe\n")
    level, text = (await examined(crawler))["keywords"]
    assert (level, "1 repeated" in text, "passed over: 1" in text) == ("warning", True, True), text
    assert "since the last night" in text
    assert "; the line is skipped" in (await crawler("doctor", "-q")).stdout
    shutil.rmtree(crawler.folder / "keywords")
    assert (await examined(crawler))["keywords"][0] == "bad"
    assert "put a keyword file into keywords/" in (await crawler("doctor", "-q")).stdout


async def test_a_file_that_is_refused_is_to_be_mended_not_another_added(crawler, simulator):
    (crawler.folder / "keywords" / "more.csv").write_text("名称,页数\n母婴,2\n", encoding="utf-8")
    told = (await crawler("doctor", "-q")).stdout
    assert "more.csv:1: no column is called" in told
    assert ("mend this first" in told, "put a keyword file" in told) == (True, False)


async def test_lines_that_are_read_do_not_count_as_passed_over(crawler, simulator):
    rows = "穿搭,high\n露营,low\n手作,1\n,2\n"
    (crawler.folder / "keywords" / "list.csv").write_text(f"关键词,优先级\n{rows}", encoding="utf-8")
    level, text = (await examined(crawler))["keywords"]
    assert (level, "lines passed over: 1; other notes: 2" in text) == ("warning", True), text
    shown = (await crawler("doctor", "-q")).stdout.splitlines()
    begin = next(number for number, line in enumerate(shown) if "other notes: 2" in line)
    places = [line.replace("→", " ").split(": ")[0].strip() for line in shown[begin + 1 : begin + 4]]
    assert [place.rpartition("list.csv:")[2] for place in places] == ["2", "3", "5"]
    assert len({len(line) - len(line.lstrip(" →")) for line in shown[begin + 1 : begin + 4]}) == 1


@pytest.mark.skipif(os.name != "posix", reason="needs permissions")
async def test_a_secret_that_everybody_can_read_is_closed(crawler, simulator):
    env = crawler.folder / ".env"
    env.write_text(f"JUSTONEAPI_TOKEN={TOKEN}\n")
    env.chmod(0o644)
    assert (await examined(crawler))["token"][0] == "warning"
    assert (await examined(crawler, "--fix"))["token"][0] == "good"
    assert env.stat().st_mode & 0o777 == 0o640


async def test_an_older_database_is_only_brought_up_to_date_where_that_is_asked_for(crawler, simulator):
    path = crawler.folder / "data" / "creators.db"
    path.parent.mkdir()
    path.write_bytes(gzip.decompress(OLD.read_bytes()))
    before = path.read_bytes()
    assert (await examined(crawler))["database"][0] == "warning"
    assert path.read_bytes() == before
    assert (await examined(crawler, "--fix"))["database"][0] == "good"


async def test_a_newer_database_is_left_alone(crawler, simulator):
    await crawler("run", "-q")
    with closing(sqlite3.connect(crawler.folder / "data" / "creators.db")) as connection:
        connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES (?, ?, ?)",
            ("crawler", "9999_later", ""),
        )
        connection.commit()
    assert (await examined(crawler, "--fix"))["database"][0] == "bad"


async def test_a_damaged_database_is_found(crawler, simulator, three_nights):
    content = bytearray(three_nights.read_bytes())
    content[40_000:90_000] = os.urandom(50_000)
    (crawler.folder / "damaged.db").write_bytes(content)
    assert (await examined(crawler, "--db", "damaged.db"))["database"][0] == "bad"
    (crawler.folder / "text.db").write_text("no database")
    assert (await examined(crawler, "--db", "text.db"))["database"][0] == "bad"


async def test_nothing_heard_is_told_to_the_channels_and_only_when_asked(crawler, simulator):
    await crawler("run", "-q")
    async with Receiver() as receiver:
        overdue = {"CRAWLER_OVERDUE_AFTER": "0s", "CRAWLER_NOTIFY": "wecombot://a-key-of-a-robot"}
        await examined(crawler, **overdue, **receiver.variables)
        assert receiver.received == []
        found = await examined(crawler, "--tell", **overdue, **receiver.variables)
        await crawler("doctor", "--tell", "--notify-on", "done,failed", **overdue, **receiver.variables)
        (received,) = receiver.received
    assert found["schedule"][0] == "bad"
    text = received.json["text"]["content"]
    assert text.startswith("creator-crawler: Nothing was heard of the last night\nschedule: overdue")
    assert "crawler schedule" in text


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
async def test_it_is_told_too_where_the_log_is_on_a_full_disk(crawler, simulator):
    await crawler("run", "-q")
    async with Receiver() as receiver:
        overdue = {"CRAWLER_OVERDUE_AFTER": "0s", "CRAWLER_NOTIFY": "wecombot://a-key-of-a-robot"}
        variables = crawler.environment | overdue | receiver.variables
        with open("/dev/full", "w", encoding="utf-8") as full:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "crawler", "doctor", "--tell"),
                cwd=crawler.folder,
                env=variables,
                stdout=full,
                stderr=asyncio.subprocess.DEVNULL,
            )
        assert await asyncio.wait_for(process.wait(), 60) == 74
        assert len(receiver.received) == 1


async def test_a_notice_is_sent_to_try_the_channels(crawler, simulator):
    assert (await crawler("doctor", "--test-notice")).exit_code == 2
    async with Receiver() as receiver:
        notify = {"CRAWLER_NOTIFY": "wecombot://a-key-of-a-robot nobody://knows"}
        ended = await crawler("doctor", "--test-notice", **notify, **receiver.variables)
    assert receiver.received[0].json["text"]["content"].startswith("creator-crawler: A test notice")
    assert "delivered to wecombot://***" in ended.stderr
    assert "not delivered to nobody://***" in ended.stderr
    assert "a-key-of-a-robot" not in ended.stderr + ended.stdout


async def test_it_speaks_chinese(crawler, simulator):
    ended = await crawler("doctor", "--lang", "zh")
    assert "令牌" in ended.stdout
    told = json.loads((await crawler("doctor", "--lang", "zh", "--json")).stdout)
    assert "found in JUSTONEAPI_TOKEN" in [each["text"] for each in told["checks"]], "for programs in English"


async def test_errors_are_told_to_programs_in_english_too(crawler):
    (crawler.folder / "keywords").mkdir(exist_ok=True)
    (crawler.folder / "keywords" / "a.csv").write_text("keyword,priority\nootd,x\n,3\n")
    (crawler.folder / "data").mkdir()
    (crawler.folder / "data" / "creators.db").write_text("hello" * 1000)
    del crawler.environment["JUSTONEAPI_TOKEN"]
    wrong = ("--notify", "xyz://nobody", "--base-url", "http://127.0.0.1:1")
    ended = await crawler("doctor", "--lang", "zh", "--json", *wrong)
    assert ended.exit_code == 2
    told = json.loads(ended.stdout)["checks"]
    assert {"bad", "warning"} == {each["level"] for each in told if each["name"] in ("database", "keywords")}
    assert [each for each in told if not each["text"].isascii()] == []
    assert [each for each in told if not each["advice"].replace("…", "").isascii()] == []
    listed = ("doctor", "--lang", "zh", "--json", "keywords/b.csv")
    (crawler.folder / "keywords" / "b.csv").write_text("name,tag\nootd,x\n")
    (problem,) = [
        each["text"] for each in (await crawler(*listed)).summary["checks"] if each["name"] == "keywords"
    ]
    assert problem.startswith("keywords/b.csv:1: no column is called")
