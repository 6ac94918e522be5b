"""What the columns of a table of keywords are called, and where its heading stands."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from difflib import get_close_matches
from itertools import chain
from typing import TypeVar

from crawler.errors import InputError
from crawler.i18n import _
from crawler.i18n.formatting import also
from crawler.keywords.validation import quoted, trimmed
from crawler.model import Problem

Value = TypeVar("Value")
Row = TypeVar("Row")

FIELDS = {
    "keyword": "keyword",
    "关键词": "keyword",
    "关键字": "keyword",
    "搜索词": "keyword",
    "max_pages": "max_pages",
    "最大页数": "max_pages",
    "priority": "priority",
    "优先级": "priority",
    "tags": "tags",
    "标签": "tags",
    "refresh_after": "refresh_after",
    "再次采集": "refresh_after",
}
"""The fields by the names of their columns; where two columns are one field's, the name above counts."""

KEYWORD_NAMES = [name for name, field in FIELDS.items() if field == "keyword"]
DELIMITERS = (",", ";", "\t")
TITLE_ROWS_MAX = 3


def field_of(column: str) -> str | None:
    """The field that a column's name stands for, in either language and any case."""
    return FIELDS.get(trimmed(column).casefold())


def fields_of(named: Iterable[tuple[str, Value]]) -> dict[str, Value]:
    """The values whose names are those of fields."""
    given = {trimmed(name).casefold(): value for name, value in named}
    found: dict[str, Value] = {}
    for name, field in FIELDS.items():
        if name in given:
            found.setdefault(field, given[name])
    return found


def near_keyword(column: str) -> str | None:
    """The name of the keyword's column that `column` comes close to."""
    return next(iter(get_close_matches(trimmed(column).casefold(), KEYWORD_NAMES, n=1)), None)


def names_columns(cells: Sequence[str]) -> bool:
    """Whether a row names columns: one of several, or the keyword's alone."""
    named = [field_of(cell) for cell in cells]
    return any(named) if len(cells) > 1 else named == ["keyword"]


def names_delimiter(line: str) -> bool:
    """Whether the line is Excel's own way to name the delimiter."""
    return line.lower().startswith("sep=") and line[4:5] in DELIMITERS


def cells_of_line(line: str) -> list[str]:
    """The cells of a line of CSV, near enough to see whether it is a heading."""
    cells = [line]
    for delimiter in DELIMITERS:
        cells = [part for cell in cells for part in cell.split(delimiter)]
    return [trimmed(trimmed(cell).strip('"')) for cell in cells]


def without_titles(
    rows: Iterator[tuple[int, Row]], cells_of: Callable[[Row], list[str]]
) -> tuple[list[tuple[int, str]], Iterator[tuple[int, Row]]]:
    """The titles that stand above a heading, each alone in its row, and the rows from the heading on."""
    titles: list[tuple[int, str]] = []
    begin: list[tuple[int, Row]] = []
    for number, row in rows:
        begin.append((number, row))
        filled = [cell for cell in cells_of(row) if cell]
        several = len(filled) > 1
        if names_columns(filled) or (several and any(map(near_keyword, filled))):
            return titles, chain(begin[-1:], rows)
        if several or len(begin) > TITLE_ROWS_MAX:
            break
        titles += [(number, cell) for cell in filled]
    return [], chain(begin, rows)


def passed_over_titles(name: str, titles: Iterable[tuple[int, str]]) -> Iterator[Problem]:
    """A warning for each title: somebody may have meant it as a keyword."""
    for number, title in titles:
        message = _("%s stands above the heading and is taken for a title") % quoted(title)
        yield Problem(f"{name}:{number}", message)


def keyword_columns(source: str, header: Sequence[str]) -> dict[str, int]:
    """The place of each field among the columns of `header`; raises `InputError` when none is the keyword."""
    columns = fields_of((column, index) for index, column in enumerate(header))
    if "keyword" not in columns:
        named = [trimmed(column) for column in header if trimmed(column)]
        message = _('%(source)s: no column is called "keyword" or "关键词"; the columns are: %(columns)s') % {
            "source": source, "columns": ", ".join(map(quoted, named)) or _("none")
        }  # fmt: skip
        for column in named:
            if meant := near_keyword(column):
                guess = _("is %(column)s meant to be %(meant)s?")
                message = also(message, guess % {"column": quoted(column), "meant": quoted(meant)})
        raise InputError(message)
    return columns


def mistyped(source: str, header: Iterable[str], given: Container[str]) -> Iterator[Problem]:
    """A problem for each column that is passed over though its name is close to that of a missing field: a
    page limit that nobody reads costs money."""
    missing = [name for name, field in FIELDS.items() if field not in given]
    for column in header:
        for meant in get_close_matches(trimmed(column).casefold(), missing, n=1):
            message = _("the column %(column)s is passed over; was %(meant)s meant?")
            shown = {"column": quoted(column), "meant": quoted(meant)}
            yield Problem(source, message % shown, line_skipped=False)
