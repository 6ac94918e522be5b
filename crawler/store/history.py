"""What earlier nights brought, page by page, for whoever decides or forecasts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from crawler.clock import Now, stamp

HISTORY_SPAN = timedelta(days=60)
"""How far back a look still says something."""

SHARED_BY_MAX = 8
CREATORS_READ_MAX = 200_000
"""The creators, newest first, from whom is learnt which keywords find the same ones."""

_PAGES = """
SELECT pages.keyword_id, pages.page,
       julianday(:now) - julianday(pages.fetched_at)                          AS days_ago,
       pages.users_new, pages.entries,
       pages.entries = 0
          OR coalesce(checkpoints.state = 'done'
                      AND checkpoints.stop_reason IN ('no_more', 'no_content', 'nothing_new')
                      AND checkpoints.next_page = pages.page + 1, 0)          AS last
  FROM pages
  LEFT JOIN checkpoints
         ON checkpoints.keyword_id = pages.keyword_id AND checkpoints.endpoint_id = pages.endpoint_id
 WHERE pages.endpoint_id = :endpoint_id AND pages.fetched_at >= :since
 ORDER BY pages.keyword_id, pages.fetched_at, pages.page
"""

_FINDERS = """
SELECT group_concat(DISTINCT keyword_id)
  FROM sightings
 WHERE user_key > (SELECT coalesce(max(key), 0) FROM users) - :creators AND endpoint_id = :endpoint_id
 GROUP BY user_key
HAVING count(DISTINCT keyword_id) BETWEEN 2 AND :shared_by
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


def pages_read(connection: sqlite3.Connection, *, endpoint_id: int, now: Now) -> Iterator[PageRead]:
    """Every page of the last `HISTORY_SPAN`, keyword by keyword in the order of time."""
    moment = now()
    values = {"endpoint_id": endpoint_id, "now": stamp(moment), "since": stamp(moment - HISTORY_SPAN)}
    for keyword_id, page, days_ago, new, entries, last in connection.execute(_PAGES, values):
        yield PageRead(keyword_id, page, days_ago, new, entries, bool(last))


def finders(connection: sqlite3.Connection, *, endpoint_id: int) -> Iterator[list[int]]:
    """For every creator that a few keywords found, these keywords."""
    values = {"creators": CREATORS_READ_MAX, "endpoint_id": endpoint_id, "shared_by": SHARED_BY_MAX}
    for (ids,) in connection.execute(_FINDERS, values):
        yield [int(keyword_id) for keyword_id in ids.split(",")]
