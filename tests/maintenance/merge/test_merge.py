"""`crawler merge`: several databases as one, whatever the order, however often."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.cli.merge import merge as command
from crawler.clock import utc_now
from crawler.errors import AlreadyRunning, InputError
from crawler.maintenance.erasure import forget
from crawler.maintenance.merge import merge
from crawler.maintenance.merge.steps import MERGED, NOT_MERGED
from crawler.maintenance.prune import prune
from crawler.maintenance.verify.checks import examine
from crawler.reasons import Reason, ReasonCode
from crawler.store.database import open_database
from crawler.store.lock import hold
from crawler.store.readonly import EXPORT_OF, open_readonly
from crawler.store.reply_compression import unpack
from crawler.store.runs import calls_charged_on_day, claim_service
from tests.filled import EMOJI, KEYWORDS, MANY_FANS, ONLY_RED_ID, ORDINARY, Night, creator, fill, page, play
from tests.maintenance.merge.databases import Machine, contents, crawl, rows
from tests.maintenance.replaying import WORDS, world
from tests.new_database import opened

VERSIONS = Path(__file__).parents[2] / "store" / "versions"
CREATORS = {"users", "sightings", "changes", "older_facts", "lost_red_ids"}
"""Where it shows which creator somebody known by a red_id alone was taken for."""

SENT = """
SELECT started_at, keywords.identity, page, attempt, sent_at, charge, price
  FROM calls
  JOIN runs ON runs.id = run_id
  JOIN keywords ON keywords.id = keyword_id
"""
PAID_TWICE = """
SELECT 1
  FROM calls
 WHERE charge = 'charged'
 GROUP BY keyword_id, generation, page
HAVING count(*) > 1
"""
ASKED_LAST = """
SELECT DISTINCT identity
  FROM calls
  JOIN keywords ON keywords.id = keyword_id
 WHERE run_id = (SELECT max(id) FROM runs)
"""


def ask(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(each) for each in arguments], catch_exceptions=False,
                              standalone_mode=False)  # fmt: skip


def gaps(db: Path) -> list[str]:
    with closing(open_readonly(db)) as connection:
        return [gap.message for gap in examine(connection).gaps]


def spoil(db: Path, statement: str, *values: object) -> None:
    rows(db, statement, *values)


def fill_with(path: Path, nights: list) -> None:
    """Nights of one keyword with one creator each, so many days after the first of November."""
    with closing(opened(path)) as db:
        with db.atomic():
            claim_service(db.conn, "https://api.justoneapi.com")
        for day, each in nights:
            start = datetime(2026, 11, day, 18, 30, tzinfo=UTC)
            steps = {KEYWORDS[0].text: [page(each), page()]}
            play(db, path, Night(start, steps, Reason(ReasonCode.ALL_DONE)), [KEYWORDS[0]])


class Merges:
    """Databases of several machines in a folder, and what is made of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def of(self, *paths: Path) -> Path:
        target = self.folder / ("(" + "+".join(path.stem for path in paths) + ").db")
        merge(paths, target)
        return target


@st.composite
def machines(draw: st.DrawFn) -> Machine:
    return Machine(
        words=tuple(draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=4, unique=True))),
        first_day=draw(st.integers(0, 3)),
        nights=draw(st.integers(1, 2)),
        calls_max=draw(st.sampled_from((None, 3, 8))),
    )


@st.composite
def three(draw: st.DrawFn) -> tuple[int, list[Machine], int | None, int | None]:
    """A world, three machines in it, and which of them, if any, is a copy of the first that went on alone and
    which has been pruned."""
    which = st.none() | st.integers(1, 2)
    return (
        draw(st.integers(0, 999)),
        draw(st.lists(machines(), min_size=3, max_size=3)),
        draw(which),
        draw(which),
    )


def make_three(
    folder: Path, drawn: tuple[int, list[Machine], int | None, int | None], **changes: float
) -> list[Path]:
    seed, nights, copied, pruned = drawn
    paths = [folder / f"{name}.db" for name in "abc"]
    for number, (path, machine) in enumerate(zip(paths, nights, strict=True)):
        if number == copied:
            shutil.copy(paths[0], path)
            machine = replace(machine, first_day=6 + number)
        crawl(path, machine, replace(world(seed), **changes))
        if number == pruned:
            prune(path, timedelta(0), now=lambda: utc_now() + timedelta(days=400))
    return paths


