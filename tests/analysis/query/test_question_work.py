"""Questions for the first of many look only at those who can be among them, and answer the same."""

import sqlite3
from collections import Counter
from contextlib import closing

import pytest

from crawler.analysis.filters import Filters
from crawler.analysis.query import ask, load_questions, prepare
from tests.bench.growth.build import build

SOME, MANY = 2_000, 8_000


@pytest.fixture(scope="module")
def databases(tmp_path_factory):
    """Databases of some creators and of many."""
    paths = {}
    for creators in (SOME, MANY):
        paths[creators] = tmp_path_factory.mktemp("grown") / f"{creators}.db"
        build(paths[creators], creators)
    return paths


def answer(connection, name, filters):
    """The rows of a question, and how many instructions SQLite took for them."""
    steps = 0

    def step():
        nonlocal steps
        steps += 1

    sql, parameters = prepare(load_questions()[name], filters, None)
    connection.set_progress_handler(step, 1)
    rows = [tuple(row) for row in ask(connection, sql, parameters).rows]
    connection.set_progress_handler(None, 0)
    return rows, steps


@pytest.mark.parametrize("name", ["top", "new"])
def test_the_biggest_are_found_without_looking_at_the_others(databases, name):
    steps = {}
    for creators, path in databases.items():
        with closing(sqlite3.connect(path)) as connection:
            steps[creators] = answer(connection, name, Filters(limit=20))[1]
    assert steps[MANY] < 1.5 * steps[SOME]


def everybody(connection):
    """Every creator as the questions see them, and the keywords that found each."""
    users = connection.execute("SELECT key, red_id, fans, coalesce(verified, 0), first_seen_at FROM users")
    counts = Counter(key for (key,) in connection.execute("SELECT user_key FROM sightings"))
    return [(*user, counts[user[0]]) for user in users]


FILTERS = (
    Filters(limit=1),
    Filters(limit=20),
    Filters(limit=1500),
    Filters(),
    Filters(limit=30, fans_max=50_000),
    Filters(limit=30, fans_min=60_000),
    Filters(limit=100, verified=True),
    Filters(limit=10, until="2000"),
)


@pytest.mark.parametrize("filters", FILTERS)
@pytest.mark.parametrize("name", ["top", "new", "overlap"])
def test_who_comes_first_is_the_same_as_when_everybody_is_looked_at(databases, name, filters):
    with closing(sqlite3.connect(databases[SOME])) as connection:
        rows = answer(connection, name, filters)[0]
        chosen = [
            (key, red_id, fans, count)
            for key, red_id, fans, verified, first_seen_at, count in everybody(connection)
            if (filters.fans_min is None or fans >= filters.fans_min)
            and (filters.fans_max is None or fans <= filters.fans_max)
            and (filters.verified is None or verified == filters.verified)
            and (filters.until is None or first_seen_at < filters.until)
            and (name != "overlap" or count > 1)
        ]
    chosen.sort(key=lambda one: (-one[3] if name == "overlap" else 0, -one[2], one[0]))
    assert [row[1] for row in rows] == [red_id for _key, red_id, _fans, _count in chosen[: filters.limit]]


@pytest.mark.parametrize("limit", [1, 3, 10, None])
def test_what_each_keyword_brings_is_counted_for_the_first_as_for_all(databases, limit):
    with closing(sqlite3.connect(databases[SOME])) as connection:
        rows = answer(connection, "keywords", Filters(limit=limit))[0]
        found = connection.execute(
            """
            SELECT text, count(*), (SELECT sum(users_new) FROM pages WHERE pages.keyword_id = keywords.id)
              FROM keywords
              JOIN sightings ON keyword_id = keywords.id
             GROUP BY keywords.id
             ORDER BY 3 DESC, 2 DESC, 1
            """
        ).fetchall()
    assert [row[:3] for row in rows] == found[:limit]
