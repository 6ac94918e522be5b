"""An answer may repeat the address it was asked by, and with it the token: here it is taken out again."""

from __future__ import annotations

import codecs
import re
from typing import Any
from urllib.parse import quote, quote_plus

import orjson

TOKEN_MASK = "***"  # noqa: S105 - what stands in the token's place
TOKEN_LENGTH_TELLING = 12
"""A shorter token, a simulator's say, can be part of any word and is looked for behind its name only."""

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_ESCAPED_ASCII = re.compile(rb"\\u00[2-7]")


class TokenMask:
    """Takes one token out of answers, in every spelling that decoding would turn back into it."""

    def __init__(self, token: str) -> None:
        name = "" if len(token) >= TOKEN_LENGTH_TELLING else "token="
        spellings = {token, quote(token, safe=""), quote_plus(token), quote(token)}
        self._spellings = sorted((f"{name}{spelling}" for spelling in spellings), key=len, reverse=True)
        self._masked = f"{name}{TOKEN_MASK}"
        literal = {text.encode() for text in self._spellings}
        literal |= {text.replace("/", "\\/").encode() for text in self._spellings}
        self._literal = sorted(literal, key=len, reverse=True)

    def in_body(self, body: bytes) -> bytes:
        """The body without the token; another body only where the token is in it."""
        for spelling in self._literal:
            if spelling in body:
                body = body.replace(spelling, self._masked.encode())
        if body.startswith(_UTF16):
            return self._in_text(body.decode("utf-16", "replace")).encode("utf-16")
        # Asked first without the pattern, which takes four times as long on an ordinary page.
        if b"\\u00" in body and _ESCAPED_ASCII.search(body):
            return self._in_escaped(body)
        return body

    def _in_text(self, text: str) -> str:
        for spelling in self._spellings:
            text = text.replace(spelling, self._masked)
        return text

    def _in_escaped(self, body: bytes) -> bytes:
        """Looks behind escapes such as `\\u0074`, which only a decoder sees through."""
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError:
            return body
        masked = self._in_value(value)
        return body if masked == value else orjson.dumps(masked)

    def _in_value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._in_text(value)
        if isinstance(value, list):
            return [self._in_value(item) for item in value]
        if isinstance(value, dict):
            return {self._in_text(key): self._in_value(item) for key, item in value.items()}
        return value
