"""Creators, sightings and changes made anew from raw replies, by the writer that a run writes them with."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count

from crawler.creator import Creator
from crawler.endpoint import Action, Endpoint
from crawler.engine.policy import Policy
from crawler.maintenance.replay.reading import KeptReply, kept_replies, read_again
from crawler.model import Page, Work
from crawler.reasons import Reason
from crawler.store import sql
from crawler.store.creators import CreatorWriter
from crawler.store.erased import Forgotten
from crawler.store.write_buffer import Rows

PAGES_IN_A_TRANSACTION = 500

_COLUMNS = Creator._fields[3:]
"""What an entry says of a creator besides `rank`, `id` and `red_id`."""

# `last_read`: what the last page that showed a creator said, so that it can be told from what an earlier one
# did. `pages_read`: what today's reader made of each page.
# `left_out`: entries that say something of somebody, it is not known of whom.
NOTES = f"""
CREATE TABLE last_read (
    user_key INTEGER PRIMARY KEY,
    moment   TEXT NOT NULL,
    {", ".join(_COLUMNS)}
);
CREATE TABLE pages_read (
    page_id  INTEGER PRIMARY KEY,
    entries  INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    oddity   TEXT,
    oddity_details TEXT
);
CREATE TABLE left_out (
    red_id TEXT NOT NULL,
    moment TEXT NOT NULL
);
CREATE TRIGGER user_merged AFTER DELETE ON users
BEGIN
    DELETE FROM sightings WHERE user_key = old.key;
    DELETE FROM changes WHERE user_key = old.key;
END;
"""

DROP_NOTES = "DROP TRIGGER user_merged; DROP TABLE last_read; DROP TABLE pages_read; DROP TABLE left_out;"


NOTE_LAST_READ = f"""
INSERT INTO last_read (user_key, moment, {", ".join(_COLUMNS)})
VALUES ({", ".join("?" * (len(_COLUMNS) + 2))})
ON CONFLICT (user_key) DO UPDATE
   SET {
    ", ".join(
        f"{name} = iif(moment = excluded.moment, coalesce(excluded.{name}, {name}), excluded.{name})"
        for name in _COLUMNS
    )
},
       moment = excluded.moment
"""

NOTE_LEFT_OUT = "INSERT INTO left_out (red_id, moment) VALUES (?, ?)"

NOTE_PAGE = """
INSERT INTO pages_read (page_id, entries, rejected, oddity, oddity_details) VALUES (?, ?, ?, ?, ?)
"""

MET_BEFORE = """
SELECT count(*)
  FROM sightings
 WHERE keyword_id = ? AND endpoint_id = ? AND generation = ?
   AND user_key IN (SELECT value FROM json_each(?))
"""

GOES_ON_HERE = """
SELECT 1
  FROM checkpoints
 WHERE keyword_id = ? AND endpoint_id = ? AND generation = ? AND next_page = ? AND state <> 'done'
