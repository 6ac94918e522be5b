"""`crawler restore` asks before anything is lost."""

from __future__ import annotations

import shutil

import pytest

from crawler.clock import stamp, utc_now
from crawler.maintenance.backup import back_up
from crawler.store.database import open_database
from tests.cli.terminal import answered_at_a_terminal
from tests.maintenance.backing import contents


@pytest.fixture
def backup(crawler, three_nights):
    """A backup in the folder of the command line, of a database that holds one creator more by now."""
    db = crawler.folder / "creators.db"
    shutil.copy(three_nights, db)
    made = back_up(db, crawler.folder / "copy.db").path
    opened = open_database(db)
    opened.execute("UPDATE users SET id = 'f' || substr(id, 2) WHERE key = (SELECT min(key) FROM users)")
    opened.close()
    return made


COMMAND = ("restore", "copy.db", "--db", "creators.db")


@pytest.mark.parametrize(("answer", "restored"), [("y\n", True), ("n\n", False), ("\n", False)])
async def test_a_terminal_is_told_what_is_lost_and_asked(crawler, backup, answer, restored):
    db = crawler.folder / "creators.db"
    before, wanted = contents(db), contents(backup)
    code, shown = await answered_at_a_terminal(crawler, answer, *COMMAND)
    assert "new creators: 1" in shown
    assert (code, contents(db)) == ((0, wanted) if restored else (2, before))


async def test_where_nobody_can_be_asked_nothing_is_restored_without_yes(crawler, backup):
    db = crawler.folder / "creators.db"
    before, wanted = contents(db), contents(backup)
    refused = await crawler(*COMMAND)
    assert (refused.exit_code, contents(db)) == (2, before)
    assert "--yes" in refused.stderr
    done = await crawler(*COMMAND, "--yes")
    assert (done.exit_code, contents(db)) == (0, wanted)
    assert "What was there is kept" in done.stdout


async def test_the_same_again_asks_nothing(crawler, backup):
    assert (await crawler(*COMMAND, "--yes")).exit_code == 0
    again = await crawler(*COMMAND)
    assert (again.exit_code, "holds every call and creator" in again.stderr) == (0, True)


async def test_after_the_calls_of_today_it_is_told_that_caps_of_the_day_lose_them(crawler, backup):
    opened = open_database(crawler.folder / "creators.db")
    opened.execute("UPDATE calls SET sent_at = ? WHERE id = (SELECT max(id) FROM calls)", (stamp(utc_now()),))
    opened.execute("UPDATE calls SET charge = 'charged' WHERE id = (SELECT max(id) FROM calls)")
    opened.close()
    done = await crawler(*COMMAND, "--yes")
    assert "of them today: 1; caps of a day no longer count them" in done.stderr
