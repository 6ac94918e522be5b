"""Reads the chosen creators one after the other, each with all that found it, in constant memory."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from crawler import creator
from crawler.analysis.export import sql
from crawler.analysis.filters import Filters, where
from crawler.column import Kind, Source
from crawler.creator import PROVISIONAL, CreatorRow

EXPORTED = tuple(column for column in creator.COLUMNS if column.exported)
"""What formats that hold structure show, each with a place in a `Row`."""

TABLE = tuple(column for column in EXPORTED if column.kind is not Kind.JSON)
COLUMNS = tuple(column.name for column in TABLE)
"""The columns of a table, and their names: the first of a `Row`."""

assert EXPORTED[: len(TABLE)] == TABLE

Row = Sequence[Any]
"""A creator's values in the order of `EXPORTED`: there may be millions, and a tuple is made in no time."""

_CHUNK = 500
_DENSE = 2
"""Of so many keys in a row at least one is asked for: then the sightings of all are read in one go."""

_KEYWORDS_KEPT = 20_000

_STORED = [
    column for column in EXPORTED if column.source is not Source.COMPUTED or column.name == "last_seen_at"
]
_BOOLEANS = [place for place, column in enumerate(_STORED) if column.kind is Kind.BOOLEAN]
_ID = [column.name for column in _STORED].index("id")
_LAST_SEEN = [column.name for column in _STORED].index("last_seen_at")
_COMPUTED = [column.source for column in EXPORTED].index(Source.COMPUTED)
"""Where a row's values stand, and where among them those from other tables belong."""

_Sighting = tuple[Any, ...]
_BY, _LAST_AT, _OF = 1, 2, 3
"""First seen, by which keyword, last seen, and whom: as `sql.READ_SIGHTINGS` has it."""

_COUNT = COLUMNS.index("keyword_count")


def read_creators(connection: sqlite3.Connection, filters: Filters) -> Iterator[CreatorRow]:
    """The creators that `filters` choose, as `read_rows` has them."""
    return map(as_creator, read_rows(connection, filters))


def as_creator(row: Row) -> CreatorRow:
    """The row as programs get it; it counts its keywords itself."""
    return CreatorRow(*row[:_COUNT], *row[_COUNT + 1 :])


def read_rows(connection: sqlite3.Connection, filters: Filters, *, by_day: bool = False) -> Iterator[Row]:
    """The creators that `filters` choose, in the order in which they were first seen.

    With a limit they are those with the most followers, biggest first. `by_day` puts those first seen on the
    same day in Shanghai together, and knows no limit.
    """
    reader = _Reader(connection)
    if filters.limit is None and not by_day:
        return reader.in_order_of_keys(filters)
    return reader.in_order_of(*select_keys(filters, by_day=by_day))


def count_creators(connection: sqlite3.Connection, filters: Filters) -> int:
    """How many creators `filters` choose."""
    condition, parameters = where(filters)
    found: int = connection.execute(sql.COUNT_KEYS.format(condition=condition), parameters).fetchone()[0]
    return found if filters.limit is None else min(found, filters.limit)


def select_keys(filters: Filters, *, by_day: bool = False) -> tuple[str, dict[str, object]]:
    """The statement that gives the chosen rows' keys in order, and its parameters."""
    condition, parameters = where(filters)
    order = sql.BY_DAY if by_day else sql.BY_KEY
    if filters.limit is not None:
        order, parameters = sql.BIGGEST, {**parameters, "limit": filters.limit}
    return sql.SELECT_KEYS.format(condition=condition, order=order), parameters


