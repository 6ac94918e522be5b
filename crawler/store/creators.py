"""Creators into rows: who is who by `id` and `red_id`, what changed, what is only seen again.

`id` is the key. A `red_id` can change, can be missing and can move to another account; an entry with a
`red_id` alone joins the row that holds it, or waits under a provisional id until its own turns up.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from crawler.creator import COLUMNS, PROVISIONAL, Creator
from crawler.model import PageSaved
from crawler.store import sql
from crawler.store.seen_creators import SeenCreators
from crawler.store.write_buffer import Rows

# A row is kept as a list in the order of `sql.USER_FIELDS`, as it is read and bound: this path is hot.
# From ID to WRITTEN_RUN_ID it is in the order of `Creator`, whose `rank` stands where the row has its key.
_PLACE = {name: place for place, name in enumerate(sql.USER_FIELDS)}
KEY, ID, RED_ID, WRITTEN_RUN_ID = _PLACE["key"], _PLACE["id"], _PLACE["red_id"], _PLACE["written_run_id"]
FANS, FANS_TEXT, FANS_EXACT = _PLACE["fans"], _PLACE["fans_text"], _PLACE["fans_exact"]
REST = RED_ID + 1
"""From here to WRITTEN_RUN_ID a value is only taken over: nothing is decided by it."""

_NOTED = {_PLACE[column.name]: column.name for column in COLUMNS if column.noted}

Row = list[Any]


def _values(creator: Creator) -> list[object]:
    """The creator's columns from REST on."""
    return [*creator[REST:]]