@settings(max_examples=12, deadline=None)
@given(three(), st.sampled_from(("move_share", "odd_share")))
def test_neither_order_nor_grouping_nor_repetition_changes_anything(drawn, none_of):
    """To the row and its number. A red_id that wandered and entries without an id do not go together: who was
    taken for the holder stays taken for it."""
    with tempfile.TemporaryDirectory() as folder:
        a, b, c = make_three(Path(folder), drawn, **{none_of: 0.0})
        merges = Merges(Path(folder))
        ab, bc, all_at_once = merges.of(a, b), merges.of(b, c), merges.of(a, b, c)
        wanted = contents(all_at_once)
        for other in ((c, a, b), (ab, c), (a, bc), (ab, bc), (all_at_once, b), (all_at_once, all_at_once)):
            assert contents(merges.of(*other)) == wanted
        assert gaps(all_at_once) == []


@settings(max_examples=8, deadline=None)
@given(three())
def test_whoever_is_taken_for_whom_nothing_paid_for_is_lost(drawn):
    with tempfile.TemporaryDirectory() as folder:
        paths = make_three(Path(folder), drawn)
        merges = Merges(Path(folder))
        one, other = merges.of(*paths), merges.of(merges.of(*paths[1:]), paths[0])
        found, again = contents(one), contents(other)
        assert {name: found[name] for name in found.keys() - CREATORS} == {
            name: again[name] for name in found.keys() - CREATORS
        }
        ids = "SELECT id FROM users WHERE id NOT LIKE 'red_id:%'"
        assert set(rows(one, ids)) == {row for path in paths for row in rows(path, ids)}
        assert set(rows(one, SENT)) == {row for path in paths for row in rows(path, SENT)}
        assert gaps(one) == gaps(other) == []


def test_every_table_has_its_place_in_a_merge(three_nights):
    tables = {name for (name,) in rows(three_nights, "SELECT name FROM sqlite_schema WHERE type = 'table'")}
    assert tables == {*MERGED, *NOT_MERGED}


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """Two machines that crawled different keywords of one world on the same days."""
    paths = tmp_path / "a.db", tmp_path / "b.db"
    for path, words in zip(paths, (WORDS[:3], WORDS[3:]), strict=True):
        crawl(path, Machine(words))
    return paths


def test_the_inputs_stay_as_they_are(two, tmp_path):
    before = [path.read_bytes() for path in two]
    merge(two, tmp_path / "all.db")
    assert [path.read_bytes() for path in two] == before
    assert {path.name for path in tmp_path.iterdir() if path.suffix in (".db", ".tmp", ".new")} == {
        "a.db", "b.db", "all.db",
    }  # fmt: skip


def test_a_creator_has_the_earlier_first_sight_and_the_newer_facts(tmp_path):
    a, b, both = tmp_path / "a.db", tmp_path / "b.db", tmp_path / "both.db"
    fill_with(a, [(1, ORDINARY[0]._replace(name="alt", bio="von früher"))])
    fill_with(b, [(5, ORDINARY[0]._replace(name="neu"))])
    merge([a, b], both)
    ((first,),) = rows(a, "SELECT first_seen_at FROM users")
    ((last,),) = rows(b, "SELECT max(last_seen_at) FROM sightings")
    found = rows(both, "SELECT name, bio, first_seen_at, last_seen_at FROM creators_with_keywords")
    assert found == [("neu", "von früher", first, last)]


def test_a_red_id_belongs_to_the_one_seen_with_it_last_and_both_say_so(tmp_path):
    a, b = tmp_path / "a.db", tmp_path / "b.db"
    old, new = ORDINARY[0], ORDINARY[1]._replace(red_id=ORDINARY[0].red_id)
    fill_with(a, [(1, old)])
    fill_with(b, [(5, new)])
    for name, inputs in (("one", (a, b)), ("two", (b, a))):
        merge(inputs, tmp_path / f"{name}.db")
        assert dict(rows(tmp_path / f"{name}.db", "SELECT id, red_id FROM users")) == {
            old.id: None,
            new.id: new.red_id,
        }
        noted = (
            "SELECT users.id, old, new FROM changes JOIN users ON users.key = user_key WHERE field = 'red_id'"
        )
        assert set(rows(tmp_path / f"{name}.db", noted)) == {
            (old.id, old.red_id, None),
            (new.id, None, new.red_id),
        }