class _Reader:
    """Reads creators by portions. What is said of a keyword is kept, as far as it is asked for often."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._columns = _columns(connection)
        self._keyword = lru_cache(maxsize=_KEYWORDS_KEPT)(self._read_keyword)

    def in_order_of_keys(self, filters: Filters) -> Iterator[Row]:
        """Row after row as they lie in the table, where nothing has to be sorted."""
        condition, parameters = where(filters)
        statement = sql.READ_USERS.format(columns=self._columns, condition=condition)
        users = self._execute(statement, parameters)
        while chunk := users.fetchmany(_CHUNK):
            yield from self._rows(chunk, self._sightings_of([user[0] for user in chunk]))

    def in_order_of(self, select_keys: str, parameters: dict[str, object]) -> Iterator[Row]:
        """The rows whose keys a statement gives, in its order."""
        keys = self._execute(select_keys, parameters)
        statement = sql.READ_USERS.format(columns=self._columns, condition=sql.OF_KEYS)
        while chunk := [key for (key,) in keys.fetchmany(_CHUNK)]:
            users = {user[0]: user for user in self._execute(statement, {"keys": json.dumps(chunk)})}
            yield from self._rows([users[key] for key in chunk], self._sightings_of(chunk))

    def _sightings_of(self, keys: Sequence[int]) -> Iterable[_Sighting]:
        first, last = min(keys), max(keys)
        if last - first < _DENSE * len(keys):
            statement = sql.READ_SIGHTINGS.format(whose=sql.FOLLOWING)
            return self._execute(statement, {"first": first, "last": last})
        return self._execute(sql.READ_SIGHTINGS.format(whose=sql.LISTED), {"keys": json.dumps(keys)})

    def _rows(self, users: Sequence[Row], sightings: Iterable[_Sighting]) -> Iterator[Row]:
        """The rows of a portion, made a column at a time, which is quicker than one after the other."""
        found: defaultdict[int, list[_Sighting]] = defaultdict(list)
        for sighting in sightings:
            found[sighting[_OF]].append(sighting)
        columns: list[Sequence[Any]] = list(zip(*users, strict=True))
        seen = [found[key] for key in columns.pop(0)]
        columns[_ID] = [None if each.startswith(PROVISIONAL) else each for each in columns[_ID]]
        columns[_LAST_SEEN] = [_last_seen_at(each) for each in seen]
        for place in _BOOLEANS:
            columns[place] = [None if each is None else bool(each) for each in columns[place]]
        keywords, tags = zip(*map(self._found_by, seen), strict=True)
        columns[_COMPUTED:_COMPUTED] = keywords, [*map(len, keywords)], tags
        yield from zip(*columns, strict=True)

    def _execute(self, statement: str, parameters: dict[str, object]) -> sqlite3.Cursor:
        cursor = self._connection.cursor()
        cursor.row_factory = None  # tuples: nothing is asked for by its name
        return cursor.execute(statement, parameters)

    def _found_by(self, sightings: Sequence[_Sighting]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The keywords that found a creator, the first finder first, and their tags."""
        if len(sightings) == 1:
            return self._keyword(sightings[0][_BY])
        ids = dict.fromkeys(sighting[_BY] for sighting in sorted(sightings))
        each = [self._keyword(keyword_id) for keyword_id in ids]
        tags = dict.fromkeys(tag for _texts, listed in each for tag in listed)
        return tuple(text for texts, _listed in each for text in texts), tuple(tags)

    def _read_keyword(self, keyword_id: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        text, tags = self._execute(sql.READ_KEYWORD, {"id": keyword_id}).fetchone()
        return (text,), tuple(dict.fromkeys(json.loads(tags)))


def _columns(connection: sqlite3.Connection) -> str:
    """The columns to read; what a database of an earlier version has no column for is empty."""
    there = {row[1] for row in connection.execute("PRAGMA table_info(users)")}
    return ", ".join(column.name if column.name in there else f"NULL AS {column.name}" for column in _STORED)


def _last_seen_at(sightings: Sequence[_Sighting]) -> str | None:
    if len(sightings) == 1:  # as of most
        moment: str = sightings[0][_LAST_AT]
        return moment
    return max((sighting[_LAST_AT] for sighting in sightings), default=None)
