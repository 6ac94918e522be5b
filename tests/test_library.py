"""What `from crawler import …` gives to programs and notebooks."""

import asyncio
import inspect
import os
import re
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import get_type_hints

import pytest

import crawler
from crawler import (
    Filters,
    InputError,
    Keyword,
    RunSettings,
    TokenError,
    crawl_keywords,
    crawl_keywords_async,
    creators,
    keyword,
    run_crawl,
)
from crawler.library import Settings
from crawler.settings.retention import RETENTION_SETTINGS, Retention
from crawler.settings.run import RUN_SETTINGS
from crawler.simulator import Simulator, SimulatorSettings

NAMES = (
    "AlreadyRunning CrawlerError CreatorRow Delivery Event Filters InputError Keyword Problem RunSettings"
    " RunSummary Shutdown StoreError TokenError WrongService crawl_keywords crawl_keywords_async creators"
    " keyword read_keywords run_crawl send_notices"
)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch, tmp_path):
    """No variable and no `.env` of whoever runs the tests."""
    for name in os.environ:
        if name.startswith(("CRAWLER_", "JUSTONEAPI_")):
            monkeypatch.delenv(name)
    folder = tmp_path.parent / f"{tmp_path.name}-cwd"
    folder.mkdir()
    monkeypatch.chdir(folder)


