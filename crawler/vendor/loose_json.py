"""JSON as it should not be: read where the usual readers give up, written where the usual writers do.

Neither calls itself, so no depth is too deep; the work grows with the length of the text and no faster.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

CHARACTERS_MAX = 4 * 1024 * 1024
"""Four hundred ordinary answers; a longer text is not worth the seconds."""

DEPTH_MAX = 64
"""Levels that are read; ten times those of any answer seen. What lies deeper is kept as its text."""

DIGITS_MAX = 19
"""Digits of an integer that is read as a number: what fits 64 bits."""

_INSIDE = r'[^"\\]*+(?:\\.[^"\\]*+)*+'
_TOKEN = re.compile(
    rf'\s*+(?:(?P<mark>[\[\]{{}},:])|"(?P<text>{_INSIDE})"|(?P<word>[^\s\[\]{{}},:"]++))', re.DOTALL
)
_RUN = re.compile(rf'(?P<opening>[\[{{]++)|(?P<closing>[\]}}]++)|"{_INSIDE}"|[^"\[\]{{}}]++', re.DOTALL)
_ESCAPE = re.compile(r'\\(["\\/bfnrt]|u[0-9a-fA-F]{4})?')
_INTEGER = re.compile(r"-?[0-9]++")
_NUMBER = re.compile(r"-?[0-9]++(?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?")
_OPENING = {"]": "[", "}": "{"}
_CONSTANTS = {
    "true": True,
    "false": False,
    "null": None,
    "NaN": float("nan"),
    "Infinity": float("inf"),
    "-Infinity": float("-inf"),
}


def read_loosely(text: str) -> Any:
    """The value in `text`; raises ValueError where it is no JSON, is cut, or is longer than is worth reading.

    Taken as they stand are integers longer than `DIGITS_MAX`, what lies deeper than `DEPTH_MAX`, words that
    JSON does not know, and backslashes that escape nothing; control characters are characters.
    """
    if len(text) > CHARACTERS_MAX:
        raise ValueError("too long")
    around: list[tuple[str, list[Any]]] = []
    bracket, items, wanted = "", list[Any](), True
    at, end = 0, len(text.rstrip())
    while at < end:
        token = _TOKEN.match(text, at)
        if token is None:
            raise ValueError("no JSON")
        at = token.end()
        mark, string, word = token.groups()
        if mark is not None and mark in ",:":
            if wanted or mark != (":" if bracket == "{" and len(items) % 2 else ","):
                raise ValueError("a mark out of place")
            wanted = True
            continue
        if mark in _OPENING:
            if _OPENING[mark] != bracket or (wanted and items):
                raise ValueError("a bracket out of place")
            value: Any = items if bracket == "[" else _object(items)
            bracket, items = around.pop()
            wanted = True
        elif not wanted:
            raise ValueError("a mark is missing")
        elif mark is None:
            value = _text(string) if string is not None else read_word(word)
        elif len(around) < DEPTH_MAX:
            around.append((bracket, items))
            bracket, items = mark, []
            continue
        else:
            begin, at = at - 1, _end_of_value(text, at - 1)
            value = text[begin:at]
        items.append(value)
        wanted = False
    if around or len(items) != 1 or wanted:
        raise ValueError("cut, or more than one value")
    return items[0]


def read_word(word: str) -> Any:
    """The number or constant that `word` spells; the text itself where there is none or it is too long."""
    if word in _CONSTANTS:
        return _CONSTANTS[word]
    if _INTEGER.fullmatch(word):
        return int(word) if len(word.lstrip("-")) <= DIGITS_MAX else word
    return float(word) if _NUMBER.fullmatch(word) else word


def without_surrogates(text: str) -> str:
    """`text` with every lone surrogate replaced, which neither SQLite nor UTF-8 output could hold."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def write(value: Any) -> str:
    """`value` as JSON text, however deep it is; a number too long for Python's own writer in hexadecimal."""
    written: list[str] = []
    open_: list[tuple[Iterator[Any], str]] = [(iter([value]), "")]
    while open_:
        items, closing = open_[-1]
        item = next(items, open_)
        if item is open_:
            written.append(closing)
            open_.pop()
            continue
        if written and written[-1] not in "[{":
            written.append(", ")
        if closing == "}":
            key, item = item
            written += (json.dumps(str(key)), ": ")
        if isinstance(item, list):
            written.append("[")
            open_.append((iter(item), "]"))
        elif isinstance(item, dict):
            written.append("{")
            open_.append((iter(item.items()), "}"))
        else:
            written.append(_scalar(item))
    return "".join(written)


def _object(items: list[Any]) -> dict[str, Any]:
    keys = items[::2]
    if len(items) % 2 or not all(isinstance(key, str) for key in keys):
        raise ValueError("a key is missing")
    return dict(zip(keys, items[1::2], strict=True))


def _text(inside: str) -> str:
    if "\\" in inside:
        # strict=False takes control characters; a backslash that escapes nothing stands for itself.
        sound = _ESCAPE.sub(lambda escape: escape[0] if escape[1] else "\\\\", inside)
        inside = json.loads(f'"{sound}"', strict=False)
    return without_surrogates(inside)


def _end_of_value(text: str, begin: int) -> int:
    """Where the brackets that open at `begin` are all closed; raises ValueError where they never are."""
    depth, at = 0, begin
    while run := _RUN.match(text, at):
        at = run.end()
        if run["opening"]:
            depth += len(run["opening"])
        elif run["closing"]:
            depth -= len(run["closing"])
            if depth <= 0:
                return at + depth
    raise ValueError("cut")


def _scalar(value: Any) -> str:
    try:
        return json.dumps(value)
    except ValueError:  # an integer of more digits than Python writes
        return json.dumps(hex(value))
