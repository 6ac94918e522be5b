"""What a check says."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Level(enum.IntEnum):
    """How it stands; the worst of all is what `crawler doctor` exits with."""

    GOOD = 0
    WARNING = 1
    BAD = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """How it stands in one line, and what to do about it, in one line or several."""

    level: Level
    text: str
    advice: str = ""


def good(text: str) -> Finding:
    """Nothing to do."""
    return Finding(Level.GOOD, text)


def warning(text: str, advice: str) -> Finding:
    """The next night may go on, but somebody should look."""
    return Finding(Level.WARNING, text, advice)


def bad(text: str, advice: str) -> Finding:
    """The next night will not go well."""
    return Finding(Level.BAD, text, advice)
