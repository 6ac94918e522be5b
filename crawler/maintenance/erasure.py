"""Erasing creators on request: from every table, from the raw replies, and from the bytes of the file."""

from __future__ import annotations

import re
import shlex
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from crawler.analysis.search.index import forget_from_index, outdate_index, update_search_index
from crawler.clock import Now, stamp, utc_now
from crawler.creator import PROVISIONAL
from crawler.errors import InputError
from crawler.i18n import _
from crawler.store.database import open_database, store_errors
from crawler.store.erased import (
    ADMIT,
    ALONE,
    REMEMBER,
    REMOVED,
    WANTED,
    cleaned_json,
    cleaned_text,
    fingerprint,
    readings,
    salt,
)
from crawler.store.lock import hold
from crawler.store.writer import REPLY_COMPRESSION
from crawler.text import sanitize
from crawler.vendor.search_user_v2 import PROFILE_URL

_ID = re.compile(r"[0-9A-Za-z_.-]{1,64}")
_PLATFORM_ID = re.compile("[0-9a-f]{24}")

FIND = "SELECT key, id, red_id, name FROM users WHERE id IN (:name, :provisional) OR red_id = :name"

# What the owner was called before counts only as long as nobody else is called so now.
FORMER_RED_IDS = """
SELECT value
  FROM (SELECT old AS value FROM changes WHERE user_key = :key AND field = 'red_id'
        UNION
        SELECT new FROM changes WHERE user_key = :key AND field = 'red_id')
 WHERE value IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM users WHERE red_id = value AND key <> :key)
"""

# The pages that showed the creator are owed one sighting less, or `crawler verify` would miss it.
NOTE_UNSIGHTED = """
UPDATE pages
   SET unsighted = unsighted + 1
 WHERE (keyword_id, endpoint_id, generation, page)
       IN (SELECT keyword_id, endpoint_id, generation, last_page FROM sightings WHERE user_key = ?)
"""

DELETE_SIGHTINGS = "DELETE FROM sightings WHERE user_key = ?"
DELETE_CHANGES = "DELETE FROM changes WHERE user_key = ?"
DELETE_USER = "DELETE FROM users WHERE key = ?"
# Who was called so at last, where nobody is any more.
FIND_FORMER = """
SELECT key, id, red_id, name
  FROM users
 WHERE key = (SELECT user_key
                FROM changes
               WHERE field = 'red_id' AND (old = :name OR new = :name)
               ORDER BY id DESC
               LIMIT 1)
"""

CLEAN_OTHERS = """
UPDATE users
   SET name = cleaned(name), bio = cleaned(bio), extra = cleaned_json(extra), image = cleaned(image)
 WHERE mentions(name) OR mentions(bio) OR mentions(extra) OR mentions(image)
"""

CLEAN_CHANGES = """
UPDATE changes
   SET old = cleaned(old), new = cleaned(new)
 WHERE field <> 'red_id' AND (mentions(old) OR mentions(new))
"""

DELETE_MENTIONS = "DELETE FROM changes WHERE field = 'red_id' AND (mentions(old) OR mentions(new))"
DELETE_REJECTS = """
DELETE FROM rejects WHERE mentions(entry) OR mentions(reason) OR mentions(reason_details)
"""