def test_somebody_known_by_red_id_alone_joins_the_one_who_holds_it(tmp_path):
    a, b = tmp_path / "a.db", tmp_path / "b.db"
    fill_with(a, [(1, ONLY_RED_ID)])
    fill_with(b, [(5, ONLY_RED_ID._replace(id=MANY_FANS.id))])
    merge([a, b], tmp_path / "all.db")
    found = rows(tmp_path / "all.db", "SELECT id, first_seen_at FROM users")
    assert found == [(MANY_FANS.id, rows(a, "SELECT first_seen_at FROM users")[0][0])]
    assert gaps(tmp_path / "all.db") == []


def test_what_one_database_has_complete_is_not_paid_for_again(tmp_path):
    """Though another began it later. What no database has complete goes on where it stopped."""
    done, begun, both = tmp_path / "done.db", tmp_path / "begun.db", tmp_path / "both.db"
    settings = replace(world(3), pages_per_keyword=(3, 3), no_content_share=0.0, faults={}, repeat_share=0.0)
    state = "SELECT identity, state FROM checkpoints JOIN keywords ON id = keyword_id"
    at = "SELECT max(updated_at) FROM checkpoints"
    for number, (path, machine) in enumerate(
        ((done, Machine(WORDS[:2], nights=1)), (begun, Machine(WORDS[1:3], nights=1, calls_max=2)))
    ):
        crawl(path, machine, settings, minutes=10 * number)
    assert {row[1] for row in rows(done, state)} == {"done"}
    assert {row[1] for row in rows(begun, state)} == {"open"}
    assert rows(begun, at) > rows(done, at)
    merge([begun, done], both)
    assert gaps(both) == []
    crawl(both, Machine(WORDS[:3], nights=1), settings, minutes=20)
    assert rows(both, ASKED_LAST) == [(WORDS[2],)]
    assert rows(both, PAID_TWICE) == []
    assert {row[1] for row in rows(both, state)} == {"done"}
    assert gaps(both) == []


def test_what_is_crawled_after_a_merge_goes_into_the_next(two, tmp_path):
    both, later = tmp_path / "both.db", tmp_path / "later.db"
    merge(two, both)
    crawl(both, Machine(first_day=9, nights=1))
    crawl(two[0], Machine(WORDS[:3], first_day=11, nights=1))
    merge([both, *two], later)
    runs = {row for path in (both, *two) for row in rows(path, "SELECT started_at FROM runs")}
    assert set(rows(later, "SELECT started_at FROM runs")) == runs
    assert gaps(later) == []


def test_each_run_says_which_database_it_came_from(two, tmp_path):
    merge(two, tmp_path / "all.db")
    by_origin = rows(tmp_path / "all.db", "SELECT origin, count(*) FROM runs GROUP BY origin")
    assert sorted(count for _origin, count in by_origin) == [2, 2]
    assert None not in dict(by_origin)


def test_calls_of_today_count_for_the_day_whoever_made_them(two, tmp_path):
    merge(two, tmp_path / "all.db")
    with closing(open_readonly(tmp_path / "all.db")) as connection:
        moment = datetime.fromisoformat(connection.execute("SELECT max(sent_at) FROM calls").fetchone()[0])
        found = calls_charged_on_day(connection, moment)
    each = []
    for path in two:
        with closing(open_readonly(path)) as connection:
            each.append(calls_charged_on_day(connection, moment))
    assert found == sum(each)
    assert min(each) > 0


