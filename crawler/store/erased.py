"""Creators who were erased on request and must not come back: only salted hashes of them are kept."""

from __future__ import annotations

import hashlib
import re
import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from crawler.creator import Creator

READ_FINGERPRINTS = "SELECT fingerprint FROM forgotten"
READ_SALT = "SELECT value FROM settings WHERE name = 'forget_salt'"
WRITE_SALT = "INSERT INTO settings (name, value) VALUES ('forget_salt', ?)"

REMEMBER = "INSERT OR IGNORE INTO forgotten (fingerprint, forgotten_at) VALUES (?, ?)"

_WORD = re.compile("[0-9A-Za-z_]{4,64}")


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The fingerprints of forgotten ids and red_ids."""

    salt: str
    fingerprints: frozenset[str]

    @classmethod
    def read(cls, connection: sqlite3.Connection) -> Forgotten:
        """All that the database holds; empty where nobody was ever forgotten."""
        salt = connection.execute(READ_SALT).fetchone()
        found = frozenset(row[0] for row in connection.execute(READ_FINGERPRINTS))
        return cls(salt[0] if salt else "", found)

    def without(self, creators: Sequence[Creator]) -> Sequence[Creator]:
        """`creators` less those who were forgotten."""
        if not self.fingerprints:
            return creators
        return [c for c in creators if not self._holds(c.id) and not self._holds(c.red_id)]

    def named_in(self, text: str) -> bool:
        """Whether any word of `text` is the id or red_id of somebody who was forgotten."""
        return bool(self.fingerprints) and any(map(self._holds, _WORD.findall(text)))

    def follow(self, connection: sqlite3.Connection, creators: Sequence[Creator], moment: str) -> Forgotten:
        """These and the red_ids under which forgotten ids go now, remembered too; inside the caller's
        transaction."""
        names = {c.red_id for c in creators if c.red_id is not None and self._holds(c.id)}
        found = frozenset(fingerprint(self.salt, name) for name in names)
        connection.executemany(REMEMBER, [(each, moment) for each in found])
        return Forgotten(self.salt, self.fingerprints | found)

    def _holds(self, name: str | None) -> bool:
        return name is not None and fingerprint(self.salt, name) in self.fingerprints


def fingerprint(salt: str, name: str) -> str:
    """The hash under which an `id` or `red_id` is remembered as forgotten."""
    return hashlib.sha256(f"{salt}:{name}".encode(errors="replace")).hexdigest()


def salt(connection: sqlite3.Connection) -> str:
    """The database's own salt, made at its first use; inside the caller's transaction."""
    row = connection.execute(READ_SALT).fetchone()
    if row:
        return str(row[0])
    made = secrets.token_hex(16)
    connection.execute(WRITE_SALT, (made,))
    return made
