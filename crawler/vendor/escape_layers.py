"""Escapes taken back one layer at a time, with the way back to where each character came from."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from html.entities import html5

NAMES = {
    name[:-1].encode(): ord(character)
    for name, character in html5.items()
    if name.endswith(";") and len(character) == 1 and character.isascii()
}
"""The names that HTML has for ASCII characters."""

_ESCAPE = re.compile(
    rb"\\++(?:u00([0-7][0-9a-fA-F])|x([0-7][0-9a-fA-F]))?"
    rb"|%(?:u00)?([0-7][0-9a-fA-F])"
    rb"|&#[xX]0*+([0-7]?[0-9a-fA-F])(?![0-9a-fA-F]);?"
    rb"|&#0*+([0-9]{1,3})(?![0-9]);?"
    rb"|&([A-Za-z]{2,20});"
)
_DECIMAL, _NAME = 5, 6


class Layer:
    """`data` is what the layer below says when its escapes for ASCII characters are taken back.

    They are those of JSON, where a backslash alone says nothing, of addresses, and of HTML.
    """

    def __init__(self, below: bytes) -> None:
        pieces: list[bytes] = []
        # Where each piece begins here and below, and where it ends below if it is one escaped character.
        self._at, self._below, self._ends = array("L"), array("L"), array("L")
        at = done = 0
        for escape in _ESCAPE.finditer(below):
            character = _character(escape)
            if character is None:
                continue
            if escape.start() > done:
                at = self._add(pieces, below[done : escape.start()], at, done, 0)
            done = escape.end()
            at = self._add(pieces, character, at, escape.start(), done)
        self._add(pieces, below[done:], at, done, 0)
        self.data = b"".join(pieces)

    def below(self, start: int, end: int) -> tuple[int, int]:
        """The span of the layer below that `data[start:end]` came from."""
        first, last = bisect_right(self._at, start) - 1, bisect_right(self._at, end - 1) - 1
        return (
            self._below[first] + start - self._at[first],
            self._ends[last] or self._below[last] + end - self._at[last],
        )

    def _add(self, pieces: list[bytes], piece: bytes, at: int, below: int, end: int) -> int:
        if piece:
            pieces.append(piece)
            self._at.append(at)
            self._below.append(below)
            self._ends.append(end)
        return at + len(piece)


def _character(escape: re.Match[bytes]) -> bytes | None:
    """What an escape stands for, nothing for mere backslashes, None where it is none."""
    group = escape.lastindex
    if group is None:
        return b""
    text = escape[group]
    code = NAMES.get(text) if group == _NAME else int(text, 10 if group == _DECIMAL else 16)
    return None if code is None or code > 127 else bytes((code,))
