"""Addresses that may become links: what the API sends is text until it has been checked here."""

from __future__ import annotations

import re

_PROFILE = re.compile(r"https://www\.xiaohongshu\.com/user/profile/[0-9A-Za-z]+")
_PICTURE = re.compile(r"https?://([0-9A-Za-z.-]+(?::\d+)?/[!-~]*)")


def profile_link(address: str | None) -> str | None:
    """`address` where it is a creator's page on xiaohongshu.com and nothing else, else None."""
    return address if address is not None and _PROFILE.fullmatch(address) else None


def picture_link(address: str | None) -> str | None:
    """`address` over HTTPS where it is that of a picture on the web, else None."""
    found = None if address is None else _PICTURE.fullmatch(address)
    return f"https://{found[1]}" if found else None
