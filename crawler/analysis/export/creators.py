"""Reads the chosen creators one after the other, each with all that found it, in constant memory."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from crawler.analysis.export import sql
from crawler.analysis.filters import Filters, where
from crawler.model import PROVISIONAL

COLUMNS = (
    "id", "red_id", "name", "fans", "fans_text", "fans_exact", "verified", "verify_label", "bio",
    "profile_url", "image", "keywords", "keyword_count", "tags", "first_seen_at", "last_seen_at",
)  # fmt: skip
"""The columns of a table, each an attribute of `CreatorRow`; `extra` is for formats that hold structure."""

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class CreatorRow:
    """One creator as it is exported.

    `id` is None where only the `red_id` is known so far. `keywords` are all that found the creator, first
    finder first; `tags` are theirs. Times are UTC stamps; `extra` is JSON text.
    """

    id: str | None
    red_id: str | None
    name: str | None
    fans: int | None
    fans_text: str | None
    fans_exact: bool | None
    verified: bool | None
    verify_label: str | None
    bio: str | None
    profile_url: str | None
    image: str | None
    keywords: tuple[str, ...]
    tags: tuple[str, ...]
    first_seen_at: str
    last_seen_at: str
    extra: str | None

    @property
    def keyword_count(self) -> int:
        """How many keywords found the creator."""
        return len(self.keywords)


def read_creators(
    connection: sqlite3.Connection, filters: Filters, *, by_day: bool = False
) -> Iterator[CreatorRow]:
    """The creators that `filters` choose, in the order in which they were first seen.

    With a limit they are those with the most followers, biggest first. `by_day` puts those first seen on the
    same day in Shanghai together, and knows no limit.
    """
    select, parameters = select_keys(filters, by_day=by_day)
    keys = connection.execute(select, parameters)
    while chunk := keys.fetchmany(_CHUNK):
        yield from _read(connection, [row[0] for row in chunk])


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


def _read(connection: sqlite3.Connection, keys: list[int]) -> Iterator[CreatorRow]:
    wanted = json.dumps(keys)
    keywords: dict[int, list[str]] = {}
    tags: dict[int, dict[str, None]] = {}
    for key, text, listed in connection.execute(sql.READ_KEYWORDS, (wanted,)):
        keywords.setdefault(key, []).append(text)
        tags.setdefault(key, {}).update(_tags(listed))
    users = {row["key"]: row for row in connection.execute(sql.READ_USERS, (wanted,))}
    for key in keys:
        yield _row(users[key], tuple(keywords.get(key, ())), tuple(tags.get(key, ())))


@lru_cache(maxsize=1024)
def _tags(listed: str) -> dict[str, None]:
    return dict.fromkeys(json.loads(listed))


def _row(user: sqlite3.Row, keywords: tuple[str, ...], tags: tuple[str, ...]) -> CreatorRow:
    provisional = user["id"].startswith(PROVISIONAL)
    return CreatorRow(
        id=None if provisional else user["id"],
        red_id=user["red_id"],
        name=user["name"],
        fans=user["fans"],
        fans_text=user["fans_text"],
        fans_exact=_as_bool(user["fans_exact"]),
        verified=_as_bool(user["verified"]),
        verify_label=user["verify_label"],
        bio=user["bio"],
        profile_url=user["profile_url"],
        image=user["image"],
        keywords=keywords,
        tags=tags,
        first_seen_at=user["first_seen_at"],
        last_seen_at=user["last_seen_at"],
        extra=user["extra"],
    )


def _as_bool(value: int | None) -> bool | None:
    return None if value is None else bool(value)
