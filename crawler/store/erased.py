"""Creators who were erased on request and must not come back: only salted hashes of them are kept.

What is hashed is an `id` or a `red_id` as it stands, or a `red_id` with a mark of what it says:

- `alone:` it was theirs once and may be somebody else's by now: it tells only of an entry without an `id`.
- `wanted:` its owner's `id` is not known yet: the first that comes with it is remembered in its place.
"""

from __future__ import annotations

import hashlib
import html
import re
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import orjson

from crawler.creator import Creator

READ_FINGERPRINTS = "SELECT fingerprint FROM forgotten"
# A merged database has the salts of all that it was merged from; its own comes first.
READ_SALTS = """
SELECT value FROM settings WHERE name = 'forget_salt' OR name LIKE 'forget_salt:%' ORDER BY name
"""
WRITE_OTHER_SALT = "INSERT INTO settings (name, value) VALUES ('forget_salt:' || ?, ?)"
WRITE_SALT = "INSERT INTO settings (name, value) VALUES ('forget_salt', ?)"

REMEMBER = "INSERT OR IGNORE INTO forgotten (fingerprint, forgotten_at) VALUES (?, ?)"
ADMIT = "DELETE FROM forgotten WHERE fingerprint = ?"

ALONE, WANTED = "alone:", "wanted:"
REMOVED = "…"
"""What stands where an erased name stood in somebody else's words."""

_WORD = re.compile(r"[0-9A-Za-z_]+(?:[.-]+[0-9A-Za-z_]+)*")
_JOINT = re.compile(r"[.-]+")
_PARTS_MAX = 8
NAME_CHARACTERS_MIN = 4
"""What is shorter names nobody in other words: it is a word, or a number, of anybody's."""

