"""The body of an answer → its envelope, whatever the HTTP status, however it is encoded."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import orjson

from crawler.vendor.encoding import decode
from crawler.vendor.loose_json import read_loosely, read_word, without_surrogates

_AROUND = " \t\r\n\0\ufeff"


@dataclass(frozen=True, slots=True)
class Envelope:
    """What every business answer has; only `code` can be relied on (older specs had it as text)."""

    code: int | str
    message: str
    data: Any


def read_envelope(body: bytes) -> Envelope | None:
    """The envelope in `body`, None where there is none: HTML, cut JSON, JSON without a code."""
    value = _read_json(body)
    if not isinstance(value, dict) or "code" not in value:
        return None
    code = _read_code(value["code"])
    if code is None:
        return None
    message = value.get("message")
    return Envelope(code, message if isinstance(message, str) else "", value.get("data"))


def _read_code(code: Any) -> int | str | None:
    if isinstance(code, bool) or code is None:
        return None
    if isinstance(code, int):
        return code
    if isinstance(code, float) and code.is_integer():
        return int(code)
    if isinstance(code, str):
        text = code.strip()
        if text.isascii() and text.isdecimal() and len(text) < 10:
            return int(text)
        return text or None
    return None


def _read_json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    # A page that was paid for is read if it can be. What no reader below takes is cut, or no JSON at all.
    for text, _encoding in decode(body):
        text = text.strip(_AROUND)
        for read in (_read_plainly, read_loosely):
            try:
                return read(text)
            except (ValueError, RecursionError):
                continue
    return None


def _read_plainly(text: str) -> Any:
    """What Python's own reader takes: fast, and no deeper than a few hundred levels."""
    return _without_surrogates(json.loads(text, strict=False, parse_int=read_word))


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return without_surrogates(value)
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    return value
