"""Follower texts as people see them (`粉丝 381.2万`, `10万+`, `12,345`) → numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

FANS_MAX = 10**11  # more than ten times the people there are: a slip of the sender's
TEXT_MAX = 32  # characters; the longest count worth reading is far shorter
LABELLED_MAX = 128  # characters of a text that can begin with a labelled count; the rest does not matter

_UNITS = {
    "": 1,
    "k": 10**3,
    "千": 10**3,
    "w": 10**4,
    "万": 10**4,
    "萬": 10**4,
    "m": 10**6,
    "亿": 10**8,
    "億": 10**8,
}
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}  # ０ → 0, ． → ., ｗ → w
_COUNT = re.compile(
    r"(?P<number>(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?P<fraction>\.[0-9]+)?)"
    r"\s*+(?P<unit>[k千w万萬m亿億]?)"
    r"\s*+(?P<more>\+|以上)?"
)
_LABELLED = re.compile(r"\s*粉丝[\s·•・:：]*([+-]?\d[^|｜]*)")


@dataclass(frozen=True, slots=True)
class Followers:
    """A follower count: the number, the text as shown, and whether the number is exact (`381.2万` is not).

    `fans` and `exact` are None together, when the text says no number from 0 to `FANS_MAX`.
    """

    fans: int | None = None
    text: str | None = None
    exact: bool | None = None


UNKNOWN = Followers()


def read_count(text: str) -> Followers:
    """The count in a bare number text such as `3.9万`; a text that is none is kept with an unknown number."""
    text = text.strip()
    return _read_count(text) if len(text) <= TEXT_MAX else UNKNOWN


def read_fans(value: object) -> Followers:
    """The count in a JSON value that should be one: a number, or a text such as `3.9万`."""
    if isinstance(value, str):
        return read_count(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return UNKNOWN
    if not 0 <= value <= FANS_MAX or value != int(value):
        return UNKNOWN
    return Followers(int(value), str(int(value)), exact=True)


def read_labelled(text: str) -> Followers:
    """The count in `粉丝 5646` or `粉丝·1855 | 笔记·162`; `UNKNOWN` where no number follows `粉丝`."""
    return _read_labelled(text[:LABELLED_MAX])


@lru_cache(maxsize=8192)
def _read_labelled(text: str) -> Followers:
    labelled = _LABELLED.match(text)
    return read_count(labelled[1]) if labelled else UNKNOWN


@lru_cache(maxsize=8192)
def _read_count(text: str) -> Followers:
    count = _COUNT.fullmatch(text.translate(_HALF_WIDTH).lower())
    if count is None or (count["fraction"] and not count["unit"]):
        return Followers(text=text if text and text.isprintable() else None)
    # Decimal, because int(1.13 * 10_000) is 11299.
    fans = int(Decimal(count["number"].replace(",", "")) * _UNITS[count["unit"]])
    if fans > FANS_MAX:
        return Followers(text=text)
    return Followers(fans, text, exact=not count["unit"] and not count["more"])