_NAME_CHARACTERS_MAX = 64
_QUOTED = re.compile(rf'"([^"\\]{{{NAME_CHARACTERS_MIN},{_NAME_CHARACTERS_MAX}}})"')
_NO_CHARACTER = re.compile("&#[0-9]{8,}")
_JSON_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(/))")
_READINGS_MAX = 4


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The fingerprints of erased ids and red_ids, each made with one of the `salts`."""

    salts: tuple[str, ...]
    fingerprints: frozenset[str]

    @classmethod
    def read(cls, connection: sqlite3.Connection) -> Forgotten:
        """All that the database holds; empty where nobody was ever erased."""
        found = frozenset(row[0] for row in connection.execute(READ_FINGERPRINTS))
        return cls(salts(connection), found)

    def without(self, creators: Sequence[Creator]) -> Sequence[Creator]:
        """`creators` less those who were erased, and without their names in what the others say."""
        if not self.fingerprints:
            return creators
        return [
            self._clean(creator) for creator in creators if not self.is_erased(creator.id, creator.red_id)
        ]

    def named_in(self, text: str | bytes) -> bool:
        """Whether `text`, however it is escaped, names somebody who was erased."""
        if not self.fingerprints:
            return False
        if isinstance(text, bytes):
            text = text.decode(errors="replace")
        return any(map(self._names, readings(text)))

    def follow(self, connection: sqlite3.Connection, creators: Sequence[Creator], moment: str) -> Forgotten:
        """These and what erased creators of `creators` go by now, remembered too; inside the caller's
        transaction."""
        found: set[str] = set()
        known: set[str] = set()
        for creator in creators:
            if creator.id is None or creator.red_id is None:
                continue
            for own in self.salts:
                wanted = fingerprint(own, WANTED + creator.red_id)
                if fingerprint(own, creator.id) in self.fingerprints:
                    found.add(fingerprint(own, creator.red_id))
                    known.add(wanted)
                elif wanted in self.fingerprints and wanted not in known:
                    found.add(fingerprint(own, creator.id))
                    known.add(wanted)
        connection.executemany(REMEMBER, [(each, moment) for each in found])
        connection.executemany(ADMIT, [(each,) for each in known])
        return Forgotten(self.salts, (self.fingerprints | found) - known)

    def is_erased(self, id_: str | None, red_id: str | None) -> bool:
        """Whether that creator was erased; an `id` of None says that it is not known."""
        if self.holds(id_) or self.holds(red_id):
            return True
        return id_ is None and self.holds(f"{ALONE}{red_id}")

    def holds(self, name: str | None) -> bool:
        """Whether `name`, with the mark of what it says, is remembered."""
        return name is not None and any(fingerprint(own, name) in self.fingerprints for own in self.salts)

    def is_name(self, word: str) -> bool:
        """Whether somebody who was erased is, or was, called `word`."""
        return self.holds(word) or self.holds(ALONE + word)

    def cleaned(self, text: str | None) -> str | None:
        """`text` without the names of those who were erased; None where they cannot be taken out."""
        return cleaned_text(text, self.named_in, self._removed)

    def cleaned_json(self, text: str | None) -> str | None:
        """The same for JSON."""
        return cleaned_json(text, self.named_in, self._removed)

    def _names(self, text: str) -> bool:
        words = {name for word in set(_WORD.findall(text)) for name in _names_in(word)}
        return any(map(self.is_name, words | set(_QUOTED.findall(text))))

    def _clean(self, creator: Creator) -> Creator:
        bio, extra = self.cleaned(creator.bio), self.cleaned_json(creator.extra)
        if bio is creator.bio and extra is creator.extra:
            return creator
        return creator._replace(bio=bio, extra=extra)

    def _removed(self, text: str) -> str:
        return _WORD.sub(lambda found: self._without_names(found[0]), text)

    def _without_names(self, word: str) -> str:
        for name in sorted(_names_in(word), key=len, reverse=True):
            if self.is_name(name):
                word = word.replace(name, REMOVED)
        return word


def cleaned_text(text: str | None, names: Callable[[str], bool], removed: Callable[[str], str]) -> str | None:
    """`text` with what it `names` `removed` from it; None where it cannot be taken out."""
    if text is None or not names(text):
        return text
    clean = removed(text)
    return None if names(clean) else clean


def cleaned_json(text: str | None, names: Callable[[str], bool], removed: Callable[[str], str]) -> str | None:
    """JSON with what it `names` `removed` from its texts, and null for a number that is a name; None where it
    cannot be taken out."""
    if text is None or not names(text):
        return text

    def clean(value: Any) -> Any:
        if isinstance(value, dict):
            return {clean(key) or REMOVED: clean(item) for key, item in value.items()}
        if isinstance(value, list):
            return [clean(item) for item in value]
        if isinstance(value, str):
            return cleaned_text(value, names, removed)
        return None if names(str(value)) else value

    try:
        left = orjson.dumps(clean(orjson.loads(text))).decode()
    except (orjson.JSONDecodeError, orjson.JSONEncodeError, RecursionError):
        return None
    return None if names(left) else left


def readings(text: str) -> Iterator[str]:
    """`text` as it stands, then as it reads with its escapes undone: those of JSON, HTML and addresses, also
    where one is inside another."""
    for _turn in range(_READINGS_MAX):
        yield text
        if "\\" not in text and "&" not in text and "%" not in text:
            return
        read = _JSON_ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else "/", text)
        # No character has a number of eight digits, and Python reads no number of thousands.
        read = unquote(html.unescape(_NO_CHARACTER.sub("", read)))
        if read == text:
            return
        text = read


def _names_in(word: str) -> Iterator[str]:
    """The word itself and whatever names it may be joined from: a name may hold dots and dashes itself."""
    starts = [0, *(joint.end() for joint in _JOINT.finditer(word))]
    ends = [*(joint.start() for joint in _JOINT.finditer(word)), len(word)]
    for first, start in enumerate(starts):
        for end in ends[first : first + _PARTS_MAX]:
            if NAME_CHARACTERS_MIN <= end - start <= _NAME_CHARACTERS_MAX:
                yield word[start:end]


def fingerprint(salt: str, name: str) -> str:
    """The hash under which an `id` or `red_id` is remembered as erased."""
    return hashlib.sha256(f"{salt}:{name}".encode(errors="replace")).hexdigest()


def salts(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Every salt that fingerprints of the database are made with, its own first; none before the first."""
    return tuple(str(row[0]) for row in connection.execute(READ_SALTS))


def add_salts(connection: sqlite3.Connection, others: Sequence[str]) -> None:
    """Takes over the salts of another database, the first as its own where there is none; inside the caller's
    transaction."""
    for other in others:
        there = salts(connection)
        if not there:
            connection.execute(WRITE_SALT, (other,))
        elif other not in there:
            connection.execute(WRITE_OTHER_SALT, (other, other))


def salt(connection: sqlite3.Connection) -> str:
    """The database's own salt, made at its first use; inside the caller's transaction."""
    there = salts(connection)
    if there:
        return there[0]
    made = secrets.token_hex(16)
    connection.execute(WRITE_SALT, (made,))
    return made
