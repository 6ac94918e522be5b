"""`crawler verify`: silent on what is complete, and on anything else it names where and mends it."""

from __future__ import annotations

import asyncio
import json
import random
import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from crawler.cli.verify import verify
from crawler.errors import AlreadyRunning, InputError
from crawler.maintenance.verify import examine
from crawler.model import Keyword
from crawler.run.crawl import run_crawl
from crawler.run.dependencies import Dependencies
from crawler.settings.run import RunSettings
from crawler.simulator import Simulator, SimulatorSettings
from crawler.store.lock import hold

KEYWORDS = tuple(Keyword(text, text) for text in ("穿搭", "露营", "美食", "亲子"))
WORLD = SimulatorSettings(seed=4, creators=150, pages_per_keyword=(2, 4), users_per_page=6)


def crawl(
    path: Path,
    keywords: tuple[Keyword, ...] = KEYWORDS,
    world: SimulatorSettings = WORLD,
    **settings: object,
) -> None:
    """One night against the simulator."""

    async def night() -> None:
        async with Simulator(world) as simulator:
            summary = await run_crawl(
                RunSettings("demo", path, base_url=simulator.base_url, rate="unlimited", **settings),
                keywords,
                dependencies=Dependencies(random.Random(1)),
            )
            assert summary.outcome in ("done", "stopped"), summary

    asyncio.run(night())


