"""Keywords that are nothing but lines of one file, as most are, taken up by one statement together."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from crawler.model import Keyword
from crawler.store.worklist_sql import KNOWN_KEYWORD

LINE_DIGITS_MAX = 15

_MERGE = f"""
INSERT INTO keywords (identity, text, priority, pages_max, tags, source, first_seen_at)
SELECT value, value, 0, NULL, '[]', :file || (key + :line), :moment
  FROM json_each(:listed)
 WHERE true
{KNOWN_KEYWORD}"""

_LIST_UNCHANGED = """
INSERT OR IGNORE INTO incoming (keyword_id, position)
SELECT keywords.id, :position + listed.key
  FROM json_each(:listed) AS listed
 CROSS JOIN keywords ON keywords.identity = listed.value
 WHERE (source, text, priority, tags, pages_max, refresh_after_seconds)
       IS (:file || (listed.key + :line), listed.value, 0, '[]', NULL, NULL)
"""

_IS_KNOWN = "SELECT 1 FROM keywords WHERE identity = ?"


@dataclass(frozen=True, slots=True)
class PlainKeywords:
    """Keywords in lines that follow one another, none twice, each its own identity and without an option.

    `file` ends with the colon that stands before a line's number, `line` is the first one's.
    """

    file: str
    line: int
    texts: list[str]

    @classmethod
    def of(cls, keywords: Sequence[Keyword]) -> PlainKeywords | None:
        """The keywords as plain lines; None where they are anything else."""
        file, colon, number = keywords[0].source.rpartition(":")
        if not number.isdecimal() or len(number) > LINE_DIGITS_MAX:
            return None
        texts, identities, *options, sources, own_times = zip(*keywords, strict=True)
        lines = range(int(number), int(number) + len(keywords))
        plain = (
            texts == identities
            and not any(map(any, options))
            and set(own_times) == {None}
            and len(set(texts)) == len(texts)
            and sources == tuple([f"{file}:{line}" for line in lines])
        )
        return cls(file + colon, lines[0], list(texts)) if plain else None

    def list_unchanged(self, connection: sqlite3.Connection, position: int) -> bool:
        """Lists from `position` on those that are known as they are; whether that was all of them.

        A list that is crawled night after night is known, and nothing of it has to be written.
        """
        if not connection.execute(_IS_KNOWN, self.texts[:1]).fetchone():
            return False
        values = {**self._values(), "position": position}
        return connection.execute(_LIST_UNCHANGED, values).rowcount == len(self.texts)

    def merge(self, connection: sqlite3.Connection, moment: str) -> list[str]:
        """Stores the keywords; their identities."""
        connection.execute(_MERGE, {**self._values(), "moment": moment})
        return self.texts

    def _values(self) -> dict[str, object]:
        listed = json.dumps(self.texts, ensure_ascii=False)
        return {"file": self.file, "line": self.line, "listed": listed}
