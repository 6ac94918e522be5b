"""Counted things in words: 1 call, 2 calls."""

from __future__ import annotations

from crawler.i18n import ngettext


def calls_text(number: float) -> str:
    """So many calls."""
    return ngettext("%s call", "%s calls", round(number)) % f"{number:,.0f}"


def charged_calls_text(number: float) -> str:
    """So many charged calls."""
    return ngettext("%s charged call", "%s charged calls", round(number)) % f"{number:,.0f}"


def keywords_text(number: float) -> str:
    """So many keywords."""
    return ngettext("%s keyword", "%s keywords", round(number)) % f"{number:,.0f}"


def new_creators_text(number: float) -> str:
    """So many new creators."""
    return ngettext("%s new creator", "%s new creators", round(number)) % f"{number:,.0f}"
