"""The three formats: an open keyword file → the keywords and problems of its lines."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from difflib import get_close_matches
from itertools import chain
from typing import TypeVar

import orjson

from crawler.errors import InputError
from crawler.i18n import _
from crawler.keywords.mixed_encodings import Lines
from crawler.keywords.validation import is_plain, keyword_from, keyword_or_problems, quoted, trimmed
from crawler.model import Keyword, Problem

Value = TypeVar("Value")
Reader = Callable[[Lines, str], Iterator[Keyword | Problem]]

FIELDS = {
    "keyword": "keyword",
    "关键词": "keyword",
    "max_pages": "max_pages",
    "最大页数": "max_pages",
    "priority": "priority",
    "优先级": "priority",
    "tags": "tags",
    "标签": "tags",
    "refresh_after": "refresh_after",
    "再次采集": "refresh_after",
}
DELIMITERS = (",", ";", "\t")
RECORD_LINES_MAX = 100


def read_text(file: Lines, name: str) -> Iterator[Keyword | Problem]:
    """One keyword a line, all of the line; only a `#` at its start makes it a comment."""
    for number, line in enumerate(file, 1):
        if is_plain(line):
            text = line.rstrip("\n")
            yield Keyword(text, text, 0, None, (), f"{name}:{number}")
            continue
        text = trimmed(line)
        if text and text[0] != "#":
            yield keyword_from(f"{name}:{number}", text)


def read_json_lines(file: Lines, name: str) -> Iterator[Keyword | Problem]:
    """One JSON string or object a line; keys that are no field's name are passed over."""
    for number, line in enumerate(file, 1):
        text = trimmed(line)
        if not text:
            continue
        source = f"{name}:{number}"
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError:
            yield Problem(source, _("%s is not JSON") % quoted(text))
            continue
        if isinstance(value, dict):
            fields = fields_of(value.items())
            yield from keyword_or_problems(source, fields.pop("keyword", ""), fields)
        else:
            yield keyword_from(source, value)


def read_csv(file: Lines, name: str) -> Iterator[Keyword | Problem]:
    """One keyword a row, in the column that the header names; raises `InputError` when it names none."""
    first = file.readline()
    delimiter = max(DELIMITERS, key=first.count)
    lines: Iterable[str] = chain([first], file)
    start = 1
    if first.lower().startswith("sep=") and first[4:5] in DELIMITERS:  # Excel's own way to name the delimiter
        lines, start, delimiter = file, 2, first[4]
    records = _records(lines, start, delimiter)
    header = next(records, (start, None))[1] or []
    columns = keyword_columns(f"{name}:{start}", header)
    yield from mistyped(f"{name}:{start}", header, columns)
    for number, row in records:
        source = f"{name}:{number}"
        if row is None:
            yield Problem(source, _("the quotes of this row are not closed, or closed too early"))
        elif trimmed("".join(row[len(header) :])):
            yield Problem(
                source, _("the row has more cells than the header; quote a cell that holds a comma")
            )
        elif trimmed("".join(row)):
            cells = {field: row[index] for field, index in columns.items() if index < len(row)}
            yield from keyword_or_problems(source, cells.pop("keyword", ""), cells)


def keyword_columns(source: str, header: Sequence[str]) -> dict[str, int]:
    """The place of each field among the columns of `header`; raises `InputError` when none is the keyword."""
    columns = fields_of((column, index) for index, column in enumerate(header))
    if "keyword" not in columns:
        raise InputError(
            _('%(source)s: no column is called "keyword" or "关键词"; the columns are: %(columns)s')
            % {"source": source, "columns": ", ".join(map(quoted, header)) or _("none")}
        )
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


def fields_of(named: Iterable[tuple[str, Value]]) -> dict[str, Value]:
    """The values whose names are those of fields, in either language and any case."""
    known = ((FIELDS.get(trimmed(name).casefold()), value) for name, value in named)
    return {field: value for field, value in known if field}


def _records(lines: Iterable[str], start: int, delimiter: str) -> Iterator[tuple[int, list[str] | None]]:
    """Each row with the number of its first line, None for a row that cannot be read.

    A quoted cell may hold line breaks. Reading goes on below the first line of a row that cannot be read, so
    that one stray quote does not swallow the lines after it.
    """
    numbered = enumerate(lines, start)
    again: deque[tuple[int, str]] = deque()
    taken: list[tuple[int, str]] = []

    def feed() -> Iterator[str]:
        while len(taken) < RECORD_LINES_MAX:
            line = again.popleft() if again else next(numbered, None)
            if line is None:
                return
            taken.append(line)
            yield line[1]

    while True:
        try:
            for row in csv.reader(feed(), delimiter=delimiter, strict=True):
                yield taken[0][0], row
                taken.clear()
            return
        except csv.Error:
            yield taken[0][0], None
            again.extendleft(reversed(taken[1:]))
            taken.clear()


READERS: dict[str, Reader] = {".txt": read_text, ".csv": read_csv, ".jsonl": read_json_lines}
