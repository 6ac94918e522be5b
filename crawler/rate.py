"""A pace as people write it: `auto`, `unlimited`, `50/s`, `40/m`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from crawler.errors import InputError
from crawler.i18n import _

SAFE_PER_SECOND = 40 / 60
"""What people found safe on this API (40 to 50 calls a minute); neither limit nor quota is published."""

FASTEST_PER_SECOND = 100_000


@dataclass(frozen=True, slots=True)
class Rate:
    """The most calls per second; None means no limit until the API names one."""

    per_second: float | None

    def __str__(self) -> str:
        if self.per_second is None:
            return "unlimited"
        if self.per_second < 5:
            return f"{self.per_second * 60:.4g}/m"
        return f"{self.per_second:.4g}/s"


_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*/\s*(s|m|h|sec|min)")
_SECONDS = {"s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


def parse_rate(text: str) -> Rate:
    """The rate that `auto`, `unlimited`, `50/s` or `40/m` names; raises InputError for anything else."""
    wanted = text.strip().lower()
    if wanted == "auto":
        return Rate(SAFE_PER_SECOND)
    if wanted == "unlimited":
        return Rate(None)
    match = _RATE.fullmatch(wanted)
    per_second = float(match[1]) / _SECONDS[match[2]] if match else 0.0
    if not 0 < per_second <= FASTEST_PER_SECOND:
        raise InputError(_("a rate is written auto, unlimited, 50/s or 40/m, not %s") % text)
    return Rate(per_second)
