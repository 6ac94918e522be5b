"""What stands above the columns of a table: their names, as programs want them, or words of a language."""

from __future__ import annotations

from typing import Final

from crawler.column import Column, Kind
from crawler.i18n import Words

NAMES: Final = "names"
HEADERS = ("zh", "en", NAMES)

UTC: Final = Words("UTC", "UTC")
BEIJING: Final = Words("Beijing time", "北京时间")


def header(column: Column, headers: str, zone: Words) -> str:
    """The heading of a column; `headers` is one of `HEADERS`, `zone` what the table's times are in."""
    if headers == NAMES:
        return column.name
    words, timed = column.header, column.kind is Kind.TIME
    if headers == "zh":
        return f"{words.chinese}（{zone.chinese}）" if timed else words.chinese
    return f"{words.english} ({zone.english})" if timed else words.english
