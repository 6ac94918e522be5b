"""What earlier nights brought, page by page, for whoever decides or forecasts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from crawler.clock import Now, stamp
from crawler.model import DueKeyword, Work

HISTORY_SPAN = timedelta(days=60)
"""How far back a look still says something."""

SHARED_BY_MAX = 8
CREATORS_READ_MAX = 200_000
"""The creators, newest first, from whom is learnt which keywords find the same ones."""

_PAGES = """
SELECT pages.keyword_id, pages.page,
       max(0.0, julianday(:now) - julianday(pages.fetched_at))                AS days_ago,
       pages.users_new, pages.entries,
       pages.entries = 0
          OR coalesce(checkpoints.state = 'done'
                      AND checkpoints.stop_reason IN ('no_more', 'no_content', 'nothing_new')
                      AND checkpoints.next_page = pages.page + 1, 0)          AS last
  FROM pages
  LEFT JOIN checkpoints
         ON checkpoints.keyword_id = pages.keyword_id AND checkpoints.endpoint_id = pages.endpoint_id
 WHERE pages.endpoint_id = :endpoint_id AND pages.fetched_at >= :since
   AND pages.keyword_id % :every = 0 AND pages.id > :after
 ORDER BY pages.keyword_id, pages.fetched_at, pages.page
"""

# Pages are removed only as the oldest, so that ids say how many there are behind one.
_BEFORE_THE_LATEST = "SELECT coalesce(max(id), 0) - :pages FROM pages"

_FINDERS = """
SELECT group_concat(keyword_id)
  FROM sightings
 WHERE user_key > (SELECT coalesce(max(key), 0) FROM users) - :creators AND endpoint_id = :endpoint_id
 GROUP BY user_key
HAVING count(*) BETWEEN 2 AND :shared_by
"""

_DUE_COLUMNS = """
SELECT due.keyword_id, text, generation, page, due.pages_max, whole, priority, due.position,
       refresh_after_seconds / 86400.0, stage = 3
"""

_DUE_AGAIN = f"""
{_DUE_COLUMNS}
  FROM due
  JOIN keywords ON keywords.id = due.keyword_id
 WHERE stage <> 1
 ORDER BY stage, urgency, finished_at, position
"""

PORTION = 4_000
"""So many keywords are looked through at a time while others wait."""

_PORTION = f"""
  FROM (SELECT *
          FROM due
         WHERE (stage, urgency, finished_at, position) > (:stage, :urgency, :finished_at, :position)
         ORDER BY stage, urgency, finished_at, position
         LIMIT {PORTION}) AS due
"""

_PORTION_DUE = f"""
{_DUE_COLUMNS} {_PORTION}
  JOIN keywords ON keywords.id = due.keyword_id
 WHERE due.keyword_id % :every = 0
 ORDER BY stage, urgency, finished_at, due.position
"""

_PORTION_COUNTS = f"SELECT count(*) FILTER (WHERE page > 1), count(*) FILTER (WHERE stage = 1) {_PORTION}"

_PORTION_END = f"""
SELECT stage, urgency, finished_at, position {_PORTION}
 ORDER BY stage DESC, urgency DESC, finished_at DESC, position DESC
 LIMIT 1
"""

_DUE_FRESH = """
SELECT due.keyword_id, text, generation, page, due.pages_max, priority, due.position, urgency
  FROM due
  JOIN keywords ON keywords.id = due.keyword_id
 WHERE stage = 1 AND (urgency, due.position) > (?, ?)
 ORDER BY stage, urgency, finished_at, position
 LIMIT 500
"""


# From the latest one on: where there are any, that is one.
_ANY_PAGES = """
SELECT (SELECT 1
          FROM pages
         WHERE endpoint_id = :endpoint_id AND fetched_at >= :since
         ORDER BY id DESC
         LIMIT 1) IS NOT NULL
"""

_FINISHED_DUE = """
SELECT due.keyword_id
  FROM due
  JOIN checkpoints ON checkpoints.keyword_id = due.keyword_id AND checkpoints.endpoint_id = :endpoint_id
 WHERE state = 'done' AND stage <> 0
