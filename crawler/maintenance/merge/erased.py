"""Who was erased in one of the databases is erased from what the others know, and stays so."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from itertools import islice

from crawler.creator import PROVISIONAL, Creator
from crawler.maintenance.redaction import reply_text
from crawler.store.erased import Forgotten
from crawler.store.reply_compression import unpack

_TABLE = "CREATE TABLE forgotten (fingerprint TEXT PRIMARY KEY, forgotten_at TEXT NOT NULL)"
_TAKE = """
INSERT INTO forgotten (fingerprint, forgotten_at)
SELECT fingerprint, forgotten_at
  FROM {s}.forgotten
 WHERE true
ON CONFLICT (fingerprint) DO UPDATE SET forgotten_at = min(forgotten_at, excluded.forgotten_at)
"""
_SALTS = "SELECT value FROM {s}.settings WHERE name = 'forget_salt' OR name LIKE 'forget_salt:%'"
_WRITE_SALT = "INSERT INTO result.settings (name, value) VALUES (?, ?)"
_PORTION = 10_000


def learn_erased(connection: sqlite3.Connection, schemas: Sequence[str]) -> Forgotten | None:
    """Everybody who was erased in any of the databases, under every name by which the others know them; None
    where nobody was. The table `forgotten` then holds them all, the result their salts."""
    connection.execute(_TABLE)
    salts: set[str] = set()
    for s in schemas:
        connection.execute(_TAKE.format(s=s))
        salts |= {str(row[0]) for row in connection.execute(_SALTS.format(s=s))}
    ordered = tuple(sorted(salts))
    for number, salt in enumerate(ordered):
        connection.execute(_WRITE_SALT, (f"forget_salt:{salt}" if number else "forget_salt", salt))
    found = frozenset(row[0] for row in connection.execute("SELECT fingerprint FROM forgotten"))
    if not found:
        return None
    moment = connection.execute("SELECT max(forgotten_at) FROM forgotten").fetchone()[0]
    forgotten = Forgotten(ordered, found)
    for s in schemas:
        for creators in _portions(connection, s):
            forgotten = forgotten.follow(connection, creators, moment)
    for s in schemas:
        connection.execute(
            _TAKE.format(s=s)
        )  # also what is no longer waited for: another database may wait yet
    names = frozenset(row[0] for row in connection.execute("SELECT fingerprint FROM forgotten"))
    return Forgotten(ordered, names)


def _portions(connection: sqlite3.Connection, s: str) -> Iterator[list[Creator]]:
    rows = connection.execute(f"SELECT id, red_id FROM {s}.users WHERE id NOT LIKE '{PROVISIONAL}%'")
    while portion := [Creator(0, id_, red_id) for id_, red_id in islice(rows, _PORTION)]:
        yield portion


def add_functions(connection: sqlite3.Connection, forgotten: Forgotten | None) -> None:
    """What the statements ask about texts."""
    connection.create_function("digest", 1, _digest, deterministic=True)
    if forgotten is None:
        return

    def erased(id_: str, red_id: str | None) -> bool:
        return forgotten.is_erased(None if id_.startswith(PROVISIONAL) else id_, red_id)

    def named(text: str | None) -> bool:
        return text is not None and forgotten.named_in(text)

    def named_in_reply(packed: bytes) -> bool:
        body = unpack(packed)  # what nobody can read may name anybody
        return body is None or forgotten.named_in(reply_text(body))

    connection.create_function("erased", 2, erased, deterministic=True)
    connection.create_function("named", 1, named, deterministic=True)
    connection.create_function("named_in_reply", 1, named_in_reply, deterministic=True)
    connection.create_function("cleaned", 1, forgotten.cleaned, deterministic=True)
    connection.create_function("cleaned_json", 1, forgotten.cleaned_json, deterministic=True)


def _digest(value: object) -> str:
    return hashlib.sha256(str(value).encode(errors="replace")).hexdigest()[:16]