@pytest.fixture
def simulator():
    """A simulator in a thread of its own, for programs without an event loop."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    simulator = Simulator(SimulatorSettings(pages_per_keyword=(1, 3)))
    asyncio.run_coroutine_threadsafe(simulator.start(), loop).result()
    yield simulator
    asyncio.run_coroutine_threadsafe(simulator.stop(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_the_public_names_are_these():
    assert " ".join(crawler.__all__) == NAMES
    assert all(getattr(crawler, name) for name in crawler.__all__)
    with pytest.raises(AttributeError):
        _ = crawler.nothing


def test_importing_the_package_loads_neither_the_network_nor_the_database():
    program = (
        "import crawler, sys; sys.exit(any(m in sys.modules for m in ('aiohttp', 'sqlite_utils', 'click')))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_program_crawls_words_of_its_own_and_reads_the_creators(simulator, tmp_path):
    db = tmp_path / "creators.db"
    events = []
    words = [keyword("穿搭", tags=["时尚"]), keyword("露营")]
    summary = crawl_keywords(
        words, token="t", db=db, base_url=simulator.base_url, rate="unlimited", emit=events.append
    )
    assert (summary.outcome, summary.keywords.done) == ("done", 2)
    assert events
    everyone = list(creators(db))
    assert {creator.id for creator in everyone} == simulator.truth(["穿搭", "露营"]).ids
    biggest = list(creators(db, Filters(keyword=" 穿搭 ", limit=3)))
    assert len(biggest) == 3
    assert all("穿搭" in creator.keywords and creator.tags[0] == "时尚" for creator in biggest)
    fans = [creator.fans for creator in biggest]
    assert fans == sorted(fans, reverse=True)


def test_a_program_crawls_the_files_it_names(simulator, tmp_path):
    (tmp_path / "words.txt").write_text("护肤\n", encoding="utf-8")
    summary = crawl_keywords(
        [tmp_path], token="t", db=tmp_path / "x.db", base_url=simulator.base_url, calls_max=1
    )
    assert summary.calls.charged == 1


@pytest.mark.parametrize("one", [keyword("穿搭"), "one.txt", Path("one.txt")])
def test_a_single_keyword_or_path_needs_no_list(simulator, tmp_path, monkeypatch, one):
    monkeypatch.chdir(tmp_path)
    Path("one.txt").write_text("穿搭\n", encoding="utf-8")
    summary = crawl_keywords(
        one, token="t", db="one.db", base_url=simulator.base_url, rate="unlimited", pages_max=1
    )
    assert (summary.keywords.due, summary.keywords.done) == (1, 1)


async def test_a_notebook_awaits_the_night(tmp_path):
    async with Simulator(SimulatorSettings()) as simulator:
        with pytest.raises(InputError, match="write await crawl_keywords_async"):
            crawl_keywords(keyword("穿搭"), token="t", db=tmp_path / "x.db", base_url=simulator.base_url)
        assert list(tmp_path.iterdir()) == []
        summary = await crawl_keywords_async(
            keyword("穿搭"), token="t", db=tmp_path / "x.db", base_url=simulator.base_url, calls_max=1
        )
    assert summary.calls.charged == 1


async def test_a_program_with_an_event_loop_may_hold_all_settings_in_one_value(tmp_path):
    async with Simulator(SimulatorSettings()) as simulator:
        settings = RunSettings("t", db=tmp_path / "x.db", base_url=simulator.base_url, rate="unlimited")
        summary = await run_crawl(settings, [keyword("穿搭")])
    assert summary.outcome == "done"


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"workers": 0}, "workers: must be a whole number from 1 to 1000, not 0"),
        ({"workers": True}, "workers: must be"),
        ({"workers": "4"}, "workers: must be a whole number from 1 to 1000, not '4'"),
        ({"pages_max": 0}, "pages_max: must be"),
        ({"calls_max": -1}, "calls_max: must be"),
        ({"calls_max_per_day": -1}, "calls_max_per_day: must be"),
        ({"rate": "fast"}, "rate: a rate is written"),
        ({"rate": 50}, "rate: must be a text"),
        ({"base_url": "ftp://x"}, "base_url: an address is"),
        ({"base_url": None}, "base_url: must be a text"),
        ({"timeout_seconds": 0}, "timeout_seconds: must be more than zero"),
        ({"timeout_seconds": float("nan")}, "timeout_seconds: must be a number of seconds"),
        ({"timeout_seconds": (1, 2)}, "timeout_seconds: must be a number of seconds"),
        ({"timeout_seconds": "120s"}, "timeout_seconds: must be a number of seconds"),
        ({"refresh_after": timedelta(-1)}, "refresh_after: must be a timedelta"),
        ({"refresh_after": 20}, "refresh_after: must be a timedelta"),
        ({"archive": 1}, "archive: must be true or false, not 1"),
        ({"db": 5}, "db: must be a path, not 5"),
    ],
)
def test_a_setting_that_the_command_line_would_refuse_is_refused_before_a_database_is_made(
    tmp_path, setting, words
):
    with pytest.raises(InputError, match=re.escape(words)):
        crawl_keywords(keyword("穿搭"), token="t", **({"db": tmp_path / "x.db"} | setting))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("nothere.txt", "nothere.txt: cannot be read"),
        (Keyword("\ud800", "\ud800"), "Keyword(): '\\ud800' holds control characters"),
        (Keyword("穿搭", "穿搭", pages_max=0, source="mine"), "mine: max_pages must be"),
        (5, "a path or a Keyword, not 5"),
        ([5], "a path or a Keyword, not 5"),
    ],
)
def test_what_is_no_keyword_is_refused_before_a_database_is_made(tmp_path, given, words):
    with pytest.raises(InputError, match=re.escape(words)):
        crawl_keywords(given, token="t", db=tmp_path / "x.db")
    assert list(tmp_path.iterdir()) == []


def test_a_program_finds_its_settings_in_the_environment(simulator, tmp_path, monkeypatch):
    """A script that is meant for the simulator must not go to the paid API."""
    monkeypatch.setenv("JUSTONEAPI_TOKEN", "t")
    monkeypatch.setenv("CRAWLER_BASE_URL", simulator.base_url)
    monkeypatch.setenv("CRAWLER_DB", str(tmp_path / "sub" / "named.db"))
    monkeypatch.setenv("CRAWLER_RATE", "unlimited")
    monkeypatch.setenv("CRAWLER_MAX_CALLS", "1")
    summary = crawl_keywords(keyword("穿搭"))
    assert (summary.calls.charged, simulator.bill.charged) == (1, 1)
    assert summary.db == str(tmp_path / "sub" / "named.db")
    assert len(list(creators())) == summary.creators.total > 0
    with closing(sqlite3.connect(summary.db)) as connection:
        assert connection.execute("SELECT count(*) FROM replies").fetchone() == (1,)
    assert crawl_keywords(keyword("穿搭"), calls_max=None).keywords.left == 0  # what is given goes first


def test_a_program_finds_its_settings_in_a_dotenv_file_behind_the_environment(simulator, monkeypatch):
    Path("token").write_text("from-file\n")
    Path(".env").write_text(
        f"CRAWLER_BASE_URL={simulator.base_url}\nCRAWLER_MAX_CALLS=1\nCRAWLER_DB=there.db\nOTHER=1\n"
        "CRAWLER_TOKEN_FILE=token\nJUSTONEAPI_TOKEN=wrong\n"
    )
    monkeypatch.setenv("CRAWLER_DB", "here.db")
    monkeypatch.setenv("CRAWLER_MAX_PAGES", "")
    simulator.settings = replace(simulator.settings, tokens=("from-file",))
    summary = crawl_keywords(keyword("穿搭"))
    assert (summary.db, summary.calls.charged) == ("here.db", 1)
    assert "JUSTONEAPI_TOKEN" not in os.environ


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("CRAWLER_WORKERS", "many", "CRAWLER_WORKERS: must be a whole number from 1 to 1000, not 'many'"),
        ("CRAWLER_RATE", "fast", "CRAWLER_RATE: a rate is written"),
        ("CRAWLER_BASE_URL", "ftp://x", "CRAWLER_BASE_URL: an address is"),
        ("CRAWLER_REFRESH_AFTER", "soon", "CRAWLER_REFRESH_AFTER: a span of time is written"),
        ("CRAWLER_NO_ARCHIVE", "perhaps", "CRAWLER_NO_ARCHIVE: must be true or false, not 'perhaps'"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named(tmp_path, monkeypatch, variable, value, words):
    monkeypatch.setenv(variable, value)
    with pytest.raises(InputError, match=re.escape(words)):
        crawl_keywords(keyword("穿搭"), token="t", db=tmp_path / "x.db")
    assert list(tmp_path.iterdir()) == []


def test_a_program_is_told_of_a_missing_token_in_its_own_words():
    with pytest.raises(TokenError, match="no token: give token=") as refused:
        crawl_keywords(keyword("穿搭"))
    assert "--" not in str(refused.value)


def test_a_setting_that_there_is_not_is_an_error_that_names_those_there_are():
    with pytest.raises(TypeError, match=r"there is no setting 'worker'.*workers"):
        crawl_keywords(keyword("穿搭"), token="t", worker=4)


@pytest.mark.parametrize("function", [crawl_keywords, crawl_keywords_async])
def test_help_names_every_setting_with_its_default(function):
    parameters = inspect.signature(function).parameters
    for setting in RUN_SETTINGS:
        assert parameters[setting.name].default == setting.default


def test_a_program_may_give_every_setting_that_is_declared_and_no_other():
    given, fields = get_type_hints(Settings), get_type_hints(RunSettings) | get_type_hints(Retention)
    del fields["token"], fields["accounts"]  # who pays comes from an argument of its own, or the file
    del fields["standing"]  # what is said of settings is none
    written = {name: str | fields[name] for name in ("price", "budget", "budget_per_day", "until")}
    assert given == fields | written | {"db": str | Path}
    assert list(given) == [setting.name for setting in (*RUN_SETTINGS, *RETENTION_SETTINGS)]


def test_settings_name_an_address_as_the_command_line_does():
    assert RunSettings("t", base_url=" CN ").base_url == "http://47.117.133.51:30015"


@pytest.mark.parametrize("tags", ["时尚, 美妆", ["时尚", "美妆"], ("时尚", "美妆")])
def test_tags_of_a_keyword_are_a_text_as_in_a_file_or_several_texts(tags):
    assert keyword("穿搭", tags=tags).tags == ("时尚", "美妆")


def test_one_text_is_one_tag():
    assert keyword("穿搭", tags="美食").tags == ("美食",)


@pytest.mark.parametrize("options", [{"tags": 5}, {"tags": [5]}, {"priority": "high"}, {"max_pages": 0}])
def test_options_of_a_keyword_that_no_file_could_hold_are_refused(options):
    with pytest.raises(InputError, match=r"^keyword\(\): "):
        keyword("穿搭", **options)


def test_filters_are_read_as_on_the_command_line(simulator, tmp_path):
    db = tmp_path / "x.db"
    crawl_keywords(keyword("穿搭"), token="t", db=db, base_url=simulator.base_url, calls_max=1)
    assert list(creators(db, Filters(since="7d"))) == list(creators(db)) != []
    for filters in (Filters(limit=0), Filters(since="lately")):
        with pytest.raises(InputError):
            list(creators(db, filters))


def test_what_cannot_be_used_raises_before_any_call(tmp_path, monkeypatch):
    monkeypatch.delenv("JUSTONEAPI_TOKEN", raising=False)
    with pytest.raises(TokenError):
        crawl_keywords([keyword("穿搭")], db=tmp_path / "x.db")
    with pytest.raises(InputError):
        keyword("  ")
    with pytest.raises(InputError):
        list(creators(tmp_path / "nothere.db"))
    assert not (tmp_path / "x.db").exists()


@pytest.mark.parametrize(
    ("asked", "kept"), [({}, 1), ({"CRAWLER_NO_ARCHIVE": "yes"}, 0), ({"CRAWLER_NO_ARCHIVE": "no"}, 1)]
)
def test_raw_answers_are_kept_unless_a_variable_says_no(simulator, tmp_path, monkeypatch, asked, kept):
    for name, value in asked.items():
        monkeypatch.setenv(name, value)
    settings = {"token": "t", "base_url": simulator.base_url, "rate": "unlimited", "calls_max": 1}
    crawl_keywords(keyword("穿搭"), db=tmp_path / "x.db", **settings)
    with closing(sqlite3.connect(tmp_path / "x.db")) as connection:
        assert connection.execute("SELECT count(*) FROM replies").fetchone() == (kept,)
