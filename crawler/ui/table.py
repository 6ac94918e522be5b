"""Aligned tables for a terminal, however wide their characters are, and one record a block."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

from crawler.column import Kind
from crawler.creator import COLUMNS
from crawler.safe_links import profile_link
from crawler.untrusted_text import sanitize, truncate, width, wrap

COLUMN_MAX = 72
"""Cells of one column at most, except of `IDENTIFIERS`; a profile page's address still fits."""

NARROWED_MIN = 8
"""Cells of a column at least that is made narrower so that a table fits the terminal."""

IDENTIFIERS = frozenset(column.name for column in COLUMNS if column.kind is Kind.IDENTIFIER)
"""Columns that people copy from: they are never cut."""

LEFT_OUT_FIRST = (
    *reversed([column.name for column in COLUMNS if column.kind in (Kind.LINK, Kind.URL)]),
    "reason_code",
    "oddity_code",
)
"""Columns that are left out before any other is narrowed: a cut address leads nowhere."""

_CUT_FIRST = "bio"

_SPARED = (
    "extra", "bio", "fans_text", "source", "first_seen_at", "last_seen_at",
    "rate_limited", "seen_creators", "changed_creators", "started", "minutes", "keywords_due",
    "keywords_failed", "verify_label", "tags", "first_seen_day",
)  # fmt: skip
"""Columns that are left out next, in this order, where none can be narrower; then others from the right."""

_LINKED, _LINK = "name", "profile_url"
_BLIND_TERMINALS = ("", "dumb", "linux")
_MEASURED_ROWS = 1000


@dataclass(frozen=True, slots=True)
class _Column:
    """A column as it is shown: its place in the rows, its width, and whether some of its texts are cut."""

    place: int
    name: str
    cells: int
    right: bool
    cut: bool


def cell(value: object, column: str = "") -> str:
    """A value as a table shows it in `column`: nothing for NULL, bytes by their number."""
    text = _whole(value)
    return text if column in IDENTIFIERS else truncate(text, COLUMN_MAX)


def _whole(value: object) -> str:
    if value is None:
        return ""
    return f"<{len(value)} bytes>" if isinstance(value, bytes) else sanitize(str(value))


