"""What stands above the columns of a table: their names, as programs want them, or words of a language."""

from __future__ import annotations

from typing import Final

from crawler.column import Column

NAMES: Final = "names"
HEADERS = ("zh", "en", NAMES)


def header(column: Column, headers: str = NAMES) -> str:
    """The heading of a column; `headers` is one of `HEADERS`."""
    if headers == NAMES:
        return column.name
    return column.header.chinese if headers == "zh" else column.header.english