def test_pruned_calls_are_counted_once_where_another_database_still_has_them(two, tmp_path):
    both = tmp_path / "both.db"
    merge(two, both)
    prune(two[0], timedelta(0), now=lambda: utc_now() + timedelta(days=400))
    spend = "SELECT day, calls, charged, free, unknown FROM daily_spend ORDER BY day"
    merge([both, two[0]], tmp_path / "again.db")
    assert rows(tmp_path / "again.db", spend) == rows(both, spend)
    merge(two, tmp_path / "pruned.db")
    assert rows(tmp_path / "pruned.db", spend) == rows(both, spend)
    assert gaps(tmp_path / "pruned.db") == []


@pytest.mark.parametrize("forgetting", [0, 1])
def test_who_was_erased_in_one_stays_erased_in_the_result(tmp_path, forgetting):
    paths = tmp_path / "a.db", tmp_path / "b.db"
    for path, host in zip(paths, ("here", "there"), strict=True):
        fill(path)
        spoil(path, "UPDATE runs SET host = ?", host)
    spoil(
        paths[1 - forgetting],
        "UPDATE users SET bio = ? WHERE id = ?",
        f"friend of {MANY_FANS.red_id}",
        EMOJI.id,
    )
    forget(paths[1 - forgetting], [ORDINARY[7].id])  # so that there are two salts
    forget(paths[forgetting], [MANY_FANS.id])
    both, again = tmp_path / "both.db", tmp_path / "again.db"
    merge(paths, both)
    merge([both, *paths], again)
    for path in (both, again):
        text = path.read_bytes() + b"".join(
            unpack(body) or b"" for (body,) in rows(path, "SELECT body FROM replies")
        )
        for name in (MANY_FANS.id, MANY_FANS.red_id, MANY_FANS.name, ORDINARY[7].id):
            assert str(name).encode() not in text
        assert rows(path, "SELECT bio FROM users WHERE id = ?", EMOJI.id) == [("friend of …",)]
        assert gaps(path) == []
    with closing(open_database(both)) as db:
        steps = {KEYWORDS[0].text: [page(MANY_FANS, ORDINARY[7], creator(301, "neu")), page()]}
        play(
            db,
            both,
            Night(datetime(2026, 12, 1, tzinfo=UTC), steps, Reason(ReasonCode.ALL_DONE)),
            [KEYWORDS[0]],
        )
    erased = "SELECT count(*) FROM users WHERE id IN (?, ?)"
    assert rows(both, erased, MANY_FANS.id, ORDINARY[7].id) == [(0,)]
    assert rows(both, "SELECT count(*) FROM users WHERE name = 'neu'") == [(1,)]


def test_forgetting_in_the_result_takes_every_byte_and_verify_agrees(tmp_path):
    paths = tmp_path / "a.db", tmp_path / "b.db"
    for path, host in zip(paths, ("here", "there"), strict=True):
        fill(path)
        spoil(path, "UPDATE runs SET host = ?", host)
    both = tmp_path / "both.db"
    merge(paths, both)
    forget(both, [MANY_FANS.id])
    assert MANY_FANS.name.encode() not in both.read_bytes()
    assert gaps(both) == []


# What is refused, in words.


def test_databases_of_different_services_are_refused(two, tmp_path):
    spoil(two[1], "UPDATE settings SET value = 'https://api.justoneapi.com' WHERE name = 'service'")
    with pytest.raises(InputError, match=r"was filled from .* they cannot be merged"):
        merge(two, tmp_path / "all.db")
    assert not (tmp_path / "all.db").exists()


def test_an_export_is_refused(two, tmp_path):
    spoil(two[1], f"UPDATE settings SET value = '{EXPORT_OF}' || value WHERE name = 'service'")
    with pytest.raises(InputError, match=r"b.db is an export"):
        merge(two, tmp_path / "all.db")


def test_a_newer_version_is_refused(two, tmp_path):
    future = (
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('crawler', '9999_x', '')"
    )
    spoil(two[1], future)
    with pytest.raises(InputError, match="newer version"):
        merge(two, tmp_path / "all.db")


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0 and then nothing"])
def test_what_is_no_database_is_refused(two, tmp_path, content):
    (tmp_path / "other.db").write_bytes(content)
    with pytest.raises(InputError):
        merge([two[0], tmp_path / "other.db"], tmp_path / "all.db")
    with pytest.raises(InputError, match="there is no database"):
        merge([two[0], tmp_path / "missing.db"], tmp_path / "all.db")


