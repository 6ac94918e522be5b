"""Small pieces of text for people."""

from __future__ import annotations

from crawler.i18n import _


def also(text: str, more: str) -> str:
    """Two remarks as one."""
    return _("%s; %s") % (text, more)


def span(seconds: float) -> str:
    """A span of time as a person says it: 45 s, 12 min, 3 h 20 min."""
    whole = round(seconds)
    if whole < 90:
        return _("%d s") % whole
    minutes = round(seconds / 60)
    if minutes < 90:
        return _("%d min") % minutes
    return _("%(hours)d h %(minutes)d min") % {"hours": minutes // 60, "minutes": minutes % 60}
