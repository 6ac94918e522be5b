"""Erasing creators on request: from every table, from the raw replies, and from the bytes of the file."""

from __future__ import annotations

import re
import shlex
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from crawler.analysis.search.index import forget_from_index, update_search_index
from crawler.clock import Now, stamp, utc_now
from crawler.creator import PROVISIONAL
from crawler.errors import InputError
from crawler.i18n import _
from crawler.maintenance.redaction import Mentions, redact_replies, redact_texts
from crawler.store.database import open_database, store_errors
from crawler.store.erased import (
    ADMIT,
    ALONE,
    REMEMBER,
    WANTED,
    Forgotten,
    fingerprint,
    salt,
    salts,
)
from crawler.store.lock import hold
from crawler.untrusted_text import sanitize
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

# The pages that showed the creator are owed one sighting less, or `crawler verify` would miss it. In a merged
# database another crawl of the keyword may have seen the creator last, further down than this one came.
NOTE_UNSIGHTED = """
UPDATE pages
   SET unsighted = unsighted + 1
 WHERE id IN (SELECT (SELECT id
                        FROM pages
                       WHERE pages.keyword_id = sightings.keyword_id
                         AND pages.endpoint_id = sightings.endpoint_id
                         AND pages.generation = sightings.generation
                         AND pages.page <= sightings.last_page
                       ORDER BY pages.page DESC
                       LIMIT 1)
                FROM sightings
               WHERE user_key = ?)
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

ADMIT_AT = f"{ADMIT} RETURNING forgotten_at"
ERASED_AT = "SELECT 1 FROM forgotten WHERE forgotten_at = ?"

DELETE_MENTIONS = "DELETE FROM changes WHERE field = 'red_id' AND (mentions(old) OR mentions(new))"
DELETE_LOST_RED_IDS = "DELETE FROM lost_red_ids WHERE mentions(red_id)"
DELETE_REJECTS = """
DELETE FROM rejects WHERE mentions(entry) OR mentions(reason) OR mentions(reason_details)
"""


@dataclass(frozen=True, slots=True)
class Erased:
    """What went of the creator asked for as `name` and known as `known_as`, in rows; `replies` were rewritten
    without the entry, or removed where they could not be; in `mentions` rows of others it was taken out.

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


class Admitted(NamedTuple):
    """Whether a name `had_been_erased`, and whether more that was erased with it `stays_out`: of a creator id
    and red_id are remembered, and one of them is enough to be passed over."""

    had_been_erased: bool
    stays_out: bool


def admit(path: Path, names: Sequence[str]) -> dict[str, Admitted]:
    """Lets `names` in again that had been erased. What was erased does not return.

    Raises AlreadyRunning while a run writes the database.
    """
    with hold(path), closing(open_database(path)) as db, store_errors(path):
        connection: sqlite3.Connection = db.conn
        with db.atomic():
            moments = {name: _admit(connection, plain_name(name)) for name in names}
            return {
                name: Admitted(bool(erased_at), any(map(_others_erased(connection), erased_at)))
                for name, erased_at in moments.items()
            }


def _admit(connection: sqlite3.Connection, name: str) -> set[str]:
    """Takes a name off the memory; when it was put there."""
    marked = [fingerprint(own, mark + name) for own in salts(connection) for mark in ("", ALONE, WANTED)]
    return {row[0] for each in marked for row in connection.execute(ADMIT_AT, (each,)).fetchall()}


def _others_erased(connection: sqlite3.Connection) -> Callable[[str], bool]:
    """Whether something else is remembered that was erased at a moment."""
    return lambda moment: connection.execute(ERASED_AT, (moment,)).fetchone() is not None


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
    mentions = Mentions(names | former)
    connection.create_function("mentions", 1, mentions, deterministic=True)
    sightings = changes = 0
    for key, _id, _red_id, _name in found:
        connection.execute(NOTE_UNSIGHTED, (key,))
        sightings += connection.execute(DELETE_SIGHTINGS, (key,)).rowcount
        changes += connection.execute(DELETE_CHANGES, (key,)).rowcount
        forget_from_index(connection, key)
        connection.execute(DELETE_USER, (key,))
    changes += connection.execute(DELETE_MENTIONS).rowcount
    connection.execute(DELETE_LOST_RED_IDS)
    rejects = connection.execute(DELETE_REJECTS).rowcount
    others = redact_texts(connection, names | former)
    replies = redact_replies(connection, mentions)
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
    known = Forgotten.read(connection)
    rows = [(fingerprint(own_salt, name), moment) for name in names if not known.holds(name)]
    return connection.executemany(REMEMBER, rows).rowcount if rows else 0


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
