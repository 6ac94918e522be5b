"""Reads the chosen creators one after the other, each with all that found it, in constant memory."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from crawler import creator
from crawler.analysis.export import sql
from crawler.analysis.filters import Filters, where
from crawler.columns import Kind, Source
from crawler.creator import PROVISIONAL, CreatorRow

EXPORTED = tuple(column for column in creator.COLUMNS if column.exported)
"""What formats that hold structure show, each an attribute of `CreatorRow`."""

TABLE = tuple(column for column in EXPORTED if column.kind is not Kind.JSON)
COLUMNS = tuple(column.name for column in TABLE)
"""The columns of a table, and their names."""

_CHUNK = 500

_STORED = [
    column for column in EXPORTED if column.source is not Source.COMPUTED or column.name in sql.FROM_SIGHTINGS
]
_BOOLEANS = [place for place, column in enumerate(_STORED, 1) if column.kind is Kind.BOOLEAN]
_ID = 1 + [column.name for column in _STORED].index("id")
_COMPUTED = 1 + [column.source for column in EXPORTED].index(Source.COMPUTED)
"""Where a row's values stand behind its key, and where among them those from other tables belong."""


def read_creators(
    connection: sqlite3.Connection, filters: Filters, *, by_day: bool = False
) -> Iterator[CreatorRow]:
    """The creators that `filters` choose, in the order in which they were first seen.

    With a limit they are those with the most followers, biggest first. `by_day` puts those first seen on the
    same day in Shanghai together, and knows no limit.
    """
    select, parameters = select_keys(filters, by_day=by_day)
    keys = connection.execute(select, parameters)
    read_users = _read_users(connection)
    while chunk := keys.fetchmany(_CHUNK):
        yield from _read(connection, read_users, [row[0] for row in chunk])


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


def _read_users(connection: sqlite3.Connection) -> str:
    """The statement that reads creators; what a database of an earlier version has no column for is empty."""
    there = {row[1] for row in connection.execute("PRAGMA table_info(users)")}
    columns = [
        sql.FROM_SIGHTINGS.get(column.name)
        or (column.name if column.name in there else f"NULL AS {column.name}")
        for column in _STORED
    ]
    return sql.READ_USERS.format(columns=", ".join(columns))


def _read(connection: sqlite3.Connection, read_users: str, keys: list[int]) -> Iterator[CreatorRow]:
    wanted = json.dumps(keys)
    keywords: dict[int, list[str]] = {}
    tags: dict[int, dict[str, None]] = {}
    for key, text, listed in connection.execute(sql.READ_KEYWORDS, (wanted,)):
        keywords.setdefault(key, []).append(text)
        tags.setdefault(key, {}).update(_tags(listed))
    users = {row[0]: row for row in connection.execute(read_users, (wanted,))}
    for key in keys:
        yield _row(users[key], tuple(keywords.get(key, ())), tuple(tags.get(key, ())))


@lru_cache(maxsize=1024)
def _tags(listed: str) -> dict[str, None]:
    return dict.fromkeys(json.loads(listed))


def _row(user: Sequence[Any], keywords: tuple[str, ...], tags: tuple[str, ...]) -> CreatorRow:
    values = list(user)
    if values[_ID].startswith(PROVISIONAL):
        values[_ID] = None
    for place in _BOOLEANS:
        if values[place] is not None:
            values[place] = bool(values[place])
    values[_COMPUTED:_COMPUTED] = keywords, tags
    return CreatorRow(*values[1:])
