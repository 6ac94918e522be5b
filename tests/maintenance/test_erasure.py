"""`crawler forget`: a creator is gone from every table and every byte, and stays away."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from crawler.analysis.search.index import update_search_index
from crawler.cli.forget import forget
from crawler.cli.verify import verify
from crawler.creator import Creator
from crawler.errors import AlreadyRunning, InputError
from crawler.model import Charge, Keyword, Page, Reject, Settlement, Work
from crawler.reasons import Reason, ReasonCode
from crawler.store.database import open_database
from crawler.store.erased import Forgotten, fingerprint
from crawler.store.lock import hold
from crawler.store.reply_compression import pack, unpack
from crawler.store.transactions import Store
from tests.cli.terminal import on_a_terminal
from tests.filled import (
    AFTERWARDS,
    CHARGED,
    EMOJI,
    MANY_FANS,
    NO_ID,
    NULL,
    ONLY_RED_ID,
    ORDINARY,
    OUTFITS,
    Night,
    creator,
    page,
    play,
)
from tests.store.writes import fetched, open_call, save_page, settle_call

CHANGED_RED_ID = ORDINARY[4]
"""Whose red_id is another since the third night."""


def ask(path: Path, *arguments: str) -> Result:
    return CliRunner().invoke(forget, ["--db", str(path), "--yes", *arguments], catch_exceptions=False)


def rows(path: Path, query: str, *values: object) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(query, values).fetchall()


def holds(path: Path, text: str) -> bool:
    """Whether the bytes of the database, its journal or a raw reply contain `text`."""
    replies = b"".join(unpack(body) for (body,) in rows(path, "SELECT body FROM replies"))
    files = [path, *path.parent.glob(f"{path.name}-*")]
    return any(text.encode() in content for content in (*(file.read_bytes() for file in files), replies))


def add_night(path: Path, *creators: Creator, keyword: Keyword = OUTFITS) -> None:
    """One more night, a month after the last, on which `keyword` brings a page with `creators`."""
    nights = rows(path, "SELECT count(*) FROM runs")[0][0]
    start = datetime(2026, 11, 1, 18, 30, tzinfo=UTC) + timedelta(days=30 * nights)
    with closing(open_database(path)) as db:
        steps = {keyword.text: [page(*creators), page()]}
        play(db, path, Night(start, steps, Reason(ReasonCode.ALL_DONE)), [keyword])


def keep(path: Path, page_id: int, value: object) -> None:
    """Puts a raw reply of a page by another."""
    body = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
    rows(path, "UPDATE replies SET body = ? WHERE page_id = ?", pack(body), page_id)


def reply(path: Path, page_id: int) -> bytes | None:
    found = rows(path, "SELECT body FROM replies WHERE page_id = ?", page_id)
    return unpack(found[0][0]) if found else None


@pytest.mark.parametrize(
    "name", [MANY_FANS.id, MANY_FANS.red_id, MANY_FANS.profile_url, MANY_FANS.id.upper()]
)
def test_a_creator_is_erased_by_id_by_red_id_and_by_profile_address(db, name):
    result = ask(db, name)
    assert result.exit_code == 0
    assert f" ({MANY_FANS.name}) is erased: " in result.stdout
    assert "creators 1, sightings 3, changes 1, rejected entries 0, raw replies 4." in result.stdout
    assert rows(db, "SELECT count(*) FROM users WHERE id = ?", MANY_FANS.id) == [(0,)]
    assert rows(db, "SELECT count(*) FROM changes WHERE new = '400万'") == [(0,)]


def test_no_byte_of_a_creator_is_left_in_the_file(db):
    words = [MANY_FANS.id, MANY_FANS.red_id, MANY_FANS.name, "合作请私信", "img.example/104", "400万"]
    assert all(holds(db, word) for word in words)
    ask(db, MANY_FANS.id)
    assert [word for word in words if holds(db, word)] == []


def test_no_byte_of_earlier_values_is_left_in_the_file(db):
    """What a creator was called before lingers in free space until the file is written anew."""
    add_night(db, MANY_FANS._replace(name="a former name of some length"))
    add_night(db, MANY_FANS._replace(name="b"))
    rows(db, "DELETE FROM changes")
    ask(db, MANY_FANS.id)
    assert not holds(db, "a former name")


def test_the_others_stay_as_they_are(db):
    others = "SELECT * FROM users WHERE red_id <> '4m1rr22' ORDER BY key"
    before = rows(db, others)
    ask(db, MANY_FANS.id)
    assert rows(db, others) == before


def test_the_database_is_complete_afterwards(db):
    ask(db, MANY_FANS.id, ORDINARY[0].id, ORDINARY[11].id, "nobody")
    assert CliRunner().invoke(verify, ["--db", str(db)]).exit_code == 0


def test_several_are_erased_at_once(db):
    result = ask(db, MANY_FANS.id, EMOJI.red_id, ORDINARY[0].id)
    assert result.exit_code == 0
    assert rows(db, "SELECT count(*) FROM users") == [(37,)]


@pytest.mark.parametrize(
    "back",
    [
        MANY_FANS,
        MANY_FANS._replace(red_id="another1"),
        MANY_FANS._replace(red_id=None),
        MANY_FANS._replace(id=None, profile_url=None),
    ],
    ids=["as before", "another red_id", "no red_id", "red_id alone"],
)
def test_a_forgotten_creator_does_not_come_back(db, back):
    ask(db, MANY_FANS.id)
    add_night(db, back, ORDINARY[0])
    assert rows(db, "SELECT count(*) FROM users WHERE name = ?", MANY_FANS.name) == [(0,)]
    assert not holds(db, MANY_FANS.name)
    last_seen = "SELECT last_seen_at FROM creators_with_keywords WHERE id = ?"
    began = "SELECT started_at FROM runs WHERE id = 4"
    assert rows(db, last_seen, ORDINARY[0].id) >= rows(db, began)
    assert CliRunner().invoke(verify, ["--db", str(db)]).exit_code == 0


def test_a_red_id_taken_after_being_forgotten_is_no_way_back(db):
    ask(db, MANY_FANS.id)
    add_night(db, MANY_FANS._replace(red_id="taken9999"))
    add_night(db, MANY_FANS._replace(id=None, red_id="taken9999"))
    assert rows(db, "SELECT count(*) FROM users WHERE red_id = 'taken9999'") == [(0,)]


def test_a_creator_known_by_red_id_alone_does_not_come_back_with_an_id(db):
    assert ask(db, ONLY_RED_ID.red_id).exit_code == 0
    add_night(db, ONLY_RED_ID._replace(id=f"{108:024x}"))
    assert not holds(db, ONLY_RED_ID.name)


def test_a_reply_with_a_forgotten_creator_is_not_kept(db):
    ask(db, ORDINARY[0].id)
    add_night(db, ORDINARY[0], ORDINARY[1])
    assert reply(db, 20) is None


def test_what_cannot_be_read_and_names_a_forgotten_creator_is_not_kept(db):
    ask(db, MANY_FANS.id)
    entry = json.dumps({"link": f"user/{MANY_FANS.id}?x", "name": "a new bio"})
    with closing(open_database(db)) as opened:
        work = Work(1, OUTFITS.text, 3, 1, 50)
        store = Store(opened, db, 3, 1, lambda: AFTERWARDS)
        first, second = store.apply([open_call(work, 1, 1), open_call(work, 1, 2)])
        refused = Settlement(Charge.UNKNOWN, "777", 200, 1)
        found = Page((), (Reject(1, NO_ID, entry), Reject(2, NULL, "null")), 2)
        store.apply(
            [
                settle_call(first, refused, work, 1, entry.encode()),
                save_page(fetched(second, CHARGED, work, 1, found, 0, None, entry.encode())),
            ]
        )
    assert not holds(db, "a new bio")
    assert rows(db, "SELECT rank FROM rejects WHERE run_id = 3") == [(2,)]
    assert rows(db, "SELECT rejected FROM pages ORDER BY id DESC LIMIT 1") == [(2,)]


def test_only_hashes_are_kept_and_they_differ_from_database_to_database(db, three_nights, tmp_path):
    other = tmp_path / "other.db"
    other.write_bytes(three_nights.read_bytes())
    ask(db, MANY_FANS.id)
    ask(other, MANY_FANS.id)
    hashes = {row[0] for row in rows(db, "SELECT fingerprint FROM forgotten")}
    assert len(hashes) == 2
    assert all(len(each) == 64 for each in hashes)
    assert hashes.isdisjoint(row[0] for row in rows(other, "SELECT fingerprint FROM forgotten"))


def test_a_name_that_is_not_there_is_said_so_and_kept_out(db):
    result = ask(db, "26814156499")
    assert result.exit_code == 1
    assert "26814156499 is not in the database" in result.stdout
    add_night(db, creator(300, "a newcomer", red_id="26814156499"))
    assert not holds(db, "a newcomer")


@pytest.mark.parametrize(
    "name", ["Jojo英语", "a b", "5f3c1a2b/", "https://example.com/5f3c1a2b", "a" * 65, "\udce6", "a\x1b[31m"]
)
def test_what_can_be_nobodys_id_is_refused_and_a_search_suggested(db, name):
    before = rows(db, "SELECT count(*) FROM users")
    with pytest.raises(InputError, match="`crawler search ") as refused:
        ask(db, MANY_FANS.id, name)
    assert "\x1b" not in str(refused.value)
    assert rows(db, "SELECT count(*) FROM users") == before
    assert rows(db, "SELECT count(*) FROM forgotten") == [(0,)]


def test_an_odd_red_id_that_somebody_has_is_no_hindrance(db):
    rows(db, "UPDATE users SET red_id = '小号' WHERE id = ?", MANY_FANS.id)
    assert ask(db, "小号").exit_code == 0
    assert not holds(db, MANY_FANS.id)


def test_asking_twice_is_answered_so(db):
    ask(db, MANY_FANS.id)
    result = ask(db, MANY_FANS.id)
    assert result.exit_code == 0
    assert "was forgotten before" in result.stdout


def test_a_raw_reply_is_rewritten_without_the_entry_alone(db):
    users = [{"id": MANY_FANS.id, "name": "x"}, {"id": EMOJI.id}, None, {"link": f"see/{MANY_FANS.id}?a=1"}]
    keep(db, 1, {"code": 0, "data": {"users": users, "filters": [1]}, "requestId": "r"})
    ask(db, MANY_FANS.id)
    assert json.loads(reply(db, 1)) == {
        "code": 0,
        "data": {"users": [{"id": EMOJI.id}, None], "filters": [1]},
        "requestId": "r",
    }


@pytest.mark.parametrize(
    "body",
    [
        f'{{"users": [{{"id": "{MANY_FANS.id}"'.encode(),
        {"code": 777, "message": f"no such user {MANY_FANS.id}"},
        f'{{"users": ["{MANY_FANS.id}"]}}'.encode("utf-16"),
        f'{{"users": ["小红书 {MANY_FANS.id}"]}}'.encode("gb18030"),
        b'{"a":' * 1000 + f'"{MANY_FANS.id}"'.encode() + b"}" * 1000,
    ],
    ids=["cut", "outside a list", "utf-16", "gb18030", "deep"],
)
def test_a_raw_reply_that_cannot_be_rewritten_is_removed(db, body):
    keep(db, 1, body)
    ask(db, MANY_FANS.id)
    assert reply(db, 1) is None


def test_a_longer_number_that_contains_a_red_id_is_another(db):
    rows(db, "UPDATE users SET red_id = '1234567' WHERE id = ?", MANY_FANS.id)
    keep(db, 1, {"users": [{"red_id": "91234567"}, {"red_id": "12345678"}, {"red_id": 1234567}]})
    ask(db, "1234567")
    assert json.loads(reply(db, 1)) == {"users": [{"red_id": "91234567"}, {"red_id": "12345678"}]}


def test_rejected_entries_that_mention_the_creator_go_too(db):
    entry = json.dumps({"Id": MANY_FANS.id, "name": "unreadable"})
    rows(db, "UPDATE rejects SET entry = ? WHERE rank = 9", entry)
    result = ask(db, MANY_FANS.id)
    assert "rejected entries 1" in result.stdout
    assert rows(db, "SELECT rank FROM rejects") == [(10,)]
    assert not holds(db, "unreadable")


def test_a_red_id_that_moved_to_the_creator_leaves_the_history_of_its_former_holder(db):
    add_night(db, MANY_FANS._replace(red_id=ORDINARY[7].red_id))
    assert rows(db, "SELECT count(*) FROM changes WHERE old = ?", ORDINARY[7].red_id) == [(1,)]
    ask(db, MANY_FANS.id)
    assert not holds(db, ORDINARY[7].red_id)
    assert rows(db, "SELECT red_id FROM users WHERE id = ?", ORDINARY[7].id) == [(None,)]


def test_a_former_red_id_goes_with_its_owner(db):
    keep(db, 1, {"users": [{"red_id": CHANGED_RED_ID.red_id}, {"red_id": "x"}]})
    ask(db, "newred05")
    assert not holds(db, CHANGED_RED_ID.red_id)
    assert not holds(db, "newred05")


def test_a_former_red_id_that_another_creator_holds_now_is_left_to_that_one(db):
    add_night(db, creator(400, "new holder", red_id=CHANGED_RED_ID.red_id))
    ask(db, "newred05")
    assert rows(db, "SELECT name FROM users WHERE red_id = ?", CHANGED_RED_ID.red_id) == [("new holder",)]
    add_night(db, creator(400, "new holder again", red_id=CHANGED_RED_ID.red_id))
    assert holds(db, "new holder again")


def test_the_search_index_forgets_as_well(db):
    with closing(sqlite3.connect(db, isolation_level=None)) as connection:
        assert update_search_index(connection, creators_min=1) == 40
    assert rows(db, "SELECT count(*) FROM search_documents WHERE name MATCH 'a + m + y + 穿 + 搭'") == [(1,)]
    ask(db, MANY_FANS.id)
    assert rows(db, "SELECT count(*) FROM search_documents") == [(39,)]
    assert rows(db, "SELECT count(*) FROM search_documents WHERE name MATCH 'a + m + y + 穿 + 搭'") == [(0,)]


def test_a_sighting_less_of_someone_else_is_still_found_after_forgetting(db):
    ask(db, ORDINARY[3].id)
    rows(db, "DELETE FROM sightings WHERE user_key = 2 AND keyword_id = 1")
    result = CliRunner().invoke(verify, ["--db", str(db)])
    assert result.exit_code == 1
    assert "creators that its pages brought: 30; of these are kept: 29" in result.stdout


def answered(path: Path, *arguments: str, answer: bytes) -> tuple[int, str]:
    """How the command ends where somebody types `answer`, and what the terminal shows."""
    return on_a_terminal("forget", "--db", path, *arguments, typed=answer)


def test_on_a_terminal_nothing_is_erased_where_the_answer_is_no(db):
    before = db.read_bytes()
    code, shown = answered(db, MANY_FANS.id, answer=b"n\n")
    assert code != 0
    assert f"Erase {MANY_FANS.id} ({MANY_FANS.name}) from" in shown
    assert db.read_bytes() == before


@pytest.mark.parametrize(("options", "answer"), [([], b"y\n"), (["--yes"], b"n\n")])
def test_on_a_terminal_the_answer_yes_or_the_option_erases(db, options, answer):
    assert answered(db, MANY_FANS.id, *options, answer=answer)[0] == 0
    assert not holds(db, MANY_FANS.id)


def test_without_a_terminal_nothing_is_erased_unless_the_option_says_so(db):
    before = db.read_bytes()
    command = [sys.executable, "-m", "crawler", "forget", "--db", str(db), MANY_FANS.id]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert (done.returncode, db.read_bytes()) == (2, before)
    assert "--yes" in done.stderr


def test_a_run_under_way_is_not_disturbed(db):
    with hold(db), pytest.raises(AlreadyRunning):
        ask(db, MANY_FANS.id)
    assert holds(db, MANY_FANS.id)


def test_a_reader_that_holds_on_to_the_old_is_told_of(db):
    with closing(sqlite3.connect(db, isolation_level=None)) as reader:
        reader.execute("PRAGMA journal_mode = WAL")
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM users").fetchone()
        result = ask(db, MANY_FANS.id)
        assert result.exit_code == 1
        assert "another program is reading it" in result.stdout
    assert ask(db, MANY_FANS.id).exit_code == 0
    assert not holds(db, MANY_FANS.id)


def test_without_vacuum_the_rows_go_and_the_rest_is_told(db):
    result = ask(db, MANY_FANS.id, "--no-vacuum")
    assert result.exit_code == 0
    assert "may linger" in result.stdout
    assert rows(db, "SELECT count(*) FROM users WHERE id = ?", MANY_FANS.id) == [(0,)]


@pytest.mark.parametrize("names", [[""], ["  "]])
def test_an_empty_name_is_refused(db, names: Sequence[str]):
    with pytest.raises(InputError):
        ask(db, *names)


def comes_back(path: Path, *back: Creator) -> bool:
    """Whether a night that brings `back` leaves any of their names in the database."""
    add_night(path, *back, ORDINARY[0])
    return any(holds(path, one.name) for one in back)


NEWCOMER = creator(300, "a newcomer", red_id="26814156499")


def test_who_was_forgotten_by_red_id_alone_does_not_come_back_with_the_id_that_then_turned_up(db):
    ask(db, NEWCOMER.red_id)
    assert not comes_back(db, NEWCOMER)
    assert not comes_back(db, NEWCOMER._replace(red_id="renamed300"))
    assert not comes_back(db, NEWCOMER._replace(id=None, red_id="renamed300"))


def test_a_provisional_creator_who_was_forgotten_does_not_come_back_under_another_red_id(db):
    ask(db, ONLY_RED_ID.red_id)
    known = ONLY_RED_ID._replace(id=f"{108:024x}")
    assert not comes_back(db, known)
    assert not comes_back(db, known._replace(red_id="renamed108"))


def test_who_takes_over_a_forgotten_red_id_is_forgotten_no_longer_than_with_that(db):
    ask(db, NEWCOMER.red_id)
    assert not comes_back(db, NEWCOMER)
    other = creator(301, "another person", red_id=NEWCOMER.red_id)
    assert not comes_back(db, other)
    assert comes_back(db, other._replace(red_id="other301"))


def test_a_creator_does_not_come_back_with_an_old_red_id_alone(db):
    ask(db, CHANGED_RED_ID.id)
    assert not comes_back(db, CHANGED_RED_ID._replace(id=None, name="who was once"))
    assert comes_back(db, creator(302, "who is it now", red_id=CHANGED_RED_ID.red_id))


def test_a_creator_is_found_by_an_old_red_id(db):
    result = ask(db, CHANGED_RED_ID.red_id)
    assert result.exit_code == 0
    assert rows(db, "SELECT count(*) FROM users WHERE id = ?", CHANGED_RED_ID.id) == [(0,)]


@pytest.mark.parametrize("red_id", ["my.red-id", "a-bc", "x.y.z", "_a.b_", "abcd"])
@pytest.mark.parametrize(
    "around", ['{"ID": "%s"}', "see %s.", "user-%s-page", "小红书号%s，", '"https:\\/\\/x\\/%s"', "a%%2F%s"]
)
def test_a_name_with_dots_and_dashes_is_found_in_what_cannot_be_read(db, red_id, around):
    ask(db, red_id)
    with closing(open_database(db)) as opened:
        store = Store(opened, db, 3, 1, lambda: AFTERWARDS)
        assert store._erased.named_in(around % red_id)
        assert not store._erased.named_in(around % f"{red_id}x")


ESCAPED = "".join(f"\\u{ord(character):04x}" for character in MANY_FANS.id)
PERCENT = "".join(f"%{ord(character):02x}" for character in MANY_FANS.id)
ENTITIES = "".join(f"&#{ord(character)};" for character in MANY_FANS.id)


@pytest.mark.parametrize(
    "written", [ESCAPED, PERCENT, ENTITIES, ESCAPED.replace("\\", "%5c"), PERCENT.replace("%", "%25")]
)
def test_an_escaped_id_in_a_kept_reply_and_in_a_rejected_entry_is_found(db, written):
    keep(db, 1, f'{{"users": [{{"key": "{written}", "bio": "gone"}}, {{"bio": "stays"}}]}}'.encode())
    rows(db, "UPDATE rejects SET entry = ? WHERE rank = 9", f'"{written}"')
    ask(db, MANY_FANS.id)
    assert json.loads(reply(db, 1)) == {"users": [{"bio": "stays"}]}
    assert rows(db, "SELECT rank FROM rejects") == [(10,)]
    with closing(open_database(db)) as opened:
        assert Store(opened, db, 3, 1, lambda: AFTERWARDS)._erased.named_in(f'"{written}"')


def test_a_name_in_what_others_say_is_taken_out_of_it_and_stays_out(db):
    other = ORDINARY[1]
    bio = f"friend of {MANY_FANS.red_id}, not of {MANY_FANS.red_id}1"
    extra = json.dumps({"friends": [MANY_FANS.id, "x"], "note": f"@{MANY_FANS.red_id}!", "n": 1})
    rows(db, "UPDATE users SET bio = ?, extra = ? WHERE id = ?", bio, extra, other.id)
    rows(db, "UPDATE changes SET old = ? WHERE id = (SELECT min(id) FROM changes)", f"was {MANY_FANS.red_id}")
    result = ask(db, MANY_FANS.id)
    assert "Removed from what other creators say: " in result.stdout
    said = [(f"friend of …, not of {MANY_FANS.red_id}1", '{"friends":["…","x"],"note":"@…!","n":1}')]
    assert rows(db, "SELECT bio, extra FROM users WHERE id = ?", other.id) == said
    assert not holds(db, MANY_FANS.id)
    add_night(db, other._replace(bio=bio, extra=extra))
    assert rows(db, "SELECT bio, extra FROM users WHERE id = ?", other.id) == said


def test_a_number_that_is_a_name_becomes_null_in_the_json_of_others(db):
    rows(db, "UPDATE users SET red_id = '1234567' WHERE id = ?", MANY_FANS.id)
    rows(db, "UPDATE users SET extra = ? WHERE id = ?", '{"friend": 1234567, "n": 12345678}', ORDINARY[1].id)
    ask(db, MANY_FANS.id)
    ((extra,),) = rows(db, "SELECT extra FROM users WHERE id = ?", ORDINARY[1].id)
    assert json.loads(extra) == {"friend": None, "n": 12345678}


def test_the_search_index_knows_what_others_say_now(db):
    rows(db, "UPDATE users SET bio = ? WHERE id = ?", f"friend of {MANY_FANS.red_id}", ORDINARY[1].id)
    with closing(sqlite3.connect(db, isolation_level=None)) as connection:
        update_search_index(connection, creators_min=1)
    ask(db, MANY_FANS.id)
    assert not holds(db, MANY_FANS.red_id)
    assert not holds(db, " ".join(MANY_FANS.red_id))
    assert rows(db, "SELECT count(*) FROM search_documents") == [(39,)]
    assert rows(db, "SELECT count(*) FROM search_documents WHERE bio MATCH 'f + r + i + e + n + d'") == [(1,)]


def test_a_typo_that_was_remembered_is_taken_back(db):
    ask(db, NEWCOMER.red_id)
    result = CliRunner().invoke(forget, ["--db", str(db), "--undo", NEWCOMER.red_id])
    assert (result.exit_code, result.output) == (0, f"{NEWCOMER.red_id} can be collected again.\n")
    assert rows(db, "SELECT count(*) FROM forgotten") == [(0,)]
    assert comes_back(db, NEWCOMER)


def test_it_is_told_where_letting_in_one_of_two_names_does_not_let_in_the_creator(db):
    ask(db, MANY_FANS.red_id)
    one = CliRunner().invoke(forget, ["--db", str(db), "--undo", MANY_FANS.red_id])
    assert one.output.splitlines() == [
        f"{MANY_FANS.red_id} can be collected again.",
        "Its creator stays out until id and red_id are both given to --undo; one of them was not.",
    ]
    assert not comes_back(Path(shutil.copy(db, db.with_name("night.db"))), MANY_FANS)
    other = CliRunner().invoke(forget, ["--db", str(db), "--undo", MANY_FANS.id])
    assert other.output == f"{MANY_FANS.id} can be collected again.\n"
    assert comes_back(db, MANY_FANS)


def test_what_was_not_forgotten_cannot_be_taken_back(db):
    result = CliRunner().invoke(forget, ["--db", str(db), "--undo", "nobody"])
    assert (result.exit_code, result.output) == (1, "nobody was not forgotten.\n")


def test_on_a_terminal_a_name_that_nobody_has_is_asked_about_by_itself(db):
    code, shown = answered(db, MANY_FANS.id, NEWCOMER.red_id, answer=b"y\nn\n")
    assert code == 0
    assert f"is {NEWCOMER.red_id}. Remember the name" in shown
    assert not holds(db, MANY_FANS.id)
    assert comes_back(db, NEWCOMER)


def test_nothing_is_made_where_there_is_no_database(tmp_path):
    with pytest.raises(InputError, match="there is no database"):
        ask(tmp_path / "none.db", "26814156499")
    assert list(tmp_path.iterdir()) == []


def test_a_name_as_short_as_a_word_takes_nothing_from_others(db):
    said = rows(db, "SELECT key, name, bio, extra FROM users WHERE red_id IS NOT '1'")
    ask(db, "1")
    assert rows(db, "SELECT key, name, bio, extra FROM users") == said
    add_night(db, ORDINARY[1]._replace(bio="1 cat", extra='{"n":1}'))
    assert rows(db, "SELECT bio, extra FROM users WHERE id = ?", ORDINARY[1].id) == [("1 cat", '{"n":1}')]


def test_a_character_of_a_thousand_digits_is_no_obstacle():
    forgotten = Forgotten(("salt",), frozenset([fingerprint("salt", "geheim77")]))
    assert forgotten.named_in("&#" + "9" * 5000 + "; geheim77")
    assert not forgotten.named_in("&#" + "9" * 5000 + "; nobody")
