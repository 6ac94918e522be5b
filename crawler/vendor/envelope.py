"""The body of an answer → its envelope, whatever the HTTP status, however it is encoded."""

from __future__ import annotations

import codecs
import json
from dataclasses import dataclass
from typing import Any

import orjson


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
    # A page that was paid for is read if it can be: other encodings, NaN, halves of surrogate pairs.
    text = _decode(body)
    if text is None:
        return None
    try:
        return _without_surrogates(json.loads(text))
    except (ValueError, RecursionError):
        return None


def _decode(body: bytes) -> str | None:
    encodings = ["utf-8-sig", "gb18030"]
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    for encoding in encodings:
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _without_surrogates(value: Any) -> Any:
    """`value` with every lone surrogate replaced, which neither SQLite nor UTF-8 output could hold."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    return value