def test_another_programs_database_is_refused(two, tmp_path):
    spoil(tmp_path / "other.db", "CREATE TABLE users (id)")
    with pytest.raises(InputError, match="another program"):
        merge([two[0], tmp_path / "other.db"], tmp_path / "all.db")


def test_a_database_of_an_older_version_is_merged_and_stays_what_it_is(two, tmp_path):
    old = tmp_path / "old.db"
    old.write_bytes(gzip.decompress(next(iter(sorted(VERSIONS.glob("*.gz")))).read_bytes()))
    service = rows(old, "SELECT value FROM settings WHERE name = 'service'")[0][0]
    spoil(two[0], "UPDATE settings SET value = ? WHERE name = 'service'", service)
    before = old.read_bytes()
    merge([two[0], old], tmp_path / "all.db")
    assert old.read_bytes() == before
    assert (
        rows(tmp_path / "all.db", "SELECT count(*) FROM runs")[0][0]
        == 2 + rows(old, "SELECT count(*) FROM runs")[0][0]
    )


def test_an_existing_result_is_replaced_only_where_that_is_asked_for(two, tmp_path):
    target = tmp_path / "all.db"
    ask(two[0], "-o", target)
    before = target.read_bytes()
    with pytest.raises(InputError, match="--replace"):
        ask(*two, "-o", target)
    assert target.read_bytes() == before
    told = json.loads(ask(*two, "-o", target, "--replace", "--json").stdout)
    assert told["creators"] == rows(target, "SELECT count(*) FROM users")[0][0]
    with pytest.raises(InputError, match="is one of the databases"):
        ask(*two, "-o", two[0], "--replace")


def test_a_result_that_is_being_crawled_is_left_alone(two, tmp_path):
    merge(two, tmp_path / "all.db")
    with hold(tmp_path / "all.db"), pytest.raises(AlreadyRunning):
        merge(two, tmp_path / "all.db", replace=True)


def test_more_databases_than_sqlite_attaches_at_once(tmp_path):
    paths = [tmp_path / f"{number}.db" for number in range(11)]
    for number, path in enumerate(paths):
        fill_with(path, [(1 + number, creator(number + 1, f"{number}"))])
    merge(paths, tmp_path / "all.db")
    assert rows(tmp_path / "all.db", "SELECT count(*), count(DISTINCT id) FROM users") == [(11, 11)]
    assert rows(tmp_path / "all.db", "SELECT count(DISTINCT origin) FROM runs") == [(11,)]
    assert gaps(tmp_path / "all.db") == []


def test_a_merge_that_is_killed_leaves_nothing_half(two, tmp_path):
    target = tmp_path / "out" / "all.db"
    target.parent.mkdir()
    merging = [sys.executable, "-m", "crawler", "merge", *map(str, two), "-o", str(target)]
    half = 0
    for _turn in range(4):
        with subprocess.Popen(merging, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            while process.poll() is None and not any(target.parent.glob(".crawler-export-*.tmp/file*")):
                time.sleep(0.001)
            process.kill()
        if target.exists():  # it came through after all
            assert gaps(target) == []
            target.unlink()
        else:
            half += 1
    assert half
    merge(two, target)
    assert {path.name for path in target.parent.iterdir()} <= {"all.db", "all.db.lock"}


def test_a_database_that_a_run_is_writing_is_read_as_of_one_moment(two, tmp_path):
    with closing(open_database(two[0])) as db, hold(two[0]):
        spoil(
            two[0],
            "UPDATE runs SET ended_at = NULL, outcome = NULL, reason = NULL, pid = ? WHERE id = 2",
            os.getpid(),
        )
        db.conn.execute("BEGIN")
        db.conn.execute("DELETE FROM checkpoints")  # not committed while the others read
        merge(two, tmp_path / "all.db")
        db.conn.execute("ROLLBACK")
    assert gaps(tmp_path / "all.db") == []
    assert rows(tmp_path / "all.db", "SELECT count(*) FROM runs WHERE ended_at IS NULL") == [(0,)]
    with hold(tmp_path / "all.db"):
        pass  # nobody is taken to be writing the result