"""


@dataclass(frozen=True, slots=True)
class NewPage:
    """A reply that nobody could read, is read now, and is just the page that its keyword waits for."""

    reply: KeptReply
    entries: int
    rejected: int
    oddity: Reason | None
    new_to_keyword: int
    end: Reason | None


@dataclass(slots=True)
class Rebuilt:
    """How many replies were read, how many could not be (of which some are pages', which were read once), and
    the pages that are there now for it."""

    read: int = 0
    unreadable: int = 0
    pages_unreadable: int = 0
    reread: int = 0
    new_pages: list[NewPage] = field(default_factory=list)


def rebuild(
    source: sqlite3.Connection,
    made: sqlite3.Connection,
    endpoints: Mapping[int, Endpoint],
    *,
    with_gaps: bool = False,
) -> Rebuilt:
    """Reads every raw reply of `source` into the tables of `made`, where nothing was read into before.

    Those who were erased from `source` stay away. `with_gaps` says that there are pages without a reply: who
    held a `red_id` meanwhile is not known then, and an entry without an `id` that was read when it came is
    left to what was made of it then.
    """
    made.executescript(NOTES)
    rebuilder = _Rebuilder(source, made, endpoints, with_gaps=with_gaps)
    made.execute("BEGIN")
    for number, reply in enumerate(kept_replies(source), 1):
        rebuilder.take(reply)
        if number % PAGES_IN_A_TRANSACTION == 0:
            made.execute("COMMIT")
            made.execute("BEGIN")
    made.execute("COMMIT")
    return rebuilder.rebuilt


class _Rebuilder:
    def __init__(
        self,
        source: sqlite3.Connection,
        made: sqlite3.Connection,
        endpoints: Mapping[int, Endpoint],
        *,
        with_gaps: bool,
    ) -> None:
        self._source = source
        self._made = made
        self._endpoints = endpoints
        self._with_gaps = with_gaps
        self._erased = Forgotten.read(source)
        self._keys = count(1)
        self._went_on: set[tuple[int, int]] = set()
        self.rebuilt = Rebuilt()

    def take(self, reply: KeptReply) -> None:
        """Reads one reply and writes what is in it as if it had come at its moment."""
        endpoint, body = self._endpoints.get(reply.endpoint_id), reply.body
        found = None if endpoint is None or body is None else read_again(body, endpoint)
        if found is None or endpoint is None:
            self.rebuilt.unreadable += 1
            self.rebuilt.pages_unreadable += reply.page_id is not None
            return
        page, action = found
        self.rebuilt.read += 1
        rows = Rows(self._made)
        creators = self._erased.without(page.creators)
        if self._with_gaps and page.entries - len(page.rejects) <= reply.readable:
            nameless = [(each.red_id, reply.moment) for each in creators if each.id is None]
            self._made.executemany(NOTE_LEFT_OUT, nameless)
            creators = [each for each in creators if each.id is not None]
        writer = CreatorWriter(self._made, rows, reply.run_id, reply.moment, self._keys)
        writer.load(creators)
        ranks = writer.save(creators)[1]
        if reply.page_id is None:
            is_page = self._was_unread(reply, page, ranks, action, endpoint)
        else:
            is_page = True
            oddity = _columns(page.oddity)
            self._made.execute(NOTE_PAGE, (reply.page_id, page.entries, len(page.rejects), *oddity))
        self._sightings(rows, reply, ranks)
        if is_page:
            self._rejects(rows, reply, page)
        writer.finish()
        rows.write()
        last_read = [(writer.key_of(each), reply.moment, *each[3:]) for each in creators]
        self._made.executemany(NOTE_LAST_READ, [row for row in last_read if row[0] is not None])

    def _sightings(self, rows: Rows, reply: KeptReply, ranks: list[tuple[object, int]]) -> None:
        where, seen = (reply.endpoint_id, reply.keyword_id), (reply.moment, reply.page)
        rows.extend(
            sql.SAVE_SIGHTING,
            [(*where, key, reply.generation, *seen, rank, *seen, rank) for key, rank in ranks],
        )

    def _rejects(self, rows: Rows, reply: KeptReply, page: Page) -> None:
        where = (reply.run_id, reply.endpoint_id, reply.keyword_id, reply.call_id, reply.page)
        rows.extend(
            sql.INSERT_REJECT,
            [
                (*where, each.rank, *_columns(each.reason), each.entry, reply.moment)
                for each in page.rejects
                if not self._erased.named_in(each.entry)
            ],
        )

    def _was_unread(
        self,
        reply: KeptReply,
        page: Page,
        ranks: list[tuple[object, int]],
        action: Action,
        endpoint: Endpoint,
    ) -> bool:
        """Whether a reply that nobody could read becomes a page: the one that its keyword is waiting for."""
        self.rebuilt.reread += 1
        place = (reply.keyword_id, reply.endpoint_id)
        waits = self._source.execute(GOES_ON_HERE, (*place, reply.generation, reply.page)).fetchone()
        if not waits or reply.call_id is None or place in self._went_on:
            return False
        self._went_on.add(place)
        keys = json.dumps([key for key, _rank in ranks])
        met = self._made.execute(MET_BEFORE, (*place, reply.generation, keys)).fetchone()[0]
        work = Work(reply.keyword_id, "", reply.generation, reply.page, reply.page + 1)
        end = Policy(endpoint).end_of_keyword(page, work, len(ranks) - met, action)
        self.rebuilt.new_pages.append(
            NewPage(
                reply, page.entries, len(page.rejects), page.oddity, len(ranks) - met,
                None if end is None else Reason(end),
            )
        )  # fmt: skip
        return True


def _columns(reason: Reason | None) -> tuple[str | None, str | None]:
    return (None, None) if reason is None else (reason.code.value, reason.details_json)