"""


class PageRead(NamedTuple):
    """A page as it was read: how long ago, what it brought that was new, what it showed; `last` says that
    nothing comes after it."""

    keyword_id: int
    page: int
    days_ago: float
    new: int
    entries: int
    last: bool


def pages_read(
    connection: sqlite3.Connection,
    *,
    endpoint_id: int,
    now: Now,
    every: int = 1,
    pages_max: int | None = None,
) -> Iterator[PageRead]:
    """Every page of the last `HISTORY_SPAN`, keyword by keyword in the order of time; of `every` so many-th
    keyword, and no more than the latest `pages_max` of them."""
    before = -1
    if pages_max is not None:
        (before,) = connection.execute(_BEFORE_THE_LATEST, {"pages": every * pages_max}).fetchone()
    moment = now()
    values = {
        "endpoint_id": endpoint_id, "now": stamp(moment), "since": stamp(moment - HISTORY_SPAN),
        "every": every, "after": before,
    }  # fmt: skip
    for keyword_id, page, days_ago, new, entries, last in connection.execute(_PAGES, values):
        yield PageRead(keyword_id, page, days_ago, new, entries, bool(last))


def any_pages(connection: sqlite3.Connection, *, endpoint_id: int, now: Now) -> bool:
    """Whether there is anything for `pages_read` to tell."""
    values = {"endpoint_id": endpoint_id, "since": stamp(now() - HISTORY_SPAN)}
    return bool(connection.execute(_ANY_PAGES, values).fetchone()[0])


def finished_due(connection: sqlite3.Connection, *, endpoint_id: int) -> set[int]:
    """The keywords that are due though nothing of them is unfinished: they are looked at again."""
    return {row[0] for row in connection.execute(_FINISHED_DUE, {"endpoint_id": endpoint_id})}


def finders(connection: sqlite3.Connection, *, endpoint_id: int) -> Iterator[list[int]]:
    """For every creator that a few keywords found, these keywords."""
    values = {"creators": CREATORS_READ_MAX, "endpoint_id": endpoint_id, "shared_by": SHARED_BY_MAX}
    for (ids,) in connection.execute(_FINDERS, values):
        yield [int(keyword_id) for keyword_id in ids.split(",")]


def due_again(connection: sqlite3.Connection) -> Iterator[DueKeyword]:
    """What is due and was asked for before."""
    return map(_due, connection.execute(_DUE_AGAIN).fetchall())


@dataclass(frozen=True, slots=True)
class Portion:
    """A part of what is due, in file order of work: how much of it is unfinished, how much was never asked
    for, and every so many-th keyword."""

    unfinished: int
    never_asked: int
    keywords: tuple[DueKeyword, ...]


def due_in_portions(connection: sqlite3.Connection, *, every: int) -> Iterator[Portion]:
    """What is due, in portions small enough for whoever else waits."""
    after: dict[str, object] = {"stage": -1, "urgency": 0, "finished_at": "", "position": 0}
    while end := connection.execute(_PORTION_END, after).fetchone():
        unfinished, never = connection.execute(_PORTION_COUNTS, after).fetchone()
        rows = connection.execute(_PORTION_DUE, {**after, "every": every}).fetchall()
        yield Portion(unfinished, never, tuple(map(_due, rows)))
        after = dict(zip(after, end, strict=True))


def count_due(connection: sqlite3.Connection) -> int:
    """How many keywords are due."""
    return int(connection.execute("SELECT count(*) FROM due").fetchone()[0])


def _due(row: Sequence[Any]) -> DueKeyword:
    keyword_id, text, generation, page, pages_max, whole, priority, position, stale_days, left = row
    work = Work(keyword_id, text, generation, page, pages_max, bool(whole))
    return DueKeyword(work, priority, position, stale_days, bool(left))


def due_fresh(connection: sqlite3.Connection) -> Iterator[DueKeyword]:
    """What was never asked for, by priority and place, in small portions while pages are being written."""
    after: tuple[int, int] = (-(2**62), -1)
    while rows := connection.execute(_DUE_FRESH, after).fetchall():
        for row in rows:
            yield DueKeyword(Work(*row[:5]), row[5], row[6])
        after = rows[-1][7], rows[-1][6]


def read_due_history(
    connection: sqlite3.Connection, endpoint_id: int, now: Now
) -> tuple[Iterator[DueKeyword], Iterator[PageRead], Iterator[list[int]]]:
    """What an order of calls goes by: work that is due again, pages read, keywords that share creators."""
    return (
        due_again(connection),
        pages_read(connection, endpoint_id=endpoint_id, now=now),
        finders(connection, endpoint_id=endpoint_id),
    )
