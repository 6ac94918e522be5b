"""The format of a list that comes without a name: standard input, a pipe, a file without an ending."""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import islice

import orjson

from crawler.errors import InputError
from crawler.i18n import _
from crawler.keywords.encoding import HEAD_BYTES, Open, check_head, encoding_of
from crawler.keywords.formats import DELIMITERS, FIELDS
from crawler.keywords.lines import text_lines
from crawler.keywords.text import trimmed

WORKBOOK_MARK = b"PK\x03\x04"


def recognize(open_file: Open, name: str) -> str:
    """The ending that the file would have, from how it begins: `.xlsx`, `.csv`, `.jsonl`, else `.txt`.

    A table is known by a heading that names one of its columns, JSON lines by a first line that is JSON.
    Raises `InputError` where it holds no text, or JSON that is not of lines.
    """
    with open_file() as file:
        head = file.read(HEAD_BYTES)
    if head.startswith(WORKBOOK_MARK):
        return ".xlsx"
    check_head(head, name)
    lines = text_lines(io.BytesIO(head), encoding_of(open_file, name), None)
    begins = list(islice(filter(None, map(trimmed, lines)), 2))
    first = begins[0] if begins else ""
    if first in ("[", "{"):
        raise InputError(
            _("%s: a JSON document spread over lines: give one text or object a line, as jq -c '.[]' does")
            % name
        )
    if first.startswith("#"):
        return ".txt"
    if _is_heading(first):
        return ".csv"
    if _is_json(first):
        return ".jsonl"
    if _are_rows(begins):
        message = _("%s: this looks like a table whose heading names no keywords: call that column keyword")
        raise InputError(message % name)
    return ".txt"


def _are_rows(begins: Sequence[str]) -> bool:
    """Whether the first two lines have as many cells as each other and more than one: their raw text would be
    crawled, and paid for, as keywords."""
    return any(
        len(begins) > 1 and begins[0].count(delimiter) == begins[1].count(delimiter) > 0
        for delimiter in DELIMITERS
    )


def _is_heading(line: str) -> bool:
    """Whether it names a column of a table of keywords, or Excel's way to name the delimiter."""
    if line.lower().startswith("sep=") and line[4:5] in DELIMITERS:
        return True
    cells = [line]
    for delimiter in DELIMITERS:
        cells = [part for cell in cells for part in cell.split(delimiter)]
    named = [FIELDS.get(trimmed(cell.strip('"')).casefold()) for cell in cells]
    return any(named) if len(cells) > 1 else named == ["keyword"]


def _is_json(line: str) -> bool:
    """Whether a list of JSON begins so, a broken one too: its raw lines are nobody's keywords."""
    if line.startswith(('{"', '["', "[{")):
        return True
    try:
        return line.startswith('"') and isinstance(orjson.loads(line), str)
    except orjson.JSONDecodeError:
        return False
