"""Text from outside on a terminal and in a spreadsheet: how wide it is, and without anything that would steer
the one or run in the other."""

from __future__ import annotations

import re
import unicodedata

# Control characters become their pictures (␛), white space a space, marks that turn the text around nothing.
_SANITIZED: dict[int, str | None] = {
    **{code: chr(0x2400 + code) for code in range(0x20)},
    **dict.fromkeys((0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029), " "),
    0x7F: "\u2421",
    **{code: "\ufffd" for code in range(0x80, 0xA0) if code != 0x85},
    **dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C, 0xFEFF)),
    **{code: "\ufffd" for code in range(0xD800, 0xE000)},
}


_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r]")


def runs(text: str) -> bool:
    """Whether a spreadsheet that opens a CSV file could run `text` as a formula."""
    return _FORMULA.match(text) is not None


def neutralized(value: object) -> object:
    """`value` as a cell of any CSV file: text that a spreadsheet would run gets an apostrophe in front.

    Whatever this program gives out as CSV goes through here: files end up in spreadsheets, whoever they were
    made for.
    """
    return "'" + value if isinstance(value, str) and runs(value) else value


def sanitize(text: str) -> str:
    """`text` on one line, its control characters made visible."""
    return text if text.isprintable() else text.translate(_SANITIZED)


def width(text: str) -> int:
    """How many cells of a terminal `text` fills: Chinese characters and most emoji two, marks none."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def _cells(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def truncate(text: str, cells: int) -> str:
    """`text`, or as much of its beginning as fits `cells`, with `…` where something is left out."""
    if width(text) <= cells:
        return text
    used, kept = 1, []
    for character in text:
        used += _cells(character)
        if used > cells:
            break
        kept.append(character)
    return "".join(kept) + "…"