def stdout_cells() -> int | None:
    """The cells of a line of the terminal that stdout is, None where it is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def stdout_links() -> bool:
    """Whether stdout is a terminal on which links can be clicked, or at least do no harm."""
    return sys.stdout.isatty() and os.environ.get("TERM", "") not in _BLIND_TERMINALS


def table_lines(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    cells_max: int | None = None,
    *,
    links: bool = False,
    left_out: Callable[[Sequence[str]], None] = lambda names: None,
) -> Iterator[str]:
    """The lines of an aligned table, numbers to the right.

    Columns are as wide as the first thousand rows need, so that any number of rows can follow. Without
    columns there are no lines. So that a line takes no more than `cells_max`, addresses are left out, then
    columns of text are cut to `NARROWED_MIN` cells at the least (bios first, then the widest), then columns
    are left out that people can spare; `left_out` is told which. A number, a day or one of the
    `IDENTIFIERS` is never cut. With `links` a name, and an address, leads to the creator's page.
    """
    if not columns:
        return
    iterator = iter(rows)
    measured = list(islice(iterator, _MEASURED_ROWS))
    shown = _fitted(_measured(columns, measured), cells_max)
    if len(shown) < len(columns):
        places = {column.place for column in shown}
        left_out([name for place, name in enumerate(columns) if place not in places])
    link = columns.index(_LINK) if links and _LINK in columns else None
    yield _line(columns, shown, None)
    yield "  ".join("─" * column.cells for column in shown)
    for row in chain(measured, iterator):
        yield _line(row, shown, link)


def _measured(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> list[_Column]:
    found = []
    for place, name in enumerate(columns):
        values = [row[place] for row in rows]
        cells = max(width(cell(text, name)) for text in (name, *values))
        found.append(_Column(place, name, cells, _is_numeric(values), False))
    return found


def _fitted(columns: Sequence[_Column], cells_max: int | None) -> Sequence[_Column]:
    """The columns that fit a line, as wide as they then can be; all of them where that cannot be."""
    if cells_max is None:
        return columns
    columns = [_bounded(column) for column in columns]
    if _needed(columns) <= cells_max:
        return columns
    kept = list(columns)
    for spared in _sparable(columns):
        if spared.name not in LEFT_OUT_FIRST:
            narrowed = _narrowed(kept, cells_max)
            if _needed(narrowed) <= cells_max:
                return narrowed
        kept.remove(spared)
        if _needed(kept) <= cells_max:
            return kept
    narrowed = _narrowed(kept, cells_max)
    return narrowed if _needed(narrowed) <= cells_max else _narrowed(columns, cells_max)


def _bounded(column: _Column) -> _Column:
    """The column with texts of rows that were not measured cut to its width."""
    whole = column.right or column.name in IDENTIFIERS or column.name.endswith("day")
    return replace(column, cut=not whole)


def _sparable(columns: Sequence[_Column]) -> list[_Column]:
    """The columns that can be left out, the least missed first; never the first one, nor identifiers."""
    order = (*LEFT_OUT_FIRST, *_SPARED)
    others = [column for column in columns[1:] if column.name not in IDENTIFIERS]
    ranked = {name: rank for rank, name in enumerate(order)}
    return sorted(others, key=lambda column: (ranked.get(column.name, len(order)), -column.place))


def _needed(columns: Sequence[_Column]) -> int:
    return sum(column.cells for column in columns) + 2 * (len(columns) - 1)


def _narrowed(columns: Sequence[_Column], cells_max: int) -> list[_Column]:
    """`columns` after bios, then the widest of those that hold text, gave cells until a line fits."""
    cells = [column.cells for column in columns]
    text = [place for place, column in enumerate(columns) if column.cut]
    excess = _needed(columns) - cells_max
    while excess > 0:
        wide = [place for place in text if cells[place] > NARROWED_MIN]
        if not wide:
            break
        cells[max(wide, key=lambda place: (columns[place].name == _CUT_FIRST, cells[place]))] -= 1
        excess -= 1
    return [replace(column, cells=wanted) for column, wanted in zip(columns, cells, strict=True)]


def _is_numeric(values: Sequence[object]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and all(isinstance(value, int | float) for value in known)


def _line(row: Sequence[object], columns: Sequence[_Column], link: int | None) -> str:
    parts = []
    address = None if link is None else profile_link(_as_text(row[link]))
    for column in columns:
        text = cell(row[column.place], column.name)
        if column.cut:
            text = truncate(text, column.cells)
        padding = " " * (column.cells - width(text))
        if address is not None and column.name in (_LINKED, _LINK):
            text = _linked(text, address)
        parts.append(padding + text if column.right else text + padding)
    return "  ".join(parts).rstrip()


def _as_text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _linked(text: str, address: str) -> str:
    """`text` that leads to `address`, which is checked: of all a terminal is sent, only this may steer it."""
    return f"\x1b]8;;{address}\x1b\\{text}\x1b]8;;\x1b\\"


def record_lines(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    cells_max: int | None = None,
    *,
    links: bool = False,
) -> Iterator[str]:
    """The lines of the same rows with one value a line, whole, and an empty line between two records."""
    labels = [sanitize(name) for name in columns]
    indent = max(map(width, labels), default=0) + 2
    link = columns.index(_LINK) if links and _LINK in columns else None
    for number, row in enumerate(rows):
        if number:
            yield ""
        address = None if link is None else profile_link(_as_text(row[link]))
        for name, label, value in zip(columns, labels, row, strict=True):
            parts = wrap(_whole(value), max((cells_max or 0) - indent, NARROWED_MIN)) if cells_max else None
            before = label + " " * (indent - width(label))
            for part in parts or [_whole(value)]:
                text = part if address is None or name not in (_LINKED, _LINK) else _linked(part, address)
                yield (before + text).rstrip()
                before = " " * indent
