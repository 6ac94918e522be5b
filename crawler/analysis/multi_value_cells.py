"""Several keywords, or tags, in one text: people read it, and programs can take it apart again."""

from __future__ import annotations

from collections.abc import Iterable

SEPARATOR = " | "

_BAR, _WIDE_BAR = "|", "｜"


def joined(texts: Iterable[str]) -> str:
    """`texts` with `SEPARATOR` between them, which none of them holds: a bar in one is written full-width, in
    which form the keyword is found as well."""
    return SEPARATOR.join(text.replace(_BAR, _WIDE_BAR) for text in texts)


def parted(text: str) -> list[str]:
    """The texts that were joined."""
    return text.split(SEPARATOR) if text else []
