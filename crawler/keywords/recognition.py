"""The format of a list that comes without a name: standard input, a pipe, a file without an ending."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from itertools import islice

import orjson

from crawler.errors import InputError
from crawler.i18n import _
from crawler.keywords.encoding import HEAD_BYTES, Open, check_head, encoding_of
from crawler.keywords.headings import (
    DELIMITERS,
    cells_of_line,
    names_columns,
    names_delimiter,
    without_titles,
)
from crawler.keywords.mixed_encodings import text_lines
from crawler.keywords.validation import quoted, trimmed

WORKBOOK_MARK = b"PK\x03\x04"

MARKUP = ("<!doctype", "<html", "<head", "<body", "<?xml")
"""How a page begins that says why a list was not to be had: its lines would be paid for as keywords."""


def recognize(open_file: Open, name: str) -> str:
    """The ending that the file would have, from how it begins: `.xlsx`, `.csv`, `.jsonl`, else `.txt`.

    A table is known by a heading that names one of its columns, below its titles too; JSON lines by a first
    line that is JSON. Raises `InputError` where it holds no text, or JSON that is not of lines.
    """
    with open_file() as file:
        head = file.read(HEAD_BYTES)
    if head.startswith(WORKBOOK_MARK):
        return ".xlsx"
    begins = [line for _number, line in _beginning(head, open_file, name)]
    first = begins[0] if begins else ""
    _refuse_document(first, name)
    if first.startswith("#"):
        return ".txt"
    if _is_heading(first):
        return ".csv"
    if _is_json(first):
        return ".jsonl"
    if _heading_below_titles(_lines(head, open_file, name)):
        return ".csv"
    if _are_rows(begins):
        message = _("%s: this looks like a table whose heading names no keywords: call that column keyword")
        raise InputError(message % name)
    return ".txt"


def check_format(open_file: Open, name: str, ending: str) -> None:
    """Raises `InputError`, with the line, where a file cannot be of the format that the user says it is.

    What might be meant is believed: commas in text, or a keyword that is called like a column.
    """
    with open_file() as file:
        head = file.read(HEAD_BYTES)
    if ending == ".xlsx":
        if not head.startswith(WORKBOOK_MARK):
            raise InputError(_("%s: this is no workbook: --format xlsx does not fit") % name)
        return
    for number, line in _beginning(head, open_file, name)[:1]:
        refuse_markup(line, name)
        told = {"source": f"{name}:{number}", "line": quoted(line)}
        if ending == ".jsonl":
            _refuse_document(line, name)
            if not _is_json(line):
                raise InputError(_("%(source)s: %(line)s is not JSON: --format jsonl does not fit") % told)
        elif ending == ".txt" and line.startswith(('{"', "[{")):
            raise InputError(_("%(source)s: %(line)s is JSON: --format text does not fit") % told)
        elif ending == ".txt" and _is_heading(line) and any(mark in line for mark in DELIMITERS):
            raise InputError(
                _("%(source)s: %(line)s is the heading of a table: --format text does not fit") % told
            )


def _beginning(head: bytes, open_file: Open, name: str) -> list[tuple[int, str]]:
    """The first two lines that are not blank, with their numbers."""
    check_head(head, name)
    numbered = ((number, trimmed(line)) for number, line in _lines(head, open_file, name))
    return list(islice((each for each in numbered if each[1]), 2))


def _lines(head: bytes, open_file: Open, name: str) -> Iterator[tuple[int, str]]:
    """The lines that a file begins with, with their numbers."""
    return enumerate(text_lines(io.BytesIO(head), encoding_of(open_file, name), None), 1)


def _heading_below_titles(lines: Iterator[tuple[int, str]]) -> bool:
    """Whether titles stand above a heading with a row below that is like it. A heading of the keywords alone,
    which may be meant as a keyword, is one only below a single title."""
    titles, below = without_titles(lines, cells_of_line)
    if not titles:
        return False
    rows = (trimmed(line) for _number, line in below)
    begins = list(islice(filter(None, rows), 2))
    cells = [cell for cell in cells_of_line(begins[0]) if cell]
    if len(cells) > 1:
        return names_columns(cells) and _are_rows(begins)
    return names_columns(cells) and len(begins) > 1 and len(titles) == 1


def refuse_markup(begins: str, name: str) -> None:
    """Raises `InputError` for a text that begins as web pages and XML do."""
    if trimmed(begins[:HEAD_BYTES]).casefold().startswith(MARKUP):
        raise InputError(_("%s: this is a web page or XML, and no list of keywords") % name)


def _refuse_document(first: str, name: str) -> None:
    if first in ("[", "{"):
        raise InputError(
            _("%s: a JSON document spread over lines: give one text or object a line, as jq -c '.[]' does")
            % name
        )


def _are_rows(begins: Sequence[str]) -> bool:
    """Whether the first two lines have as many cells as each other and more than one: their raw text would be
    crawled, and paid for, as keywords."""
    return any(
        len(begins) > 1 and begins[0].count(delimiter) == begins[1].count(delimiter) > 0
        for delimiter in DELIMITERS
    )


def _is_heading(line: str) -> bool:
    """Whether it names a column of a table of keywords, or Excel's way to name the delimiter."""
    return names_delimiter(line) or names_columns(cells_of_line(line))


def _is_json(line: str) -> bool:
    """Whether a list of JSON begins so, a broken one too: its raw lines are nobody's keywords."""
    if line.startswith(('{"', '["', "[{")):
        return True
    try:
        return line.startswith('"') and isinstance(orjson.loads(line), str)
    except orjson.JSONDecodeError:
        return False
