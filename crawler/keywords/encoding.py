"""How a keyword file is encoded, decided before its first line is used.

A byte order mark decides. Without one, a file that is valid UTF-8 from its first byte to its last is UTF-8,
else one that is valid GB18030 is that. A file that is neither is damaged: the encoding that leaves fewer
damaged spots is taken, so that they cost their own lines and no others.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from crawler.errors import InputError
from crawler.i18n import _

HEAD_BYTES = 8192
CHUNK_CHARACTERS = 1 << 20
LINE_BYTES_MAX = 1 << 20

MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
UNMARKED = ("utf-8", "gb18030")


def encoding_of(path: Path, name: str) -> str:
    """The encoding of the file at `path`, which messages call `name`.

    Reads the file in pieces; raises `InputError` when it holds no lines of text.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        while chunk := file.read(LINE_BYTES_MAX):
            if len(chunk) == LINE_BYTES_MAX and b"\n" not in chunk and b"\r" not in chunk:
                raise InputError(
                    _("%s: holds a line of more than a million bytes; not a keyword file") % name
                )
    for mark, encoding in MARKS.items():
        if head.startswith(mark):
            return encoding
    if b"\0" in head:
        raise InputError(
            _("%s: a binary file, or UTF-16 without a byte order mark; save it as UTF-8 text") % name
        )
    for encoding in UNMARKED:
        if _is_valid(path, encoding):
            return encoding
    return min(UNMARKED, key=lambda encoding: _damaged_spots(path, encoding))


def _is_valid(path: Path, encoding: str) -> bool:
    try:
        return all(_chunks(path, encoding, errors="strict"))
    except UnicodeDecodeError:
        return False


def _damaged_spots(path: Path, encoding: str) -> int:
    return sum(chunk.count("\ufffd") for chunk in _chunks(path, encoding, errors="replace"))


def _chunks(path: Path, encoding: str, errors: str) -> Iterator[str]:
    """The file's text in pieces, none of them empty."""
    with path.open(encoding=encoding, errors=errors, newline="") as file:
        while chunk := file.read(CHUNK_CHARACTERS):
            yield chunk