class CreatorWriter:
    """Writes the creators of one transaction; make a new one for each.

    `keys` numbers new rows. `seen` are the keys of those whom the run has met before, `met` of those in here.
    A row is written where its creator is new or something has changed, not for being seen again.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        rows: Rows,
        run_id: int,
        stamp: str,
        keys: Iterator[int],
        seen: SeenCreators | None = None,
    ) -> None:
        self._connection = connection
        self._rows = rows
        self._run_id = run_id
        self._stamp = stamp
        self._keys = keys
        self._seen = SeenCreators() if seen is None else seen
        self.met: set[int] = set()
        self._by_id: dict[str, Row] = {}
        self._by_red_id: dict[str, Row] = {}
        self._inserts: dict[object, Row] = {}
        self._updates: dict[object, Row] = {}
        self._merged: dict[object, object] = {}
        self._moved: str | None = None

    def load(self, creators: Sequence[Creator]) -> None:
        """Reads every row that `creators` can meet, in as few statements as there can be."""
        self._read(sql.USERS_BY_ID, {c.id for c in creators if c.id is not None})
        known = self._by_red_id
        self._read(
            sql.USERS_BY_RED_ID,
            {c.red_id for c in creators if c.red_id is not None and c.red_id not in known},
        )

    def save(self, creators: Sequence[Creator]) -> tuple[PageSaved, list[tuple[object, int]]]:
        """Counts of what the creators of a page changed, with each one's row key and first rank."""
        new = changed = seen = 0
        ranks: dict[object, int] = {}
        for creator in creators:
            row = self._row_of(creator)
            if row is None:
                row = self._insert(creator)
                new += 1
            elif row[ID:WRITTEN_RUN_ID] != [*creator[ID:]]:  # most say what they said last time
                changed += self._update(row, creator)
            key = row[KEY]
            if key not in self.met and key not in self._seen:
                self.met.add(key)
                seen += 1
            ranks.setdefault(key, creator.rank)
        for old, key in self._merged.items():
            if old in ranks:
                ranks[key] = min(ranks.pop(old), ranks[key])
        self._merged = {}
        return PageSaved(new, changed, seen), list(ranks.items())

    def key_of(self, creator: Creator) -> object:
        """The key of the row that holds a creator who was saved; None where their `red_id` has moved on."""
        row = (
            self._by_id.get(creator.id)
            if creator.id is not None
            else self._by_red_id.get(creator.red_id or "")
        )
        return None if row is None else row[KEY]

    def finish(self) -> None:
        """Hands over the rows of all creators saved."""
        stamp = self._stamp
        inserts = [(*row, row[WRITTEN_RUN_ID], stamp, stamp) for row in self._inserts.values()]
        self._rows.extend(sql.INSERT_USER, inserts)
        self._rows.extend(sql.UPDATE_USER, [(*row[ID:], stamp, row[KEY]) for row in self._updates.values()])
        self._inserts, self._updates = {}, {}

    def _read(self, query: str, values: set[str]) -> None:
        for found in self._connection.execute(query, (orjson.dumps(sorted(values)).decode(),)):
            row = self._by_id.setdefault(found[ID], list(found))
            if found[RED_ID] is not None:
                self._by_red_id[found[RED_ID]] = row

    def _row_of(self, creator: Creator) -> Row | None:
        """The creator's row, if there is one, after a moved or provisional `red_id` has been set right."""
        self._moved = None
        row = None if creator.id is None else self._by_id.get(creator.id)
        holder = None if creator.red_id is None else self._by_red_id.get(creator.red_id)
        if holder is None or holder is row:
            return row
        if creator.id is None:
            return holder
        if str(holder[ID]).startswith(PROVISIONAL):
            return self._merge(holder, row, creator.id)
        self._take_red_id(holder)
        return row

    def _take_red_id(self, holder: Row) -> None:
        """The `red_id` has moved: its old holder loses it here, the new one gets it with its own row."""
        red_id = str(holder[RED_ID])
        self._note(holder, "red_id", red_id, None)
        holder[RED_ID] = None
        # At once: the old holder need not be on this page, and was not seen because it lost something.
        self._connection.execute(sql.CLEAR_RED_ID, (holder[KEY],))
        self._moved = red_id

    def _insert(self, creator: Creator) -> Row:
        identity = creator.identity
        row: Row = [next(self._keys), identity, creator.red_id, *_values(creator), self._run_id]
        self._by_id[identity] = self._inserts[row[KEY]] = row
        if creator.red_id is not None:
            self._by_red_id[creator.red_id] = row
            if creator.red_id == self._moved:
                self._note(row, "red_id", None, creator.red_id)
        return row

    def _update(self, row: Row, creator: Creator) -> bool:
        """Brings a known row up to date; True where something known has changed."""
        noted = self._set_red_id(row, creator.red_id)
        values = _values(creator)
        if values == row[REST:WRITTEN_RUN_ID]:
            return noted
        old_fans = row[FANS]
        # A follower text that could not be read never hides a number that was.
        unread = creator.fans is None and old_fans is not None
        for column, value in enumerate(values, REST):
            old = row[column]
            if value is None or value == old or (unread and column == FANS_TEXT):
                continue
            if old is not None and column in _NOTED:
                fans = (old_fans, creator.fans) if column == FANS_TEXT else (None, None)
                self._note(row, _NOTED[column], old, value, *fans)
                noted = True
            row[column] = value
            self._mark(row)
        return noted

    def _set_red_id(self, row: Row, red_id: str | None) -> bool:
        old = row[RED_ID]
        if red_id is None or red_id == old:
            return False
        if old is not None:
            self._by_red_id.pop(str(old), None)
        noted = old is not None or red_id == self._moved
        if noted:
            self._note(row, "red_id", old, red_id)
        row[RED_ID] = red_id
        self._by_red_id[red_id] = row
        self._mark(row)
        return noted

    def _mark(self, row: Row) -> None:
        row[WRITTEN_RUN_ID] = self._run_id
        if row[KEY] not in self._inserts:
            self._updates[row[KEY]] = row

    def _note(
        self, row: Row, field: str, old: object, new: object, old_fans: object = None, new_fans: object = None
    ) -> None:
        texts = (_as_text(old), _as_text(new))
        change = (row[KEY], self._run_id, field, *texts, old_fans, new_fans, self._stamp)
        self._rows.add(sql.INSERT_CHANGE, change)

    def _merge(self, provisional: Row, row: Row | None, identity: str) -> Row:
        """The `id` of a creator known by `red_id` alone has turned up: one row, with all its sightings."""
        if row is None:
            del self._by_id[str(provisional[ID])]
            provisional[ID] = identity
            self._by_id[identity] = provisional
            self._mark(provisional)
            return provisional
        self.finish()
        self._rows.write()
        pair = (row[KEY], provisional[KEY])
        for statement in (sql.MOVE_SIGHTINGS, sql.MOVE_CHANGES, sql.KEEP_FIRST_SEEN):
            self._connection.execute(statement, pair)
        self._connection.execute(sql.DELETE_USER, (provisional[KEY],))
        self._merged[provisional[KEY]] = row[KEY]
        del self._by_id[str(provisional[ID])], self._by_red_id[str(provisional[RED_ID])]
        if row[FANS] is None and provisional[FANS] is not None:
            for column in (FANS, FANS_TEXT, FANS_EXACT):
                row[column] = provisional[column]
        for column in range(REST, WRITTEN_RUN_ID):
            if row[column] is None:
                row[column] = provisional[column]
        self._mark(row)
        return row


def _as_text(value: object) -> str | None:
    if value is None:
        return None
    return str(int(value)) if isinstance(value, bool) else str(value)
