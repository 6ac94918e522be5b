"""Small pieces of text for people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from crawler.clock import SHANGHAI
from crawler.i18n import N_, _


def also(text: str, more: str) -> str:
    """Two remarks as one."""
    return _("%s; %s") % (text, more)


def shanghai_time(stamp: str) -> str:
    """A stored stamp, UTC, as people read it: `2026-11-01 09:30` in Shanghai."""
    return datetime.fromisoformat(stamp).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def span(seconds: float, translate: Callable[[str], str] = _) -> str:
    """A span of time as a person says it: 45 s, 12 min, 3 h 20 min; in the reader's language, or that of
    `translate`."""
    whole = round(seconds)
    if whole < 90:
        return translate(N_("%d s")) % whole
    minutes = round(seconds / 60)
    if minutes < 90:
        return translate(N_("%d min")) % minutes
    return translate(N_("%(hours)d h %(minutes)d min")) % {"hours": minutes // 60, "minutes": minutes % 60}


def size(count: int) -> str:
    """A number of bytes as a person says it: 812 B, 3.4 MB."""
    for unit, bytes_in_it in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= bytes_in_it:
            return f"{count / bytes_in_it:.1f} {unit}"
    return f"{count} B"
