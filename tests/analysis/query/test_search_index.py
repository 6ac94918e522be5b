"""The index is in step after any night, and a search right even where it is not."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from crawler.analysis.search import forget_from_index, update_search_index
from crawler.store.readonly import open_readonly
from tests.analysis.query.searching import KEYWORDS, Crawled, documents, expected, found, rebuilt
from tests.filled import creator

QUERIES = ("穿", "穿搭", "amy穿搭", "amy 穿搭", "a", "搭", "美食", "上海", "r1ab", "店 a", "探店", "r1abcd9")

creators = st.builds(
    creator,
    st.integers(1, 6),
    st.sampled_from([None, "amy穿搭", "Amy 爱穿搭", "穿搭", "ＡＭＹ", "美食"]),
    st.sampled_from([None, 0, 7, 7, 90_000, 10**11]),
    bio=st.sampled_from([None, "上海\n穿搭", "amy"]),
    red_id=st.sampled_from([None, "r1abcd", "r1abcd9", "穿搭"]),
) | st.builds(
    creator,
    st.just(9),
    st.sampled_from(["穿搭", "a"]),
    id=st.none(),
    red_id=st.sampled_from(["r1abcd", "r1abcd9"]),
)


@pytest.fixture
def crawled(tmp_path):
    made = Crawled(tmp_path / "creators.db")
    yield made
    made.close()


class Nights(RuleBasedStateMachine):
    """Any order of pages, runs, updates and deletions."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.numbers = count()
        self.fresh = False

    @initialize()
    def begin(self):
        self.crawled = Crawled(Path(self.folder.name) / f"{next(self.numbers)}.db")
        self.connection = self.crawled.connection

    @rule(keyword=st.integers(1, len(KEYWORDS)), page=st.lists(creators, min_size=1, max_size=4))
    def save(self, keyword, page):
        self.crawled.save(keyword, *page)
        self.fresh = False

    @rule()
    def next_run(self):
        self.crawled.next_run()

    @rule()
    def update(self):
        update_search_index(self.connection, creators_min=1)
        self.fresh = True

    @rule(choice=st.integers(0, 5), from_index=st.booleans())
    def erase(self, choice, from_index):
        keys = [key for (key,) in self.connection.execute("SELECT key FROM users")]
        if keys:
            key = keys[choice % len(keys)]
            with self.crawled.db.atomic():
                if from_index:
                    forget_from_index(self.connection, key)
                else:
                    self.fresh = False
                self.connection.execute("DELETE FROM users WHERE key = ?", (key,))

    @precondition(lambda self: self.fresh and self.is_made())
    @invariant()
    def an_updated_index_is_what_a_new_one_would_be(self):
        assert documents(self.connection) == rebuilt(self.connection)
        self.connection.execute("INSERT INTO search_documents (search_documents) VALUES ('integrity-check')")

    @rule(text=st.sampled_from(QUERIES))
    def search(self, text):
        assert found(self.connection, text) == expected(self.connection, text)

    def is_made(self) -> bool:
        return bool(
            self.connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'search_state'").fetchone()
        )

    def teardown(self):
        self.crawled.close()
        self.folder.cleanup()


Nights.TestCase.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
test_any_order_of_nights_keeps_search_and_index_right = Nights.TestCase


def test_a_small_database_gets_no_index(crawled):
    crawled.save(1, creator(1, "穿搭"))
    assert update_search_index(crawled.connection) == 0
    tables = crawled.connection.execute("SELECT name FROM sqlite_schema WHERE name LIKE 'search%'").fetchall()
    assert tables == []


def test_an_update_without_news_writes_nothing(crawled):
    crawled.save(1, creator(1, "穿搭"), creator(2, "美食"))
    assert update_search_index(crawled.connection, creators_min=1) == 2
    crawled.save(1, creator(1, "穿搭"), creator(2, "换名"))
    assert update_search_index(crawled.connection) == 1
    assert update_search_index(crawled.connection) == 0


def test_an_update_looks_at_no_more_creators_than_a_night_has_changed(crawled):
    crawled.save(1, *(creator(number, f"穿搭{number}") for number in range(1, 101)))
    update_search_index(crawled.connection, creators_min=1)
    crawled.save(1, *(creator(number, f"穿搭{number}") for number in range(1, 101)))
    crawled.save(2, creator(7, "穿搭7"), creator(8, "换名"), creator(101, "新人"))
    heard = []
    assert update_search_index(crawled.connection, tell=lambda *counts: heard.append(counts)) == 3
    assert heard[-1] == (3, 3)
    assert documents(crawled.connection) == rebuilt(crawled.connection)


def test_an_update_that_is_interrupted_goes_on_where_it_was(crawled):
    crawled.save(1, *(creator(number, f"穿搭{number}") for number in range(1, 101)))

    def stop_half_way(done, total):
        if done >= 50:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        update_search_index(crawled.connection, creators_min=1, chunk=10, tell=stop_half_way)
    assert [key for key, _ in found(crawled.connection, "穿搭99")] == [99]
    assert update_search_index(crawled.connection) == 50
    assert documents(crawled.connection) == rebuilt(crawled.connection)


