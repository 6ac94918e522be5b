"""Erased creators in what others sent: in their words, and in raw replies."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from typing import Any

import orjson

from crawler.analysis.search.index import outdate_index
from crawler.store.erased import (
    NAME_CHARACTERS_MIN,
    REMOVED,
    cleaned_json,
    cleaned_text,
    readings,
)
from crawler.store.reply_compression import pack, unpack

CLEAN_OTHERS = """
UPDATE users
   SET name = cleaned(name), bio = cleaned(bio), extra = cleaned_json(extra), image = cleaned(image)
 WHERE named(name) OR named(bio) OR named(extra) OR named(image)
"""

CLEAN_CHANGES = """
UPDATE changes
   SET old = cleaned(old), new = cleaned(new)
 WHERE field <> 'red_id' AND (named(old) OR named(new))
"""


def redact_texts(connection: sqlite3.Connection, names: Iterable[str]) -> int:
    """Takes `names` out of what others say of themselves; in how many rows. Inside the caller's transaction.

    Names so short that they are words, or numbers, of anybody's are left.
    """
    telling = [name for name in names if len(name) >= NAME_CHARACTERS_MIN]
    if not telling:
        return 0
    mentions = Mentions(telling)
    connection.create_function("named", 1, mentions, deterministic=True)
    connection.create_function("cleaned", 1, lambda text: cleaned_text(text, mentions, mentions.removed))
    connection.create_function("cleaned_json", 1, lambda text: cleaned_json(text, mentions, mentions.removed))
    creators = connection.execute(CLEAN_OTHERS).rowcount
    if creators:
        outdate_index(connection)
    return creators + connection.execute(CLEAN_CHANGES).rowcount


def redact_replies(connection: sqlite3.Connection, mentions: Mentions) -> int:
    """Takes the creator out of every raw reply; how many had one."""
    count = 0
    writer = connection.cursor()
    for page_id, packed in connection.execute("SELECT page_id, body FROM replies ORDER BY page_id"):
        body = unpack(packed)
        if body is not None and not mentions(reply_text(body)):
            continue
        count += 1
        left = None if body is None else _without(body, mentions)  # what nobody can read may name anybody
        if left is None:
            writer.execute("DELETE FROM replies WHERE page_id = ?", (page_id,))
        else:
            row = (pack(left), page_id)
            writer.execute("UPDATE replies SET body = ? WHERE page_id = ?", row)
    return count


class Mentions:
    """Whether a text holds one of some names, not merely as a part of a longer one."""

    def __init__(self, names: Iterable[str]) -> None:
        either = "|".join(re.escape(name) for name in sorted(names))
        self._pattern = re.compile(f"(?<![0-9A-Za-z_])(?:{either})(?![0-9A-Za-z_])", re.IGNORECASE)

    def __call__(self, text: str | None) -> bool:
        """Whether it does, however it is escaped; no text mentions nobody."""
        return text is not None and any(map(self._pattern.search, readings(text)))

    def removed(self, text: str) -> str:
        """The text without them."""
        return self._pattern.sub(REMOVED, text)


def _without(body: bytes, mentions: Mentions) -> bytes | None:
    """The reply without the list entries that mention the creator, None where that does not clear it."""
    try:
        left = orjson.dumps(_prune(orjson.loads(body), mentions))
    except (orjson.JSONDecodeError, orjson.JSONEncodeError, RecursionError):
        return None
    return None if mentions(left.decode()) else left


def _prune(value: Any, mentions: Mentions) -> Any:
    if isinstance(value, dict):
        return {key: _prune(item, mentions) for key, item in value.items()}
    if isinstance(value, list):
        return [item for item in value if not mentions(orjson.dumps(item).decode())]
    return value


def reply_text(body: bytes) -> str:
    """A raw reply as text, in whichever encoding it came."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", "replace")
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body.decode("gb18030", "replace")
