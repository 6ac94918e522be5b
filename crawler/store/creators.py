"""Creators into rows: who is who by `id` and `red_id`, what changed, what is only seen again.

`id` is the key. A `red_id` can change, can be missing and can move to another account; an entry with a
`red_id` alone joins the row that holds it, or waits under a provisional key until its `id` turns up.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from crawler.model import Creator, PageSaved
from crawler.store import sql

PROVISIONAL = "red_id:"
"""Prefix of the key of a creator known by `red_id` alone."""

NOTED_FIELDS = ("name", "fans_text", "verified", "verify_type", "verify_label", "bio")
"""Fields whose changes are kept, beside `red_id`."""

_PARAMETERS_MAX = 500

# A row is kept as a list in the order of `sql.USER_COLUMNS`, as it is read and bound: this path is hot.
ID, RED_ID, NAME, FANS, FANS_TEXT, FANS_EXACT, VERIFIED = 0, 1, 2, 3, 4, 5, 6
VERIFY_TYPE, VERIFY_LABEL, BIO, IMAGE, PROFILE_URL, EXTRA, LAST_RUN_ID = 7, 8, 9, 10, 11, 12, 13
_NOTED = tuple(zip(NOTED_FIELDS, (NAME, FANS_TEXT, VERIFIED, VERIFY_TYPE, VERIFY_LABEL, BIO), strict=True))
_FANS = frozenset((FANS, FANS_TEXT, FANS_EXACT))

Row = list[object]


class CreatorWriter:
    """Writes the creators of one transaction; make a new one for each."""

    def __init__(self, connection: sqlite3.Connection, run_id: int, stamp: str) -> None:
        self._connection = connection
        self._run_id = run_id
        self._stamp = stamp
        self._rows: dict[str, Row] = {}
        self._holders: dict[str, str] = {}
        self._inserts: dict[str, Row] = {}
        self._updates: dict[str, Row] = {}
        self._touched: set[str] = set()
        self._changes: list[tuple[object, ...]] = []
        self._merged: dict[str, str] = {}

    def load(self, creators: Sequence[Creator]) -> None:
        """Reads the rows that `creators` may meet, in as few statements as there can be."""
        ids = {c.id for c in creators if c.id is not None} - self._rows.keys()
        self._read("id", ids)
        red_ids = {
            c.red_id
            for c in creators
            if c.red_id is not None
            and c.red_id not in self._holders
            and (c.id is None or c.id not in self._rows or self._rows[c.id][RED_ID] != c.red_id)
        }
        self._read("red_id", red_ids)

    def save(self, creators: Sequence[Creator]) -> tuple[PageSaved, list[tuple[str, int]]]:
        """Counts of what the creators changed, and the key and first rank of each creator on this page.

        Rows are written at `flush`, which must come before anything that refers to them.
        """
        new = changed = seen = 0
        ranks: dict[str, int] = {}
        for creator in creators:
            key = self._key(creator)
            row = self._rows.get(key)
            if row is None:
                self._insert(key, creator)
                new += 1
                seen += 1
            else:
                if row[LAST_RUN_ID] != self._run_id:
                    row[LAST_RUN_ID] = self._run_id
                    seen += 1
                changed += self._update(key, row, creator)
            ranks.setdefault(key, creator.rank)
        for provisional, key in self._merged.items():
            if provisional in ranks:
                ranks[key] = min(ranks.pop(provisional), ranks[key])
        self._merged = {}
        return PageSaved(new, changed, seen), list(ranks.items())

    def flush(self) -> None:
        """Writes the rows and changes gathered so far."""
        run = (self._stamp, self._run_id)
        self._connection.executemany(
            sql.INSERT_USER, [(*row[:LAST_RUN_ID], *run) for row in self._inserts.values()]
        )
        self._connection.executemany(
            sql.UPDATE_USER, [(*row[:LAST_RUN_ID], *run) for row in self._updates.values()]
        )
        touched = self._touched - self._updates.keys() - self._inserts.keys()
        self._connection.executemany(sql.TOUCH_USER, [(*run, key) for key in touched])
        self._connection.executemany(sql.INSERT_CHANGE, self._changes)
        self._inserts, self._updates, self._touched, self._changes = {}, {}, set(), []

    def _read(self, column: str, values: set[str]) -> None:
        wanted = sorted(values)
        for start in range(0, len(wanted), _PARAMETERS_MAX):
            chunk = wanted[start : start + _PARAMETERS_MAX]
            marks = ",".join("?" * len(chunk))
            query = f"SELECT {sql.USER_COLUMNS} FROM users WHERE {column} IN ({marks})"
            for found in self._connection.execute(query, chunk):
                self._rows.setdefault(found[ID], list(found))
                if found[RED_ID] is not None:
                    self._holders[found[RED_ID]] = found[ID]

    def _key(self, creator: Creator) -> str:
        """The key of the creator's row, after a moved or provisional `red_id` has been set right."""
        red_id = creator.red_id
        holder = self._holders.get(red_id) if red_id is not None else None
        if creator.id is None:
            return holder or f"{PROVISIONAL}{red_id}"
        if holder is not None and holder != creator.id:
            if holder.startswith(PROVISIONAL):
                self._merge(holder, creator.id, creator.profile_url)
            else:
                self._take_red_id(holder, creator)
        return creator.id

    def _insert(self, key: str, creator: Creator) -> None:
        row: Row = [
            key, creator.red_id, creator.name, creator.fans, creator.fans_text, creator.fans_exact,
            creator.verified, creator.verify_type, creator.verify_label, creator.bio, creator.image,
            creator.profile_url, creator.extra, self._run_id,
        ]  # fmt: skip
        self._rows[key] = self._inserts[key] = row
        if creator.red_id is not None:
            self._holders[creator.red_id] = key

    def _update(self, key: str, row: Row, creator: Creator) -> bool:
        """Brings a known row up to date; True where something was noted as changed."""
        noted = False
        if creator.red_id is not None and creator.red_id != row[RED_ID]:
            if row[RED_ID] is not None:
                self._note(key, "red_id", row[RED_ID], creator.red_id)
                self._forget_holder(row)
                noted = True
            row[RED_ID] = creator.red_id
            self._holders[creator.red_id] = key
            self._mark(key, row)
        fresh = (
            None, None, creator.name, creator.fans, creator.fans_text, creator.fans_exact, creator.verified,
            creator.verify_type, creator.verify_label, creator.bio, creator.image, creator.profile_url,
            creator.extra,
        )  # fmt: skip
        if all(value is None or value == row[i] for i, value in enumerate(fresh)):
            self._touched.add(key)
            return noted
        # A follower text that could not be read never hides a number that was.
        skip = _FANS if creator.fans is None and row[FANS] is not None else frozenset()
        for field, i in _NOTED:
            old, value = row[i], fresh[i]
            if value is not None and old is not None and value != old and i not in skip:
                fans = (row[FANS], creator.fans) if field == "fans_text" else (None, None)
                self._note(key, field, old, value, *fans)
                noted = True
        for i, value in enumerate(fresh):
            if value is not None and i not in skip:
                row[i] = value
        self._mark(key, row)
        return noted

    def _mark(self, key: str, row: Row) -> None:
        if key not in self._inserts:
            self._updates[key] = row

    def _note(
        self, key: str, field: str, old: object, new: object, old_fans: object = None, new_fans: object = None
    ) -> None:
        old, new = _as_text(old), _as_text(new)
        self._changes.append((key, self._run_id, field, old, new, old_fans, new_fans, self._stamp))

    def _forget_holder(self, row: Row) -> None:
        if self._holders.get(str(row[RED_ID])) == row[ID]:
            del self._holders[str(row[RED_ID])]

    def _take_red_id(self, holder: str, creator: Creator) -> None:
        """The `red_id` has moved: its old holder loses it, the new one gets it, both are noted."""
        assert creator.id is not None and creator.red_id is not None
        self._note(holder, "red_id", creator.red_id, None)
        self._rows[holder][RED_ID] = None
        # At once: the old holder need not be on this page, and was not seen just because it lost something.
        self._connection.execute(sql.CLEAR_RED_ID, (holder,))
        self._holders[creator.red_id] = creator.id
        row = self._rows.get(creator.id)
        if row is None or row[RED_ID] is None:
            self._note(creator.id, "red_id", None, creator.red_id)

    def _merge(self, provisional: str, key: str, profile_url: str | None) -> None:
        """The `id` of a creator known by `red_id` alone has turned up: one row, with all sightings."""
        self.flush()
        self._merged[provisional] = key
        if key in self._rows:
            for statement in (sql.MOVE_SIGHTINGS, sql.MOVE_CHANGES, sql.KEEP_FIRST_SEEN):
                self._connection.execute(statement, (provisional, key))
            self._connection.execute(sql.DELETE_USER, (provisional,))
            old = self._rows.pop(provisional)
            row = self._rows[key]
            for i in range(NAME, LAST_RUN_ID):
                if row[i] is None and old[i] is not None:
                    row[i] = old[i]
                    self._mark(key, row)
        else:
            self._connection.execute(sql.RENAME_USER, (provisional, key, profile_url))
            row = self._rows.pop(provisional)
            row[ID] = key
            self._rows[key] = row
        self._holders[str(row[RED_ID])] = key


def _as_text(value: object) -> str | None:
    if value is None:
        return None
    return str(int(value)) if isinstance(value, bool) else str(value)