@dataclass(frozen=True, slots=True)
class Erased:
    """What went of the creator asked for as `name` and known as `known_as`, in rows; `replies` were rewritten
    without the entry, or removed where they could not be; the name was taken out of `mentions` rows of others.

    Nobody of that name was there where `creators` is 0; `remembered` says that the name had been erased
    before. Either way it never comes in again.
    """

    name: str
    known_as: tuple[str, ...]
    creators: int
    sightings: int
    changes: int
    rejects: int
    replies: int
    mentions: int
    remembered: bool


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was erased, and whether no byte of it is left: `remnants` says why some may be, else None."""

    erased: tuple[Erased, ...]
    remnants: str | None


def forget(path: Path, names: Sequence[str], *, vacuum: bool = True, now: Now = utc_now) -> Erasure:
    """Erases the creators that `names` (id, red_id or profile address) stand for, and keeps only hashes.

    All in one transaction; then the file is written anew without its free space (unless `vacuum` is False),
    in which earlier values may linger. Raises AlreadyRunning while a run writes the database, and InputError,
    before anything is erased, for a name that nobody here has as id or red_id and nobody can have.
    """
    with hold(path), closing(open_database(path)) as db, store_errors(path):
        connection: sqlite3.Connection = db.conn
        connection.execute("PRAGMA secure_delete = ON")
        with db.atomic():
            erased = tuple(_erase(connection, plain_name(name), stamp(now())) for name in names)
        if any(each.mentions for each in erased):
            update_search_index(connection)  # with what the others say now
        return Erasure(erased, _scrub(connection, vacuum))


def admit(path: Path, names: Sequence[str]) -> dict[str, bool]:
    """Lets `names` in again that had been erased; for each whether it had. What was erased does not return.

    Raises AlreadyRunning while a run writes the database.
    """
    with hold(path), closing(open_database(path)) as db, store_errors(path):
        connection: sqlite3.Connection = db.conn
        with db.atomic():
            own_salt = salt(connection)
            return {name: _admit(connection, own_salt, plain_name(name)) for name in names}


def _admit(connection: sqlite3.Connection, own_salt: str, name: str) -> bool:
    marked = [(fingerprint(own_salt, mark + name),) for mark in ("", ALONE, WANTED)]
    return sum(connection.execute(ADMIT, each).rowcount for each in marked) > 0


def plain_name(name: str) -> str:
    """The id or red_id that a user typed or copied, as the database holds it."""
    text = name.strip().removeprefix(PROFILE_URL).split("?")[0]
    return text.lower() if re.fullmatch("[0-9a-fA-F]{24}", text) else text


def known_as(connection: sqlite3.Connection, name: str) -> tuple[str, ...]:
    """What the creators call themselves whom `name` (id, red_id or profile address) stands for."""
    return _names_of(_find(connection, plain_name(name)))


def is_known(connection: sqlite3.Connection, name: str) -> bool:
    """Whether anybody in the database is or was called `name`."""
    return bool(_find(connection, plain_name(name)))


def _find(connection: sqlite3.Connection, name: str) -> list[tuple[int, str, str | None, str | None]]:
    # What cannot be printed could not even be bound, where it came from broken bytes of a command line.
    asked = {"name": name, "provisional": PROVISIONAL + name}
    if not name.isprintable():
        return []
    return connection.execute(FIND, asked).fetchall() or connection.execute(FIND_FORMER, asked).fetchall()


def _names_of(found: Sequence[tuple[int, str, str | None, str | None]]) -> tuple[str, ...]:
    return tuple(name for _key, _id, _red_id, name in found if name is not None)


def _erase(connection: sqlite3.Connection, name: str, moment: str) -> Erased:
    found = _find(connection, name)
    if not found and not _ID.fullmatch(name):
        raise InputError(_no_id(name))
    names, wanted, former = {name}, set(), set()
    for key, id_, red_id, _name in found:
        names |= {each for each in (id_, red_id) if each is not None and not each.startswith(PROVISIONAL)}
        former |= {row[0] for row in connection.execute(FORMER_RED_IDS, {"key": key})}
        if id_.startswith(PROVISIONAL):
            wanted.add(red_id or name)
    if not found and not _PLATFORM_ID.fullmatch(name):
        wanted.add(name)
    mentions = _Mentions(names | former)
    mentions.register(connection)
    sightings = changes = 0
    for key, _id, _red_id, _name in found:
        connection.execute(NOTE_UNSIGHTED, (key,))
        sightings += connection.execute(DELETE_SIGHTINGS, (key,)).rowcount
        changes += connection.execute(DELETE_CHANGES, (key,)).rowcount
        forget_from_index(connection, key)
        connection.execute(DELETE_USER, (key,))
    changes += connection.execute(DELETE_MENTIONS).rowcount
    rejects = connection.execute(DELETE_REJECTS).rowcount
    others = connection.execute(CLEAN_OTHERS).rowcount
    if others:
        outdate_index(connection)
    others += connection.execute(CLEAN_CHANGES).rowcount
    replies = _erase_replies(connection, mentions)
    new = _remember(connection, names, moment)
    marked = [ALONE + each for each in former - names] + [WANTED + each for each in wanted]
    _remember(connection, marked, moment)
    counts = (len(found), sightings, changes, rejects, replies, others)
    return Erased(name, _names_of(found), *counts, remembered=not new)


def _no_id(name: str) -> str:
    shown = sanitize(name)
    return _(
        "%s is no id, red_id or profile address, and nothing is erased: `crawler search %s` finds the id"
    ) % (
        shown,
        shlex.quote(shown),
    )


def _remember(connection: sqlite3.Connection, names: Iterable[str], moment: str) -> int:
    """Keeps the hashes of `names`; how many were not there before."""
    own_salt = salt(connection)
    rows = [(fingerprint(own_salt, name), moment) for name in names]
    return connection.executemany(REMEMBER, rows).rowcount if rows else 0


def _erase_replies(connection: sqlite3.Connection, mentions: _Mentions) -> int:
    """Takes the creator out of every raw reply; how many had one."""
    count = 0
    writer = connection.cursor()
    for page_id, packed in connection.execute("SELECT page_id, body FROM replies ORDER BY page_id"):
        body = zlib.decompress(packed)
        if not mentions(_as_text(body)):
            continue
        count += 1
        left = _without(body, mentions)
        if left is None:
            writer.execute("DELETE FROM replies WHERE page_id = ?", (page_id,))
        else:
            row = (zlib.compress(left, REPLY_COMPRESSION), page_id)
            writer.execute("UPDATE replies SET body = ? WHERE page_id = ?", row)
    return count


class _Mentions:
    """Whether a text holds one of some names, not merely as a part of a longer one."""

    def __init__(self, names: Iterable[str]) -> None:
        either = "|".join(re.escape(name) for name in sorted(names))
        self._pattern = re.compile(f"(?<![0-9A-Za-z_])(?:{either})(?![0-9A-Za-z_])", re.IGNORECASE)

    def __call__(self, text: str | None) -> bool:
        """Whether it does, however it is escaped; no text mentions nobody."""
        return text is not None and any(map(self._pattern.search, readings(text)))

    def register(self, connection: sqlite3.Connection) -> None:
        """Makes SQL functions of it: `mentions`, and what takes the names out of a text and of JSON."""
        functions: dict[str, Callable[[str | None], str | bool | None]] = {
            "mentions": self,
            "cleaned": lambda text: cleaned_text(text, self, self._removed),
            "cleaned_json": lambda text: cleaned_json(text, self, self._removed),
        }
        for name, function in functions.items():
            connection.create_function(name, 1, function, deterministic=True)

    def _removed(self, text: str) -> str:
        return self._pattern.sub(REMOVED, text)


def _without(body: bytes, mentions: _Mentions) -> bytes | None:
    """The reply without the list entries that mention the creator, None where that does not clear it."""
    try:
        left = orjson.dumps(_prune(orjson.loads(body), mentions))
    except (orjson.JSONDecodeError, orjson.JSONEncodeError, RecursionError):
        return None
    return None if mentions(left.decode()) else left


def _prune(value: Any, mentions: _Mentions) -> Any:
    if isinstance(value, dict):
        return {key: _prune(item, mentions) for key, item in value.items()}
    if isinstance(value, list):
        return [item for item in value if not mentions(orjson.dumps(item).decode())]
    return value


def _as_text(body: bytes) -> str:
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", "replace")
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body.decode("gb18030", "replace")


def _scrub(connection: sqlite3.Connection, vacuum: bool) -> str | None:
    """Takes what is deleted out of the bytes of the file; why that may not be all, None where it is."""
    why = None
    try:
        if vacuum:
            connection.execute("VACUUM")
        else:
            why = _("earlier values may linger in its free space until `VACUUM`")
    except sqlite3.OperationalError as exc:
        why = _("its free space could not be cleared (%s); earlier values may linger there") % exc
    busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    return _("another program is reading it: run the same command again when that has ended") if busy else why
