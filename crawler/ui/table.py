"""Aligned tables for a terminal, however wide their characters are."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice

from crawler.columns import Kind
from crawler.creator import COLUMNS
from crawler.text import sanitize, truncate, width

COLUMN_MAX = 72
"""Cells of one column at most, except of `IDENTIFIERS`; a profile page's address still fits."""

NARROWED_MIN = 8
"""Cells of a column at least that is made narrower so that a table fits the terminal."""

IDENTIFIERS = frozenset(column.name for column in COLUMNS if column.kind is Kind.IDENTIFIER)
"""Columns that people copy from: they are never cut."""

_GIVE_WAY = {"bio": 1} | {column.name: 2 for column in COLUMNS if column.kind in (Kind.LINK, Kind.URL)}
"""Columns that are made narrower before all others, the highest number first."""

_MEASURED_ROWS = 1000


def cell(value: object, column: str = "") -> str:
    """A value as a table shows it in `column`: nothing for NULL, bytes by their number."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    text = sanitize(str(value))
    return text if column in IDENTIFIERS else truncate(text, COLUMN_MAX)


def stdout_cells() -> int | None:
    """The cells of a line of the terminal that stdout is, None where it is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def table_lines(
    columns: Sequence[str], rows: Iterable[Sequence[object]], cells_max: int | None = None
) -> Iterator[str]:
    """The lines of an aligned table, numbers to the right.

    Columns are as wide as the first thousand rows need, so that any number of rows can follow. Without
    columns there are no lines. So that a line takes no more than `cells_max`, columns of text are cut to
    `NARROWED_MIN` cells at the least: addresses first, then bios, then the widest; a number or one of the
    `IDENTIFIERS` never is.
    """
    if not columns:
        return
    iterator = iter(rows)
    measured = list(islice(iterator, _MEASURED_ROWS))
    shown = [list(map(cell, row, columns)) for row in measured]
    names = [cell(column) for column in columns]
    widths = [max(map(width, column)) for column in zip(names, *shown, strict=True)]
    right = [_is_numeric(column) for column in zip(*measured, strict=True)] or [False] * len(names)
    urgency = {
        column: _GIVE_WAY.get(name, 0)
        for column, name in enumerate(columns)
        if not right[column] and name not in IDENTIFIERS
    }
    wanted = widths if cells_max is None else _narrowed(widths, urgency, cells_max)
    cut = [narrow < wide for narrow, wide in zip(wanted, widths, strict=True)]
    widths = wanted
    names = _cut(names, widths, cut)
    yield _line(names, widths, right)
    yield "  ".join("─" * cells for cells in widths)
    for row in chain(shown, (list(map(cell, row, columns)) for row in iterator)):
        yield _line(_cut(row, widths, cut), widths, right)


def _narrowed(widths: Sequence[int], urgency: Mapping[int, int], cells_max: int) -> list[int]:
    """`widths` after the most urgent columns, the widest of them first, gave cells until a line fits."""
    narrow = list(widths)
    while sum(narrow) + 2 * (len(narrow) - 1) > cells_max:
        wide = [column for column in urgency if narrow[column] > NARROWED_MIN]
        if not wide:
            break
        narrow[max(wide, key=lambda column: (urgency[column], narrow[column]))] -= 1
    return narrow


def _cut(cells: Sequence[str], widths: Sequence[int], cut: Sequence[bool]) -> list[str]:
    return [
        truncate(text, wanted) if narrow else text
        for text, wanted, narrow in zip(cells, widths, cut, strict=True)
    ]


def _is_numeric(values: Sequence[object]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and all(isinstance(value, int | float) for value in known)


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = (
        " " * (wanted - width(text)) + text if to_right else text + " " * (wanted - width(text))
        for text, wanted, to_right in zip(cells, widths, right, strict=True)
    )
    return "  ".join(padded).rstrip()
