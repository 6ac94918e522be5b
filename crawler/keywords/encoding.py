"""How a keyword file is encoded, decided before its first line is used.

A byte order mark decides. Without one, a file that is valid UTF-8 from its first byte to its last is UTF-8,
else one that is valid GB18030 is that. A file that is neither is damaged: the encoding that leaves fewer
damaged spots is taken, so that they cost their own lines and no others.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable, Iterator
from typing import BinaryIO

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

Open = Callable[[], BinaryIO]
"""Opens a file at its beginning."""


def encoding_of(open_file: Open, name: str) -> str:
    """The encoding of a file, which messages call `name`.

    Reads the file in pieces; raises `InputError` when it holds no lines of text.
    """
    with open_file() as file:
        head = file.read(HEAD_BYTES)
        check_head(head, name)
        while chunk := file.read(LINE_BYTES_MAX):
            check_lines(chunk, name)
    for mark, encoding in MARKS.items():
        if head.startswith(mark):
            return encoding
    for encoding in UNMARKED:
        if _is_valid(open_file, encoding):
            return encoding
    return min(UNMARKED, key=lambda encoding: _damaged_spots(open_file, encoding))


def check_head(head: bytes, name: str) -> None:
    """Raises `InputError` where a file that begins with `head` cannot hold text in a known encoding."""
    if b"\0" in head and not head.startswith(tuple(MARKS)):
        raise InputError(
            _("%s: a binary file, or UTF-16 without a byte order mark; save it as UTF-8 text") % name
        )


def check_lines(chunk: bytes, name: str) -> None:
    """Raises `InputError` where a whole chunk of a file is one line."""
    if len(chunk) >= LINE_BYTES_MAX and b"\n" not in chunk and b"\r" not in chunk:
        raise InputError(_("%s: holds a line of more than a million bytes; not a keyword file") % name)


def _is_valid(open_file: Open, encoding: str) -> bool:
    try:
        return all(_chunks(open_file, encoding, errors="strict"))
    except UnicodeDecodeError:
        return False


def _damaged_spots(open_file: Open, encoding: str) -> int:
    return sum(chunk.count("\ufffd") for chunk in _chunks(open_file, encoding, errors="replace"))


def _chunks(open_file: Open, encoding: str, errors: str) -> Iterator[str]:
    """The file's text in pieces, none of them empty."""
    with io.TextIOWrapper(open_file(), encoding, errors, newline="") as file:
        while chunk := file.read(CHUNK_CHARACTERS):
            yield chunk