@pytest.fixture(scope="module")
def crawled_file(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("crawled") / "creators.db"
    crawl(path)
    return path.read_bytes()


@pytest.fixture
def crawled(crawled_file: bytes, tmp_path: Path) -> Path:
    """A database that a whole night has filled."""
    path = tmp_path / "creators.db"
    path.write_bytes(crawled_file)
    return path


def spoil(path: Path, *statements: str) -> None:
    """Does by hand what no run does; foreign keys are not looked after."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            assert connection.execute(statement).rowcount != 0, statement


def ask(path: Path, *options: str) -> Result:
    return CliRunner().invoke(verify, ["--db", str(path), *options], catch_exceptions=False)


def kinds(path: Path) -> set[str]:
    return {gap["kind"] for gap in json.loads(ask(path, "--json").stdout)["gaps"]}


FIRST = "(SELECT id FROM keywords WHERE text = '穿搭')"
GAPS = {
    "a keyword seen in part and called complete": (
        "complete_in_part",
        [f"UPDATE checkpoints SET stop_reason = 'not_worthwhile' WHERE keyword_id = {FIRST}"],
        "穿搭: read down to page",
    ),
    "a page in the middle": (
        "page_missing",
        [f"DELETE FROM pages WHERE keyword_id = {FIRST} AND page = 2"],
        "穿搭: page 2 is missing",
    ),
    "all pages": (
        "page_missing",
        ["DELETE FROM pages"],
        "穿搭: page 1–",
    ),
    "the first page and its call": (
        "page_missing",
        [
            f"DELETE FROM calls WHERE keyword_id = {FIRST} AND page = 1",
            f"DELETE FROM pages WHERE keyword_id = {FIRST} AND page = 1",
        ],
        "穿搭: page 1 is missing",
    ),
    "the last page of a finished keyword": (
        "page_missing",
        [
            f"DELETE FROM pages WHERE keyword_id = {FIRST} "
            f"AND page = (SELECT next_page - 1 FROM checkpoints WHERE keyword_id = {FIRST})"
        ],
        "is missing",
    ),
    "a checkpoint ahead of its pages": (
        "page_missing",
        [f"UPDATE checkpoints SET next_page = next_page + 2, state = 'open' WHERE keyword_id = {FIRST}"],
        "穿搭: page ",
    ),
    "a checkpoint behind its pages": (
        "page_ahead",
        [f"UPDATE checkpoints SET next_page = 1, state = 'open' WHERE keyword_id = {FIRST}"],
        "穿搭: page 1 is saved, and the checkpoint is behind it",
    ),
    "a checkpoint of an earlier crawl": (
        "page_ahead",
        [f"UPDATE {table} SET generation = 2 WHERE keyword_id = {FIRST}" for table in ("pages", "calls")],
        "穿搭: page 1 is saved",
    ),
    "a checkpoint that is gone": (
        "page_ahead",
        [f"DELETE FROM checkpoints WHERE keyword_id = {FIRST}"],
        "穿搭: page 1 is saved",
    ),
    "no stop reason": (
        "stop_reason",
        [f"UPDATE checkpoints SET stop_reason = NULL WHERE keyword_id = {FIRST}"],
        "穿搭: finished without saying why",
    ),
    "a stop reason that is none": (
        "stop_reason",
        [f"UPDATE checkpoints SET stop_reason = 'swallowed' WHERE keyword_id = {FIRST}"],
        "穿搭: finished without saying why",
    ),
    "a stop reason that the last page contradicts": (
        "last_page",
        [
            f"UPDATE pages SET entries = 6, new_to_keyword = 1, unsighted = 1 WHERE keyword_id = {FIRST} "
            f"AND page = (SELECT next_page - 1 FROM checkpoints WHERE keyword_id = {FIRST})"
        ],
        "contradicts",
    ),
    "the sightings of a keyword": (
        "sighting_missing",
        [f"DELETE FROM sightings WHERE keyword_id = {FIRST}"],
        "; of these are kept: 0",
    ),
    "one sighting": (
        "sighting_missing",
        [
            "DELETE FROM sightings "
            f"WHERE rowid = (SELECT min(rowid) FROM sightings WHERE keyword_id = {FIRST})"
        ],
        "are kept",
    ),
    "a sighting beyond the checkpoint": (
        "sighting_ahead",
        [
            "UPDATE sightings SET last_page = 9 "
            f"WHERE rowid = (SELECT min(rowid) FROM sightings WHERE keyword_id = {FIRST})"
        ],
        "穿搭: page 9 brought creator",
    ),
    "a creator": (
        "sighting_without_user",
        [f"DELETE FROM users WHERE key = (SELECT min(user_key) FROM sightings WHERE keyword_id = {FIRST})"],
        "is gone",
    ),
    "all creators": ("sighting_without_user", ["DELETE FROM users"], "is gone"),
    "all sightings of a creator": (
        "user_without_sighting",
        [
            f"DELETE FROM sightings WHERE user_key = "
            f"(SELECT min(user_key) FROM sightings WHERE keyword_id = {FIRST})"
        ],
        "no keyword is kept for creator",
    ),
    "a red_id held twice": (
        "red_id_twice",
        ["UPDATE users SET red_id = (SELECT red_id FROM users WHERE key = 1) WHERE key = 2"],
        "is held by 2 creators",
    ),
    "a charged call whose page is gone": (
        "call_without_page",
        [f"DELETE FROM pages WHERE keyword_id = {FIRST} AND page = 1"],
        "穿搭: page 1 was charged at",
    ),
    "a page whose call is down as free": (
        "page_without_charge",
        [f"UPDATE calls SET charge = 'free' WHERE keyword_id = {FIRST} AND page = 1"],
        "穿搭: page 1 is there, and its call is down as free",
    ),
    "a page whose call was never settled": (
        "page_without_charge",
        [f"UPDATE calls SET charge = 'unknown' WHERE keyword_id = {FIRST} AND page = 1"],
        "its call is down as unknown",
    ),
    "the calls": ("call_gone", ["DELETE FROM calls"], "穿搭: the call of page 1 is gone"),
    "the tie of a page to its call": (
        "page_without_call",
        [
            f"DELETE FROM calls WHERE keyword_id = {FIRST}",
            f"UPDATE pages SET call_id = NULL WHERE keyword_id = {FIRST}",
        ],
        "; charged calls that were pruned: 0",
    ),
    "a run's counter": (
        "run_counters",
        ["UPDATE runs SET users_new = users_new + 1"],
        "run 1 counts",
    ),
    "the page of a reply": (
        "foreign_key",
        [f"DELETE FROM pages WHERE keyword_id = {FIRST} AND page = 1"],
        "of replies refers to a row of pages that is gone",
    ),
}


def test_a_whole_night_is_complete(crawled):
    result = ask(crawled)
    assert result.exit_code == 0
    assert "is complete" in result.stdout


@pytest.mark.parametrize("planted", GAPS)
def test_a_gap_is_named_and_the_command_it_names_mends_it(crawled, planted):
    kind, statements, message = GAPS[planted]
    spoil(crawled, *statements)
    found = ask(crawled)
    assert found.exit_code == 1
    assert message in found.stdout
    assert f"verify --repair --db {crawled} && crawler run PATHS --db {crawled}" in found.stdout
    assert kind in kinds(crawled)

    assert ask(crawled, "--repair").exit_code == 0
    crawl(crawled)
    assert ask(crawled).exit_code == 0


@pytest.mark.parametrize(
    "planted", ["a creator", "all creators", "one sighting", "the sightings of a keyword"]
)
def test_what_was_lost_is_back_after_mending_and_a_run(crawled, planted):
    def creators() -> list[tuple[str, str]]:
        with closing(sqlite3.connect(crawled)) as connection:
            return connection.execute(
                "SELECT users.id, keyword_id FROM users JOIN sightings ON user_key = key ORDER BY 1, 2"
            ).fetchall()

    before = creators()
    spoil(crawled, *GAPS[planted][1])
    assert creators() != before
    ask(crawled, "--repair")
    crawl(crawled)
    assert creators() == before


def test_every_gap_at_once_is_mended_at_once(crawled):
    spoil(
        crawled, "DELETE FROM pages WHERE page = 1", "DELETE FROM calls WHERE page = 2", "DELETE FROM users"
    )
    assert ask(crawled, "--repair").exit_code == 0
    crawl(crawled)
    assert ask(crawled).exit_code == 0


def test_mending_makes_only_the_keyword_with_the_gap_due(crawled):
    spoil(crawled, *GAPS["a page in the middle"][1])
    repaired = json.loads(ask(crawled, "--repair", "--json").stdout)
    assert repaired["complete"] is True
    assert repaired["keywords_again"] == ["穿搭"]
    assert {gap["mended"] for gap in repaired["gaps"]} == {True}
    with closing(sqlite3.connect(crawled)) as connection:
        states = connection.execute("SELECT text, state FROM checkpoints JOIN keywords ON id = keyword_id")
        assert {text for text, state in states if state == "open"} == {"穿搭"}


def test_a_charge_whose_page_was_lost_stays_in_the_ledger_and_is_told(crawled):
    spoil(crawled, *GAPS["a charged call whose page is gone"][1])
    before = json.loads(ask(crawled, "--json").stdout)["totals"]["calls_charged"]
    repaired = json.loads(ask(crawled, "--repair", "--json").stdout)["totals"]
    assert repaired["calls_charged"] == before
    assert repaired["calls_lost"] == 1
    assert "has been, or will be, asked for again: 1" in ask(crawled).stdout


def test_the_last_holder_keeps_a_red_id_that_was_held_twice(crawled):
    spoil(
        crawled, *GAPS["a red_id held twice"][1], "UPDATE sightings SET last_seen_at = 'z' WHERE user_key = 2"
    )
    ask(crawled, "--repair")
    with closing(sqlite3.connect(crawled)) as connection:
        assert connection.execute("SELECT red_id IS NULL FROM users WHERE key IN (1, 2)").fetchall() == [
            (1,),
            (0,),
        ]
        noted = connection.execute("SELECT field, new FROM changes WHERE user_key = 1").fetchall()
    assert noted == [("red_id", None)]


def test_a_page_tied_to_the_call_of_another_needs_a_backup(crawled):
    spoil(
        crawled,
        "UPDATE calls SET page = 90 WHERE id = 1",
    )
    result = ask(crawled, "--repair")
    assert result.exit_code == 1
    assert "is tied to the call of another page" in result.stdout
    assert "needs a backup" in result.stdout


def test_a_damaged_file_is_told_and_not_mended(crawled):
    with closing(sqlite3.connect(crawled)) as connection:
        root, size = connection.execute(
            "SELECT rootpage, page_size FROM sqlite_schema, pragma_page_size WHERE name = 'users_red_id'"
        ).fetchone()
    content = bytearray(crawled.read_bytes())
    content[(root - 1) * size + 200 : root * size] = b"\x55" * (size - 200)
    crawled.write_bytes(content)
    assert kinds(crawled) == {"damaged_file"}
    result = ask(crawled, "--repair")
    assert result.exit_code == 1
    assert "needs a backup" in result.stdout


def test_three_nights_with_failures_a_stop_and_a_refresh_are_complete(db):
    result = ask(db)
    assert result.exit_code == 0
    assert "keywords 4 finished, 1 unfinished, 0 never asked" in result.stdout


def test_a_call_of_unknown_charge_is_told_and_is_no_gap(db):
    result = ask(db)
    assert result.exit_code == 0
    assert "unknown charge: 1. They lost their connection" in result.stdout


@pytest.mark.parametrize(
    ("unknown", "in_flight", "told"),
    [
        (3, 0, "charge: 3. They lost"),
        (3, 1, "charge: 3 (1 in flight now). The others lost"),
        (3, 3, "charge: 3, all of them in flight now."),
    ],
)
def test_calls_in_flight_are_told_only_where_there_are_any(db, monkeypatch, unknown, in_flight, told):
    def counted(connection):
        found = examine(connection)
        totals = replace(found.totals, calls_unknown=unknown, calls_open=in_flight)
        return replace(found, totals=totals)

    monkeypatch.setattr("crawler.cli.verify.examine", counted)
    assert told in ask(db).stdout


def test_a_night_that_was_stopped_half_way_is_no_gap_and_not_said_to_be_complete(tmp_path):
    path = tmp_path / "creators.db"
    crawl(path, calls_max=5, workers=2)
    halfway = ask(path)
    totals = json.loads(ask(path, "--json").stdout)["totals"]
    left = len(KEYWORDS) - totals["keywords_done"]
    assert halfway.exit_code == 0
    assert "is complete" not in halfway.stdout
    assert f"unfinished or were never asked: {left}." in halfway.stdout
    assert totals["keywords_never"] > 0
    crawl(path)
    assert ask(path).exit_code == 0
    assert "is complete" in ask(path).stdout


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nights_of_odd_entries_and_moving_identities_are_complete(tmp_path, seed):
    """Entries without id, repeats, red_ids that move: whatever the API does, nothing is a false alarm."""
    path = tmp_path / "creators.db"
    world = replace(
        WORLD, seed=seed, odd_share=0.4, repeat_share=0.4, change_share=0.3, move_share=0.4, new_share=0.3,
        layouts={"A": 1.0, "B": 1.0, "C": 1.0}, end_style="repeat",
    )  # fmt: skip
    for night in range(3):
        crawl(path, world=replace(world, night=night), refresh_after=timedelta(0), calls_max=4, workers=2)
        crawl(path, world=replace(world, night=night), refresh_after=timedelta(0))
        assert kinds(path) == set()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT sum(unsighted) FROM pages").fetchone()[0] > 0


def test_a_run_under_way_gives_no_false_alarm(tmp_path):
    """Asked again and again while pages are being saved."""
    path = tmp_path / "creators.db"

    async def both() -> list[Result]:
        results = []
        async with Simulator(WORLD) as simulator:
            settings = RunSettings("demo", path, base_url=simulator.base_url, rate="unlimited", workers=2)
            night = asyncio.create_task(run_crawl(settings, KEYWORDS))
            while not night.done():
                if path.exists() and simulator.bill.charged > len(results):
                    results.append(ask(path))
                await asyncio.sleep(0)
            await night
        return results

    results = asyncio.run(both())
    assert results
    assert {result.exit_code for result in results} == {0}


def test_only_the_gaps_of_the_current_crawl_of_a_keyword_count(db):
    """An earlier crawl has been superseded by a whole one."""
    spoil(
        db,
        "DELETE FROM replies WHERE page_id = 2",
        "DELETE FROM calls WHERE id = 3",
        "DELETE FROM pages WHERE id = 2",
    )
    assert kinds(db) == {"run_counters"}


def test_many_gaps_of_a_kind_are_cut_short_for_people_and_not_for_programs(crawled):
    spoil(crawled, "DELETE FROM users")
    lost = [
        gap
        for gap in json.loads(ask(crawled, "--json").stdout)["gaps"]
        if gap["kind"] == "sighting_without_user"
    ]
    assert len(lost) > 50
    result = ask(crawled)
    assert f"… and {len(lost) - 50} more" in result.stdout
    assert result.stdout.count("the creator that page") == 50


def test_strange_answers_are_told_by_what_was_strange_and_are_no_gap(crawled):
    last = "(SELECT max(id) FROM pages WHERE keyword_id = %s)"
    spoil(
        crawled,
        f"UPDATE pages SET oddity = 'data is null, not an object' WHERE id IN ({last % 1}, {last % 2})",
        f"UPDATE pages SET entries = 0, rejected = 0, oddity = 'data has no users' WHERE id = {last % 3}",
    )
    result = ask(crawled)
    assert result.exit_code == 0
    assert (
        "whole answer was strange: 3 (data is null, not an object: 2; data has no users: 1);" in result.stdout
    )
    assert f"query odd --db {crawled} lists them" in result.stdout
    oddities = json.loads(ask(crawled, "--json").stdout)["oddities"]
    assert oddities == {"data is null, not an object": 2, "data has no users": 1}


def test_a_strange_answer_of_a_crawl_that_is_superseded_is_not_told(crawled):
    spoil(crawled, "UPDATE pages SET oddity = 'data has no users'")
    crawl(crawled, refresh_after=timedelta(0))
    assert "was strange" not in ask(crawled).stdout


def test_large_numbers_are_written_with_separators(crawled):
    spoil(crawled, "UPDATE calls SET charge = 'charged'")
    spoil(crawled, "INSERT INTO pruned_calls VALUES ('2026-11-02', 1, 'charged', 12345)")
    assert re.search(r"charged calls 12,3\d\d;", ask(crawled).stdout)


def test_verify_writes_nothing(crawled):
    spoil(crawled, "DELETE FROM users")
    before = crawled.read_bytes()
    ask(crawled)
    assert crawled.read_bytes() == before


def test_mending_waits_for_no_run(crawled):
    spoil(crawled, "DELETE FROM users")
    with hold(crawled), pytest.raises(AlreadyRunning):
        ask(crawled, "--repair")


def test_hostile_names_do_not_reach_the_terminal(crawled):
    spoil(crawled, "UPDATE users SET id = 'x' || char(27) || '[31m' WHERE key = 1", "DELETE FROM sightings")
    assert "\x1b" not in ask(crawled).stdout


def test_a_file_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(InputError, match="there is no database"):
        ask(tmp_path / "nothing.db")
