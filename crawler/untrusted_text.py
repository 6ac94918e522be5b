"""Text from outside on a terminal and in a spreadsheet: how wide it is, and without anything that would steer
the one or run in the other."""

from __future__ import annotations

import re

# Control characters become their pictures (␛), white space a space, marks that turn the text around nothing.
_SANITIZED: dict[int, str | None] = {
    **{code: chr(0x2400 + code) for code in range(0x20)},
    **dict.fromkeys((0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029), " "),
    0x7F: "\u2421",
    **{code: "\ufffd" for code in range(0x80, 0xA0) if code != 0x85},
    **dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C, 0xFEFF)),
    **{code: "\ufffd" for code in range(0xD800, 0xE000)},
}

# A joiner makes one picture of two emoji; between other characters it has no width and joins none.
_IDLE_JOINER = re.compile(
    "(?<![\ufe0f\u2600-\u27bf\U0001f000-\U0001faff])\u200d|\u200d(?![\u2190-\u2bff\U0001f000-\U0001faff])"
)

_CODE_POINTS_PER_CELL = 8
"""Of a text that is cut, so that marks or joiners without end, which fill no cell, make no line endless."""


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
    """How many cells of a terminal `text` fills: Chinese characters and emoji two, marks none."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # loaded where a text is not ASCII: much of what is typed is

    return cell_len(_without_idle_joiners(text))


def truncate(text: str, cells: int) -> str:
    """`text`, or as much of its beginning as fits `cells`, with `…` where something is left out."""
    within = text[: cells * _CODE_POINTS_PER_CELL]
    if within == text and width(text) <= cells:
        return text
    if cells <= 1:
        return "…"
    if within.isascii():
        return within[: cells - 1] + "…"
    from rich.cells import chop_cells

    lines = chop_cells(_without_idle_joiners(within), cells - 1)
    return (lines[0] if lines else within) + "…"


def wrap(text: str, cells: int) -> list[str]:
    """`text` in lines of at most `cells`, broken anywhere, as Chinese is; one line where it is empty."""
    if text.isascii():
        return [text[start : start + cells] for start in range(0, len(text), cells)] or [""]
    from rich.cells import chop_cells

    return chop_cells(_without_idle_joiners(text), max(cells, 2)) or [text]


def _without_idle_joiners(text: str) -> str:
    """`text` as it is measured: rich takes whatever follows a joiner for a part of what stands before it."""
    return _IDLE_JOINER.sub("", text) if "\u200d" in text else text
