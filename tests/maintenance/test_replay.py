"""`crawler replay`: raw replies make the same tables again; a better reader reaches nights long paid for."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from crawler.cli.replay import replay as command
from crawler.cli.status import status
from crawler.cli.verify import verify
from crawler.clock import utc_now
from crawler.creator import Creator
from crawler.endpoint import Endpoint
from crawler.errors import AlreadyRunning, InputError
from crawler.maintenance.erasure import forget
from crawler.maintenance.prune import prune
from crawler.maintenance.replay import Replayed, replay, replay_into
from crawler.model import Page, Reject
from crawler.reasons import Reason, ReasonCode
from crawler.simulator import Fault
from crawler.store.lock import hold
from crawler.vendor.search_user_v2 import SEARCH_USER_V2
from tests.maintenance.replaying import crawl_nights, differences, dump, rows, told, world
from tests.simulation.play import play
from tests.simulation.scenario import draw

LAST_NIGHT = "SELECT id, users_new, users_seen FROM runs ORDER BY id"
MOVED = "SELECT 1 FROM changes WHERE field = 'red_id' AND new IS NULL"
IDS = "SELECT id FROM users WHERE id NOT LIKE 'red_id:%' ORDER BY id"
CALLS = "SELECT charge, count(*) FROM calls GROUP BY charge"
WITH_FAULTS = dict.fromkeys((Fault.NO_USERS, Fault.NULL_DATA, Fault.UNKNOWN_CODE), 0.05)


def ask(path: Path, *options: str) -> Result:
    return CliRunner().invoke(command, ["--db", str(path), *options], catch_exceptions=False)


def reading_with(change: Callable[[Page], Page]) -> Endpoint:
    """An endpoint whose reader sees less than today's."""
    return replace(SEARCH_USER_V2, read_page=lambda data: change(SEARCH_USER_V2.read_page(data)))


def rejecting(page: Page, refused: Callable[[Creator], bool]) -> Page:
    """The page with some of its entries refused."""
    out = [each for each in page.creators if refused(each)]
    rejects = [Reject(each.rank, Reason(ReasonCode.NO_IDENTITY), f'"{each.identity}"') for each in out]
    left = tuple(each for each in page.creators if not refused(each))
    return replace(page, creators=left, rejects=(*page.rejects, *rejects))


def without(*columns: str) -> Callable[[Page], Page]:
    """A reader that does not know these columns."""
    nothing = dict.fromkeys(columns)
    return lambda page: replace(page, creators=tuple(each._replace(**nothing) for each in page.creators))


def unread(page: Page) -> Page:
    """A reader that gives up at a page with an entry in it that it does not know."""
    strange = any(each.bio for each in page.creators)
    return replace(page, unreadable=strange, oddity=Reason(ReasonCode.NO_ENTRY_READ) if strange else None)


BLIND = {
    "bios": without("bio"),
    "followers": without("fans", "fans_text", "fans_exact"),
    "verification": without("verified", "verify_type", "verify_label"),
    "half of the entries": lambda page: rejecting(page, lambda each: each.rank % 2 == 0),
    "entries without an id": lambda page: rejecting(page, lambda each: each.id is None),
    "pages": unread,
}
"""What an older reader did not see."""


