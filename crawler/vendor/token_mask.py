"""An answer may repeat the address it was asked by, and with it the token: here it is taken out again."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from crawler.vendor.encoding import UTF16_MARKS, decode
from crawler.vendor.escape_layers import NAMES, Layer

TOKEN_MASK = "***"  # noqa: S105 - what stands in the token's place
TOKEN_LENGTH_TELLING = 12
"""A shorter token, a simulator's say, can be part of any word and is looked for behind its name only."""

LAYERS_MAX = 8
"""Escapes of escapes that are taken back."""

WINDOW_BYTES = 256 * 1024
OVERLAP_BYTES = 64 * 1024
"""A larger body is looked through piece by piece, for its escapes taken back could be very many; the pieces
overlap by more than any spelling of a token takes."""

_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]")
_BASE64_END = re.compile(rb"[A-Za-z0-9+/_-]?={0,2}")


@dataclass(frozen=True, slots=True)
class _Needle:
    """A text that gives the token away, and whether the characters beside it tell some bits of it."""

    text: bytes
    plain: bool = False
    before: bool = False
    after: bool = False


class TokenMask:
    """Takes one token out of answers, in every spelling that decoding would turn back into it.

    It may be as it is, in base64 or hexadecimal, and each character of that escaped, in a way of its own, as
    JSON, addresses or HTML escape characters, several times over. Nothing is decoded as JSON, so it makes no
    difference whether the answer can be.
    """

    def __init__(self, token: str) -> None:
        name = "" if len(token.replace("\\", "")) >= TOKEN_LENGTH_TELLING else "token="
        secret = f"{name}{token}".encode()
        self._masked = f"{name}{TOKEN_MASK}".encode()
        self._needles = _needles(secret)
        self._texts = tuple(needle.text for needle in self._needles)
        # What a backslash alone may stand in: base64 and digits are escaped at their slashes, if at all.
        self._slashed = tuple(needle.text for needle in self._needles if needle.plain or b"/" in needle.text)
        # What names a character of the token, or one that an escape is made of, in HTML.
        telling = {*secret, *b"%#\\;"} - {*b"&"}
        self._marks = (b"&#", *(b"&%s;" % name for name, code in NAMES.items() if code in telling))

    def in_body(self, body: bytes) -> bytes:
        """The body without the token; another body only where the token is in it."""
        in_utf16 = body.startswith(UTF16_MARKS)
        if not in_utf16 and not any(self._may_hold(window) for _at, window in _windows(body)):
            return body
        text, encoding = decode(body)[0]
        masked = self._in_utf8(text.encode("utf-8", "replace"))
        return body if masked is None else masked.decode().encode(encoding)

    def _in_utf8(self, text: bytes) -> bytes | None:
        """Masked as UTF-8: in GB18030 half a character may look like a letter or a backslash."""
        spans: list[tuple[int, int]] = []
        for at, window in _windows(text):
            if self._may_hold(window):
                spans += ((at + start, at + end) for start, end in self._spans(window))
        if not spans:
            return None
        kept: list[bytes] = []
        done = 0
        for start, end in sorted(spans):
            start = _begin_of_escape(text, start)
            if start >= done:
                kept += (text[done:start], self._masked)
            done = max(done, end)
        return b"".join((*kept, text[done:]))

    def _spans(self, window: bytes) -> Iterator[tuple[int, int]]:
        """Where the token is, in whatever spelling."""
        layers: list[Layer] = []
        data = window
        while True:
            for start, end in self._found(data):
                for layer in reversed(layers):
                    start, end = layer.below(start, end)
                yield start, end
            if len(layers) == LAYERS_MAX:
                return
            layer = Layer(data)
            if layer.data == data:
                return
            layers.append(layer)
            data = layer.data

    def _found(self, data: bytes) -> Iterator[tuple[int, int]]:
        for needle in self._needles:
            start = data.find(needle.text)
            while start >= 0:
                end = start + len(needle.text)
                before = needle.before and start > 0 and _BASE64.match(data, start - 1) is not None
                after = _BASE64_END.match(data, end) if needle.after else None
                yield start - before, after.end() if after else end
                start = data.find(needle.text, end)

    def _may_hold(self, view: bytes) -> bool:
        """Whether a closer look, which is slow, may find something: escapes are taken back all at once."""
        texts = self._texts
        for _ in range(3 * LAYERS_MAX):
            for text in texts:
                if text in view:
                    return True
            before, texts = view, self._texts
            if b"&" in view:
                if any(mark in view for mark in self._marks):
                    return True
                view = view.replace(b"&amp;", b"&")
            if b"\\" in view:
                if b"\\x" in view:
                    return True
                if b"\\u00" in view:  # these become percent codes; those that were there wait for their turn
                    view = unquote_to_bytes(view.replace(b"%", b"%25").replace(b"\\u00", b"%"))
                else:
                    view, texts = view.replace(b"\\", b""), self._slashed
            elif b"%" in view:
                if b"%u00" in view:
                    return True
                view = unquote_to_bytes(view)
            if view == before:
                return False
        return True


class TokenMasks:
    """Takes several tokens out of answers: what repeats one account's address may repeat another's."""

    def __init__(self, *tokens: str) -> None:
        self._masks = [TokenMask(token) for token in sorted(set(tokens), key=len, reverse=True)]

    def in_body(self, body: bytes) -> bytes:
        """The body without any of the tokens."""
        for mask in self._masks:
            body = mask.in_body(body)
        return body


def _needles(secret: bytes) -> tuple[_Needle, ...]:
    """Every text to look for; more than one of the plain kind only where the token itself looks escaped."""
    needles = {_Needle(secret, plain=True): None}
    plain = secret
    for _ in range(LAYERS_MAX):
        plain = Layer(plain).data
        needles[_Needle(plain, plain=True)] = None
    for text in (secret, quote(secret, safe="").encode()):
        for digits in (text.hex(), text.hex().upper()):
            needles[_Needle(digits.encode())] = None
        for shift in range(3):
            bits = 8 * (shift + len(text))
            first = -(-8 * shift // 6)
            for altchars in (b"+/", b"-_"):
                whole = b64encode(bytes(shift) + text, altchars)[first : bits // 6]
                needles[_Needle(whole, before=shift > 0, after=bits % 6 > 0)] = None
    return tuple(needles)


def _windows(body: bytes) -> Iterator[tuple[int, bytes]]:
    """The body in pieces that overlap, with where each begins."""
    if len(body) <= WINDOW_BYTES:
        yield 0, body
        return
    for at in range(0, len(body) - OVERLAP_BYTES, WINDOW_BYTES - OVERLAP_BYTES):
        yield at, body[at : at + WINDOW_BYTES]


def _begin_of_escape(text: bytes, start: int) -> int:
    """`start`, or where the JSON escape begins that it lies in: half of one would spoil the JSON."""
    begin = text.rfind(b"\\u", max(0, start - 5), start)
    start = begin if begin >= 0 else start
    while start > 0 and text[start - 1] == ord("\\"):
        start -= 1
    return start