def test_an_update_that_has_no_more_time_leaves_the_rest_to_the_next(crawled):
    crawled.save(1, *(creator(number, f"穿搭{number}") for number in range(1, 101)))
    update_search_index(crawled.connection, creators_min=1)
    crawled.save(1, *(creator(number, f"探店{number}") for number in range(91, 131)))
    heard = []
    written = update_search_index(
        crawled.connection, chunk=10, tell=lambda *counts: heard.append(counts), goes_on=lambda: False
    )
    assert (written, heard[-1]) == (10, (10, 40))
    assert len(found(crawled.connection, "探店")) == 40
    assert update_search_index(crawled.connection) == 30
    assert documents(crawled.connection) == rebuilt(crawled.connection)


def test_an_index_of_an_earlier_version_is_made_anew(crawled):
    crawled.save(1, creator(1, "穿搭"))
    update_search_index(crawled.connection, creators_min=1)
    for statement in (
        "DROP TRIGGER search_creator_changed", "DROP TRIGGER search_creator_erased",
        "DROP TRIGGER search_creator_found", "DROP TRIGGER search_creator_lost",
        "DROP TABLE search_stale", "DROP TABLE search_state",
        "CREATE TABLE search_state (page_id INTEGER NOT NULL, run_id INTEGER NOT NULL)",
        "INSERT INTO search_state VALUES (1, 1)",
    ):  # fmt: skip
        crawled.connection.execute(statement)
    crawled.save(1, creator(2, "美食"))
    assert [key for key, _ in found(crawled.connection, "美食")] == [2]
    assert update_search_index(crawled.connection) == 2
    assert documents(crawled.connection) == rebuilt(crawled.connection)


def test_creators_saved_since_the_update_are_found_by_what_they_are_now(crawled):
    crawled.save(1, creator(1, "旧名"), creator(2, "不变"))
    update_search_index(crawled.connection, creators_min=1)
    crawled.save(1, creator(1, "新名"), creator(3, "新人"))
    assert [key for key, _ in found(crawled.connection, "新")] == [1, 3]
    assert found(crawled.connection, "旧名") == []
    assert [key for key, _ in found(crawled.connection, "不变")] == [2]


def test_a_reader_searches_while_a_run_writes(crawled):
    crawled.save(1, creator(1, "穿搭"))
    update_search_index(crawled.connection, creators_min=1)
    with closing(open_readonly(crawled.path)) as reader, crawled.db.atomic():
        crawled.connection.execute("UPDATE users SET name = 'x'")
        assert [key for key, _ in found(reader, "穿搭")] == [1]


def test_a_forgotten_creator_leaves_no_byte_in_the_index(crawled):
    crawled.save(1, creator(1, "秘密名字", red_id="geheim77"), creator(2, "别人"))
    update_search_index(crawled.connection, creators_min=1)
    with crawled.db.atomic():
        forget_from_index(crawled.connection, 1)
        crawled.connection.execute("DELETE FROM users WHERE key = 1")
    for (table,) in crawled.connection.execute(
        "SELECT name FROM sqlite_schema"
        " WHERE type = 'table' AND name LIKE 'search%' AND sql NOT LIKE 'CREATE VIRTUAL%'"
    ).fetchall():
        for row in crawled.connection.execute(f"SELECT * FROM {table}"):
            assert not any("geheim77" in cell for cell in row if isinstance(cell, str))
            assert not any(b"geheim77" in cell for cell in row if isinstance(cell, bytes))
    assert documents(crawled.connection) == rebuilt(crawled.connection)


def test_an_update_that_fails_leaves_the_index_as_it_was(crawled):
    crawled.save(1, creator(1, "穿搭"))
    update_search_index(crawled.connection, creators_min=1)
    before = documents(crawled.connection)
    crawled.save(1, creator(2, "美食"))
    crawled.connection.set_authorizer(
        lambda action, table, *rest: int(action == 18 and table == "search_rows")  # 18: INSERT; 1: deny
    )
    with pytest.raises(Exception, match="not authorized"):
        update_search_index(crawled.connection)
    crawled.connection.set_authorizer(None)
    assert documents(crawled.connection) == before
    assert [key for key, _ in found(crawled.connection, "美食")] == [2]


class WithoutFts5(sqlite3.Connection):
    """A connection to an SQLite that was built without FTS5."""

    def execute(self, sql, *parameters):
        if "search_documents" in sql and "DROP" not in sql:
            raise sqlite3.OperationalError("no such module: fts5")
        return super().execute(sql, *parameters)


def test_without_fts5_every_creator_is_looked_through(crawled):
    crawled.save(1, creator(1, "穿搭"))
    with closing(sqlite3.connect(crawled.path, factory=WithoutFts5, isolation_level=None)) as connection:
        assert update_search_index(connection, creators_min=1) == 0
        assert not connection.in_transaction
        update_search_index(crawled.connection, creators_min=1)
        crawled.save(1, creator(2, "美食"))
        assert update_search_index(connection) == 0
        assert [key for key, _ in found(connection, "美食")] == [2]