@pytest.fixture(scope="module")
def crawled_file(tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("crawled") / "creators.db"
    crawl_nights(path, replace(world(3), creators=40, faults={}))
    return path.read_bytes()


@pytest.fixture
def crawled(crawled_file, tmp_path) -> Path:
    """Three nights with everything that can happen to creators."""
    path = tmp_path / "creators.db"
    path.write_bytes(crawled_file)
    return path


@pytest.mark.parametrize("seed", range(24))
def test_a_new_database_says_the_same(seed, tmp_path):
    db, again = tmp_path / "creators.db", tmp_path / "again.db"
    crawl_nights(db, world(seed))
    replayed = replay_into(db, again)
    assert differences(db, again) == {}
    assert replayed.missing == 0
    assert (replayed.creators, replayed.sightings) == tuple(
        rows(db, f"SELECT count(*) FROM {table}")[0][0] for table in ("users", "sightings")
    )


def test_the_nights_of_these_tests_have_in_them_what_can_go_wrong(tmp_path):
    happened = set()
    for seed in range(6):
        db = tmp_path / f"{seed}.db"
        crawl_nights(db, world(seed))
        happened |= {field for (field,) in rows(db, "SELECT DISTINCT field FROM changes")}
        happened |= {
            "moved" for _row in rows(db, "SELECT 1 FROM changes WHERE field = 'red_id' AND new IS NULL")
        }
        happened |= {"provisional" for _row in rows(db, "SELECT 1 FROM users WHERE id LIKE 'red_id:%'")}
        happened |= {"reject" for _row in rows(db, "SELECT 1 FROM rejects WHERE rank > 0")}
        happened |= {"unread" for _row in rows(db, "SELECT 1 FROM rejects WHERE rank = 0")}
        happened |= {"odd" for _row in rows(db, "SELECT 1 FROM pages WHERE oddity IS NOT NULL")}
    assert happened >= {
        "name", "red_id", "fans_text", "moved", "provisional", "reject", "unread", "odd",
    }  # fmt: skip


@pytest.mark.parametrize("first", range(0, 30, 10))
def test_nights_that_end_in_all_manner_of_ways_are_the_same_again(first, tmp_path):
    broken = {}
    for seed in range(first, first + 10):
        folder = tmp_path / str(seed)
        folder.mkdir()
        play(draw(seed), folder)
        replay_into(folder / "creators.db", folder / "again.db")
        if found := differences(folder / "creators.db", folder / "again.db"):
            broken[seed] = found
    assert broken == {}


@pytest.mark.parametrize("seed", range(24))
def test_the_same_reader_changes_nothing_whatever_is_missing_in_the_archive(seed, tmp_path):
    db = tmp_path / "creators.db"
    crawl_nights(db, world(seed), archive=((True,), (True, False), (False, True, True))[seed % 3])
    if seed % 4 == 0:
        rows(db, "DELETE FROM replies WHERE page_id % 3 = 1")
    before = dump(db)
    replayed = replay(db)
    assert dump(db) == before
    assert not replayed.found


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("unseen", BLIND)
def test_a_better_reader_reaches_what_an_older_one_did_not_see(seed, unseen, tmp_path):
    """As far as if it had been there on the nights themselves; and it is no night."""
    db, again = tmp_path / "creators.db", tmp_path / "again.db"
    crawl_nights(db, replace(world(seed), faults={}), endpoint=reading_with(BLIND[unseen]))
    nights, calls = rows(db, LAST_NIGHT), rows(db, CALLS)
    morning = utc_now()
    replay_into(db, again, now=lambda: morning)
    before = dump(db)
    assert replay(db, now=lambda: morning).found is (dump(db) != before)
    one, other = told(db), told(again)
    for name in ("users", "sightings", "rejects", "checkpoints"):
        assert one[name] == other[name]
    assert rows(db, LAST_NIGHT) == nights
    assert rows(db, CALLS) == calls
    for path in (db, again):
        assert CliRunner().invoke(verify, ["--db", str(path)]).exit_code == 0
    before = dump(db)
    assert not replay(db).found
    assert dump(db) == before


def test_ids_that_an_older_reader_did_not_find_join_their_creators(tmp_path):
    db = tmp_path / "creators.db"
    settings = replace(world(5), faults={}, odd_share=0.0, move_share=0.0, change_share=0.0)
    crawl_nights(db, settings, endpoint=reading_with(without("id")))
    assert {id_[:7] for (id_,) in rows(db, "SELECT id FROM users")} == {"red_id:"}
    count = rows(db, "SELECT count(*), count(DISTINCT red_id) FROM users")
    replay(db)
    assert rows(db, "SELECT count(*), count(DISTINCT red_id) FROM users") == count
    assert rows(db, "SELECT count(*) FROM users WHERE id LIKE 'red_id:%'") == [(0,)]
    assert CliRunner().invoke(verify, ["--db", str(db)]).exit_code == 0


def test_a_page_that_is_read_at_last_is_not_paid_again(tmp_path):
    db = tmp_path / "creators.db"
    settings = replace(world(2), faults={}, odd_share=0.0)
    crawl_nights(db, settings, 1, endpoint=reading_with(unread))
    failed = rows(db, "SELECT keyword_id, next_page FROM checkpoints WHERE state = 'failed'")
    assert failed
    replayed = replay(db)
    assert replayed.pages_new == len(failed)
    assert rows(db, "SELECT keyword_id, page FROM pages WHERE reread_at IS NOT NULL ORDER BY 1") == failed
    assert rows(db, "SELECT count(*) FROM rejects WHERE rank = 0") == [(0,)]
    crawl_nights(db, settings, 1)
    twice = """
    SELECT keyword_id, page FROM calls WHERE charge = 'charged' GROUP BY 1, 2, generation HAVING count(*) > 1
    """
    assert rows(db, twice) == []
    assert CliRunner().invoke(verify, ["--db", str(db)]).exit_code == 0


def test_an_answer_whose_code_is_known_by_now_is_read(tmp_path):
    codes = {code: rule for code, rule in SEARCH_USER_V2.codes.items() if code != 0}
    db = tmp_path / "creators.db"
    settings = replace(world(2), faults={}, odd_share=0.0)
    crawl_nights(db, settings, 1, endpoint=replace(SEARCH_USER_V2, codes=codes))
    assert rows(db, "SELECT count(*) FROM users") == [(0,)]
    replayed = replay(db)
    assert replayed.creators > 0
    assert replayed.pages_new > 0
    assert CliRunner().invoke(verify, ["--db", str(db)]).exit_code == 0


def test_who_was_erased_stays_away(crawled):
    names = [
        str(row[0]) for row in rows(crawled, "SELECT id FROM users WHERE id NOT LIKE 'red_id:%' LIMIT 3")
    ]
    forget(crawled, names)
    again = crawled.with_name("again.db")
    replay(crawled)
    replay_into(crawled, again)
    for path in (crawled, again):
        assert rows(path, "SELECT id FROM users WHERE id IN (?, ?, ?)", *names) == []
        assert rows(path, "SELECT count(*) FROM forgotten")[0][0] > 0


def test_an_interrupted_replay_leaves_everything_as_it_was_and_can_be_given_again(crawled):
    rows(crawled, "UPDATE users SET bio = NULL, fans = NULL, fans_text = NULL, fans_exact = NULL")
    before, pages = dump(crawled), 0

    def interrupted(data: object) -> Page:
        nonlocal pages
        pages += 1
        if pages == 5:
            raise KeyboardInterrupt
        return SEARCH_USER_V2.read_page(data)

    broken = {SEARCH_USER_V2.id: replace(SEARCH_USER_V2, read_page=interrupted)}
    again = crawled.with_name("again.db")
    for attempt in (partial(replay, crawled), partial(replay_into, crawled, again)):
        pages = 0
        with pytest.raises(KeyboardInterrupt):
            attempt(endpoints=broken)
        assert dump(crawled) == before
        left = {path.name for path in crawled.parent.iterdir() if path.suffix != ".lock"}
        assert left == {crawled.name}
    assert replay(crawled).creators_changed > 0


KILLED = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from crawler.maintenance.replay import replay
from crawler.vendor.search_user_v2 import SEARCH_USER_V2 as V2

pages = []
def read(data):
    pages.append(data)
    if len(pages) == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return V2.read_page(data)

replay(Path(sys.argv[1]), endpoints={V2.id: replace(V2, read_page=read)})
"""


def test_what_a_killed_replay_leaves_behind_goes_with_the_next(crawled):
    before = dump(crawled)
    killed = subprocess.run([sys.executable, "-c", KILLED, str(crawled)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert list(crawled.parent.glob(".crawler-export-*"))
    assert dump(crawled) == before
    replay(crawled)
    assert list(crawled.parent.glob(".crawler-export-*")) == []
    assert dump(crawled) == before


def test_replies_that_cannot_be_unpacked_are_passed_over_and_told(crawled):
    rows(crawled, "UPDATE replies SET body = x'0123456789' WHERE page_id = 2")
    rows(crawled, "UPDATE replies SET body = x'78F9000000000102' WHERE page_id = 3")  # another dictionary
    before = dump(crawled)
    assert replay(crawled).unreadable == 2
    assert dump(crawled) == before


def test_what_only_pages_without_a_reply_showed_is_told(crawled):
    rows(crawled, "DELETE FROM replies WHERE page_id <= 4")
    again = crawled.with_name("again.db")
    result = ask(crawled, "--into", str(again), "--json")
    figures = json.loads(result.stdout)
    assert figures["missing"] == 4
    assert figures["creators"] <= rows(crawled, "SELECT count(*) FROM users")[0][0]
    again.unlink()
    assert "whose creators may be missing there: 4" in ask(crawled, "--into", str(again)).stdout


def test_a_new_database_can_be_crawled_on(crawled):
    again = crawled.with_name("again.db")
    replay_into(crawled, again)
    calls = rows(again, "SELECT count(*) FROM calls")[0][0]
    crawl_nights(again, replace(world(3), creators=40, faults={}))
    assert rows(again, "SELECT count(*) FROM calls")[0][0] > calls
    assert CliRunner().invoke(verify, ["--db", str(again)]).exit_code == 0


def test_nothing_is_replayed_while_a_run_writes_or_over_what_is_there(crawled):
    with hold(crawled), pytest.raises(AlreadyRunning):
        replay(crawled)
    with hold(crawled), pytest.raises(AlreadyRunning):
        replay_into(crawled, crawled.with_name("again.db"))
    with pytest.raises(InputError, match="is there already"):
        replay_into(crawled, crawled)
    assert not crawled.with_name("again.db").exists()


def test_the_command_says_what_came_of_it(crawled):
    assert ask(crawled).stdout.splitlines()[-1] == "Nothing new was found in them."
    rows(crawled, "UPDATE users SET bio = NULL, fans = NULL, fans_text = NULL, fans_exact = NULL")
    assert "completed or corrected " in ask(crawled).stdout
    figures = json.loads(ask(crawled, "--json").stdout)
    assert {"db", *(name for name in Replayed.__dataclass_fields__)} == set(figures)
    assert rows(crawled, "SELECT count(*) FROM replays") == [(1,)]  # the others found nothing


def test_status_says_what_the_replies_take_and_prune_removes_them_by_age(crawled):
    def kept() -> tuple[object, object]:
        figures = json.loads(CliRunner().invoke(status, ["--db", str(crawled), "--json"]).stdout)["archive"]
        return figures["replies"], figures["bytes"]

    counted = rows(crawled, "SELECT count(*), sum(length(body)) FROM replies")[0]
    assert kept() == counted
    shown = CliRunner().invoke(status, ["--db", str(crawled)]).stdout
    assert f"raw replies kept: {counted[0]}, {counted[1] / 1000:.1f} kB on disk" in shown
    forget(crawled, [str(rows(crawled, IDS)[0][0])])
    assert kept() == rows(crawled, "SELECT count(*), sum(length(body)) FROM replies")[0]
    prune(crawled, timedelta(0))
    assert kept()[0] == 0 or kept() == rows(crawled, "SELECT count(*), sum(length(body)) FROM replies")[0]
