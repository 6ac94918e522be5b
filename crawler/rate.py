"""A rate as people write it: `auto`, `auto:50/s`, `unlimited`, `50/s` or `40/m`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from crawler.errors import InputError
from crawler.i18n import _

SLOWEST_PER_SECOND, FASTEST_PER_SECOND = 1e-9, 100_000

AUTO_CEILING_PER_SECOND = 100.0
"""What `auto` never goes beyond by itself: a limit higher than this has to be asked for, as `auto:200/s`."""


NEWS_SHARE = 0.05
"""How much a limit has to change to be worth keeping anew."""


@dataclass(frozen=True, slots=True)
class Rate:
    """The most calls per second; None means no limit until the API names one.

    With `learns` it is a ceiling, below which the limit is searched for.
    """

    per_second: float | None
    learns: bool = False

    def __str__(self) -> str:
        if self.per_second is None:
            return "unlimited"
        number = f"{self.per_second * 60:.4g}/m" if self.per_second < 5 else f"{self.per_second:.4g}/s"
        if not self.learns:
            return number
        return "auto" if self.per_second == AUTO_CEILING_PER_SECOND else f"auto:{number}"


_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*/\s*(s|m|h|sec|min)")
_SECONDS = {"s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


def parse_rate(text: str) -> Rate:
    """The rate that `text` names; raises InputError where it names none."""
    wanted = text.strip().lower()
    if wanted == "auto":
        return Rate(AUTO_CEILING_PER_SECOND, learns=True)
    if wanted == "unlimited":
        return Rate(None)
    head, colon, number = wanted.rpartition(":")
    match = _RATE.fullmatch(number.strip())
    per_second = float(match[1]) / _SECONDS[match[2]] if match else 0.0
    if not SLOWEST_PER_SECOND <= per_second <= FASTEST_PER_SECOND or (colon and head.strip() != "auto"):
        raise InputError(_("a rate is written auto, auto:50/s, unlimited, 50/s or 40/m, not %s") % text)
    return Rate(per_second, learns=bool(colon))


@dataclass(frozen=True, slots=True)
class LearntLimit:
    """What was learnt of an account's limit. Without `found` no limit was met up to that rate.

    `window_seconds` and `fixed` are None where the answers did not tell.
    """

    per_second: float
    found: bool
    window_seconds: float | None = None
    fixed: bool | None = None

    def says_more_than(self, other: LearntLimit) -> bool:
        """Whether neither met a limit, and this one went faster: a run may be too short for that."""
        return not (self.found or other.found) and self.per_second > other.per_second

    def differs_from(self, other: LearntLimit | None) -> bool:
        """Whether it is news to someone who knows the other."""
        if other is None or (self.found, self.window_seconds) != (other.found, other.window_seconds):
            return True
        return abs(self.per_second / other.per_second - 1) > NEWS_SHARE
