"""The search itself: the same answer from the index, from looking through every creator, or from both."""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

import orjson

from crawler.analysis.filters import Filters, where
from crawler.analysis.search.index import match_expression, read_state, touched, unspaced
from crawler.analysis.search.matching import LEVELS, Query, fold
from crawler.analysis.search.sql import KEY_MASK, POSITION

LIMIT = 20

Hit = tuple[int, int]
"""Level and position: hits sort best first."""


@dataclass(frozen=True, slots=True)
class Found:
    """A creator that matches: its row's key, and what it was found by, of `LEVELS`."""

    key: int
    found_by: str


_READ_CREATOR = """
SELECT name, red_id, fans, verify_label, keywords, profile_url, bio
  FROM creators_with_keywords
 WHERE key = ?
"""

COLUMNS = ("name", "red_id", "fans", "verify_label", "found_by", "keywords", "profile_url", "bio")


def read_found(connection: sqlite3.Connection, found: Iterable[Found]) -> Iterator[tuple[object, ...]]:
    """The creators as rows of `COLUMNS`; one who was erased in between is left out."""
    for one in found:
        row = connection.execute(_READ_CREATOR, (one.key,)).fetchone()
        if row is not None:
            yield (*row[:4], one.found_by, *row[4:])


def search_creators(connection: sqlite3.Connection, text: str, filters: Filters) -> list[Found]:
    """The best creators for `text`, by level, then most followers first; InputError without a word.

    They are `LIMIT` at most where `filters` have no limit of their own.
    """
    limit = LIMIT if filters.limit is None else filters.limit
    query = Query.read(text)
    condition, parameters = where(filters)
    scan = _Scan(connection, query, condition, parameters)
    begins = not connection.in_transaction
    if begins:
        connection.execute("BEGIN")  # the index and the creators are to be of one moment
    try:
        state = read_state(connection)
        if state is None:
            hits = heapq.nsmallest(limit, scan.every())
        else:
            out_of_date = touched(connection)
            indexed = _Indexed(connection, query, condition, parameters, out_of_date).best(limit)
            hits = heapq.nsmallest(limit, chain(indexed, scan.only(out_of_date)))
    finally:
        if begins:
            connection.execute("COMMIT")
    return [Found(position & KEY_MASK, LEVELS[level]) for level, position in hits]


@dataclass(frozen=True, slots=True)
class _Scan:
    """Looks through creators one by one."""

    connection: sqlite3.Connection
    query: Query
    condition: str
    parameters: dict[str, object]

    def every(self) -> Iterator[Hit]:
        """The hits among all creators, in no order."""
        return self._hits("users", self.parameters)

    def only(self, keys: frozenset[int]) -> Iterator[Hit]:
        """The hits among the creators of these keys."""
        if not keys:
            return iter(())
        wanted = {**self.parameters, "keys": orjson.dumps(list(keys)).decode()}
        return self._hits("json_each(:keys) AS wanted JOIN users ON users.key = wanted.value", wanted)

    def _hits(self, source: str, parameters: dict[str, object]) -> Iterator[Hit]:
        found_by_keyword = {word: self._found_by_keyword(word) for word in self.query.words}
        rows = self.connection.execute(
            f"SELECT users.key, {POSITION}, name, red_id, bio FROM {source} WHERE {self.condition}",
            parameters,
        )
        for key, position, name, red_id, bio in rows:

            def in_keywords(word: str, key: int = key) -> bool:
                return key in found_by_keyword[word]

            level = self.query.level(fold(name), fold(red_id), bio, in_keywords)
            if level is not None:
                yield level, position

    def _found_by_keyword(self, word: str) -> set[int]:
        keywords = self.connection.execute("SELECT id, identity FROM keywords")
        ids = orjson.dumps([number for number, text in keywords if word in fold(text)]).decode()
        found = self.connection.execute(
            "SELECT user_key FROM sightings WHERE keyword_id IN (SELECT value FROM json_each(?))", (ids,)
        )
        return {key for (key,) in map(tuple, found)}


@dataclass(frozen=True, slots=True)
class _Indexed:
    """Asks the index, and leaves out the creators whose documents may be out of date."""

    connection: sqlite3.Connection
    query: Query
    condition: str
    parameters: dict[str, object]
    out_of_date: frozenset[int]

    def best(self, limit: int) -> list[Hit]:
        """The best hits, in order.

        From the widest level inwards: a level with many matches gives its first at once, and the first level
        with few is the last that has to be asked. What it lacks is filled from the wider ones.
        """
        exact = list(islice(self._matches(0), limit))
        if len(exact) == limit:
            return [(0, position) for position in exact]
        enough = 2 * limit  # of a level's first, fewer than `limit` belong to a better level
        wider: list[tuple[int, list[int]]] = []
        hits: dict[int, int] = {}
        for level in reversed(range(len(LEVELS))):
            positions = list(islice(self._matches(level), enough))
            if len(positions) < enough:
                found = sorted((self._level(position), position) for position in positions)
                hits = {position: found_level for found_level, position in found}
                break
            wider.append((level, positions))
        for level, positions in reversed(wider):
            for position in positions:
                hits.setdefault(position, level)
        return [(level, position) for position, level in islice(hits.items(), limit)]

    def _matches(self, level: int) -> Iterator[int]:
        """The positions of the creators up to a level, most followers first, as far as they are asked for."""
        rows = self.connection.execute(
            f"""
SELECT search_documents.rowid
  FROM search_documents
 CROSS JOIN users ON users.key = search_documents.rowid & {KEY_MASK}
 WHERE search_documents MATCH :match AND {self.condition}
 ORDER BY search_documents.rowid
""",
            {**self.parameters, "match": match_expression(self.query, level)},
        )
        return (row[0] for row in rows if row[0] & KEY_MASK not in self.out_of_date)

    def _level(self, position: int) -> int:
        name, red_id, keywords, bio = self.connection.execute(
            "SELECT name, red_id, keywords, bio FROM search_documents WHERE rowid = ?", (position,)
        ).fetchone()
        found_by = unspaced(keywords)
        level = self.query.level(unspaced(name), red_id, unspaced(bio), lambda word: word in found_by)
        assert level is not None  # FTS5 found it
        return level
