"""The three formats: an open keyword file → the keywords and problems of its lines."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

import orjson

from crawler.i18n import _
from crawler.keywords.headings import (
    DELIMITERS,
    cells_of_line,
    field_of,
    fields_of,
    keyword_columns,
    mistyped,
    names_delimiter,
    passed_over_titles,
    without_titles,
)
from crawler.keywords.mixed_encodings import Lines
from crawler.keywords.recognition import refuse_markup
from crawler.keywords.validation import is_plain, keyword_from, keyword_or_problems, quoted, trimmed
from crawler.model import Keyword, Problem

Reader = Callable[[Lines, str], Iterator[Keyword | Problem]]

RECORD_LINES_MAX = 100


def read_text(file: Lines, name: str) -> Iterator[Keyword | Problem]:
    """One keyword a line, below a heading where there is one: lists are copied out of tables.

    Raises `InputError` for a web page: its lines would be paid for as keywords.
    """
    begins: list[str] = []
    for line in file:
        begins.append(line)
        if trimmed(line):
            break
    refuse_markup("".join(begins), name)
    items = read_lines(chain(begins, file), name)
    for first in items:
        if isinstance(first, Keyword) and field_of(first.text) == "keyword":
            message = _("%s is taken for the heading of the list; to crawl it, write it once more below")
            yield Problem(first.source, message % quoted(first.text))
        else:
            yield first
        break
    yield from items


def read_lines(file: Iterable[str], name: str) -> Iterator[Keyword | Problem]:
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
    lines: Iterator[tuple[int, str]] = enumerate(file, 1)
    start, first = next(lines, (1, ""))
    if names_delimiter(first):
        start, delimiter = 2, first[4]
    else:
        titles, lines = without_titles(chain([(start, first)], lines), cells_of_line)
        yield from passed_over_titles(name, titles)
        start, first = next(lines)
        delimiter = max(DELIMITERS, key=first.count)
        lines = chain([(start, first)], lines)
    records = _records(lines, delimiter)
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


def _records(lines: Iterator[tuple[int, str]], delimiter: str) -> Iterator[tuple[int, list[str] | None]]:
    """Each row with the number of its first line, None for a row that cannot be read.

    A quoted cell may hold line breaks. Reading goes on below the first line of a row that cannot be read, so
    that one stray quote does not swallow the lines after it.
    """
    again: deque[tuple[int, str]] = deque()
    taken: list[tuple[int, str]] = []

    def feed() -> Iterator[str]:
        while len(taken) < RECORD_LINES_MAX:
            line = again.popleft() if again else next(lines, None)
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
