"""Which backups stay: the newest of so many hours, days, weeks, months and years."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from crawler.clock import SHANGHAI
from crawler.errors import InputError
from crawler.i18n import _

COUNT_MAX = 10_000
RULES_MAX = 20

_RULE = re.compile(r"([1-9][0-9]{0,4})([hdwmy])")
_PERIODS: dict[str, Callable[[datetime], str]] = {
    "h": lambda moment: f"{moment:%Y-%m-%d %H}",
    "d": lambda moment: f"{moment:%Y-%m-%d}",
    "w": lambda moment: f"{moment:%G-%V}",
    "m": lambda moment: f"{moment:%Y-%m}",
    "y": lambda moment: f"{moment:%Y}",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """Keep the newest backup of each of the last `count` periods that have one; `unit` is h, d, w, m or y."""

    count: int
    unit: str


def parse_keep(text: str) -> tuple[Rule, ...]:
    """The rules that `7d,4w` names; raises InputError for anything else."""
    parts = [part.strip().lower() for part in text.split(",")]
    found = [_RULE.fullmatch(part) for part in parts]
    rules = tuple(Rule(int(match[1]), match[2]) for match in found if match)
    if len(rules) != len(parts) or len(rules) > RULES_MAX or any(rule.count > COUNT_MAX for rule in rules):
        raise InputError(
            _("what to keep is written 7d,4w: hours (h), days, weeks, months (m) or years, not %s") % text
        )
    return rules


def surplus(moments: Iterable[datetime], rules: Sequence[Rule]) -> list[datetime]:
    """Those of `moments` that no rule keeps, by the calendar of Asia/Shanghai; the newest always stays.

    Periods without a backup do not count: where the nights stop, nothing goes.
    """
    newest_first = sorted(moments, reverse=True)
    kept = set(newest_first[:1])
    for rule in rules:
        period = _PERIODS[rule.unit]
        newest: dict[str, datetime] = {}
        for moment in newest_first:
            newest.setdefault(period(moment.astimezone(SHANGHAI)), moment)
        kept |= set(list(newest.values())[: rule.count])
    return [moment for moment in newest_first if moment not in kept]
