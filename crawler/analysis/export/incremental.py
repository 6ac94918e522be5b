"""What an export of a history left behind for the next one: which days it wrote, and what they held."""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from dataclasses import dataclass

import orjson

from crawler.column import Source
from crawler.creator import COLUMNS

FORMAT = 1
"""The columns and types of a history; with another number every day is written anew."""

_TOLD = ", ".join(
    column.name for column in COLUMNS if column.exported and column.source is not Source.COMPUTED
)
_DAYS = f"""
SELECT date(first_seen_at, '+8 hours') AS day, count(*), sum(checksum(json_array({_TOLD})))
  FROM users
 GROUP BY day
"""
_SIGHTINGS = """
SELECT date(users.first_seen_at, '+8 hours') AS day, count(*) || ' ' || sum(checksum(sightings.last_seen_at))
  FROM sightings
  JOIN users ON users.key = user_key
 GROUP BY day
"""
_CHANGES = """
SELECT date(users.first_seen_at, '+8 hours') AS day, count(DISTINCT user_key)
  FROM changes
  JOIN users ON users.key = user_key
 WHERE field = 'fans_text' AND old_fans IS NOT NULL
 GROUP BY day
"""
_KEYWORDS = "SELECT text, tags FROM keywords ORDER BY identity"


@dataclass(frozen=True, slots=True)
class ExportState:
    """For each day, what its file was made from; `keywords` stands for the words and tags in all of them."""

    keywords: str
    days: dict[str, str]

    def changed_since(self, earlier: ExportState | None) -> set[str]:
        """The days whose files would now be others."""
        if earlier is None or earlier.keywords != self.keywords:
            return set(self.days)
        return {day for day, held in self.days.items() if earlier.days.get(day) != held}

    @property
    def written(self) -> bytes:
        """The mark as a file holds it."""
        return orjson.dumps({"format": FORMAT, "keywords": self.keywords, "days": self.days})


def export_state_of(connection: sqlite3.Connection) -> ExportState:
    """What the files of the database, as it is now, are made from."""
    connection.create_function("checksum", 1, lambda text: zlib.crc32(text.encode(errors="replace")))
    days = {day: f"{count} {total}" for day, count, total in connection.execute(_DAYS)}
    for query in (_SIGHTINGS, _CHANGES):
        for day, count in connection.execute(query):
            days[day] += f" {count}"
    keywords = hashlib.sha256()
    for row in connection.execute(_KEYWORDS):
        keywords.update(repr(tuple(row)).encode(errors="replace"))
    return ExportState(keywords.hexdigest()[:16], days)


def read_export_state(written: bytes | None) -> ExportState | None:
    """The mark that an earlier export left; None where there is none, or one of another format or damaged."""
    try:
        value = orjson.loads(written or b"")
        if value["format"] != FORMAT:
            return None
        return ExportState(
            str(value["keywords"]), {str(day): str(held) for day, held in value["days"].items()}
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return None
