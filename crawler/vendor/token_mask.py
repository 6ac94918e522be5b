"""An answer may repeat the address it was asked by, and with it the token: here it is taken out again."""

from __future__ import annotations

import codecs
import re
from urllib.parse import unquote_to_bytes

TOKEN_MASK = "***"  # noqa: S105 - what stands in the token's place
TOKEN_LENGTH_TELLING = 12
"""A shorter token, a simulator's say, can be part of any word and is looked for behind its name only."""

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_PERCENT_CODINGS = 2
_PAGE_BYTES_ORDINARY = 256 * 1024
"""A larger body goes to the pattern at once: its escapes, taken back, could be very many pieces in memory."""


class TokenMask:
    """Takes one token out of answers, in every spelling that decoding would turn back into it.

    Each character may be as it is, escaped as in JSON, percent-encoded once or twice, or percent-encoded and
    then escaped. Nothing is decoded as JSON, so it makes no difference whether the answer can be.
    """

    def __init__(self, token: str) -> None:
        name = "" if len(token.replace("\\", "")) >= TOKEN_LENGTH_TELLING else "token="
        secret = f"{name}{token}".encode()
        # From the first of some backslashes on: half an escape left behind would make the JSON unreadable.
        spelling = r"(?<!\\)" + "".join(_spelled(chr(byte)) for byte in secret)
        self._spelling = re.compile(spelling.encode("latin-1"))
        self._plain = secret.replace(b"\\", b"")
        self._masked = f"{name}{TOKEN_MASK}".encode()

    def in_body(self, body: bytes) -> bytes:
        """The body without the token; another body only where the token is in it."""
        if body.startswith(_UTF16):
            return self._in_encoded(body, "utf-16")
        if not self._is_in(body):
            return body
        return self._in_encoded(body, "utf-8" if _is_utf8(body) else "gb18030")

    def _in_encoded(self, body: bytes, encoding: str) -> bytes:
        """Masked as UTF-8: in GB18030 half a character may look like a letter or a backslash."""
        text = body.decode(encoding, "replace").encode()
        if not self._is_in(text):
            return body
        masked, count = self._spelling.subn(self._masked, text)
        return masked.decode().encode(encoding) if count else body

    def _is_in(self, body: bytes) -> bool:
        """Whether the pattern, which is slow, may find something: its spellings are taken back, all at once.

        Backslashes are left out everywhere, in the token too.
        """
        if self._plain in body:
            return True
        if b"\\" not in body and b"%" not in body:
            return False
        if len(body) > _PAGE_BYTES_ORDINARY:
            return True
        view = body
        if b"\\u00" in body:  # escapes become percent codes; the codes that were there wait for their turn
            view = unquote_to_bytes(body.replace(b"%", b"%25").replace(b"\\u00", b"%"))
        view = view.replace(b"\\", b"")
        for _ in range(_PERCENT_CODINGS):
            if self._plain in view:
                return True
            if b"%" not in view:
                return False
            view = unquote_to_bytes(view).replace(b"\\", b"")
        return self._plain in view


def _spelled(character: str) -> str:
    """A pattern for one character of the token."""
    percent, two, five = _written("%"), _written("2"), _written("5")
    code = "".join(_written(digit, digit.upper()) for digit in f"{ord(character):02x}")
    return f"(?:{_written(character)}|{percent}(?:{two}{five}){{0,{_PERCENT_CODINGS - 1}}}{code})"


def _written(*characters: str) -> str:
    """A pattern for any of these as JSON has it: behind backslashes, more of them where JSON is in JSON."""
    escaped = "|".join(f"(?i:u00{ord(character):02x})" for character in characters)
    plain = "|".join("" if character == "\\" else re.escape(character) for character in characters)
    return rf"\\*+(?:{escaped}|{plain})"


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
