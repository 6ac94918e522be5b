"""The first sheet of an Excel workbook → the keywords and problems of its rows."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime, time
from itertools import chain
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError

from crawler.errors import InputError, MissingExtra
from crawler.i18n import _
from crawler.keywords.headings import (
    field_of,
    keyword_columns,
    mistyped,
    near_keyword,
    passed_over_titles,
    without_titles,
)
from crawler.keywords.validation import keyword_or_problems, quoted, trimmed
from crawler.model import Keyword, Problem

UNPACKED_BYTES_MAX = 64 << 20
PARTS_MAX = 1000
ROWS_MAX = 1 << 20
"""As many as a sheet can have."""

COLUMNS_MAX = 64
_CHUNK_BYTES = 1 << 16
_ERRORS = ("#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!")

Row = tuple[int, list[str]]


def read_workbook(file: BinaryIO, name: str) -> Iterator[Keyword | Problem]:
    """One keyword a row, in the column that the heading names, or in the only column there is. What stands
    alone in the rows above a heading is a title.

    Raises `MissingExtra` without openpyxl, `InputError` for what is no workbook, for one that unpacks to more
    than any list of keywords, and for several columns of which none is called keyword.
    """
    try:
        import openpyxl  # type: ignore[import-untyped]  # it has no types
        from openpyxl.utils.exceptions import InvalidFileException  # type: ignore[import-untyped]  # as above
    except ImportError as exc:
        raise MissingExtra(name, "excel") from exc
    try:
        _check_parts(file, name)
        with closing(openpyxl.load_workbook(file, read_only=True, data_only=True)) as workbook:
            yield from _other_sheets(workbook, name)
            yield from _keywords(_rows(workbook.worksheets[0]), name)
    except (
        *(zipfile.BadZipFile, zipfile.LargeZipFile, InvalidFileException, ParseError),
        *(KeyError, ValueError, IndexError, TypeError, AttributeError, EOFError, NotImplementedError),
        *(zlib.error, RuntimeError),
    ) as exc:  # what openpyxl and zipfile make of a file that is something else, or damaged
        raise InputError(_("%s: no Excel workbook that can be read: save it as .xlsx again") % name) from exc


def _check_parts(file: BinaryIO, name: str) -> None:
    """Raises `InputError` for an archive that is bigger inside than it may be, or that declares entities."""
    with zipfile.ZipFile(file) as archive:
        parts = archive.infolist()
        if len(parts) > PARTS_MAX or sum(part.file_size for part in parts) > UNPACKED_BYTES_MAX:
            raise InputError(
                _("%(name)s: unpacks to more than %(most)d megabytes: save the list alone")
                % {"name": name, "most": UNPACKED_BYTES_MAX >> 20}
            )
        for part in parts:
            if part.filename.lower().endswith((".xml", ".rels")):
                with archive.open(part) as xml:
                    _check_xml(xml, name)
    file.seek(0)


def _check_xml(xml: Any, name: str) -> None:
    """No program that makes workbooks declares a document type; with it come entities that swell or fetch."""
    before = b""
    while chunk := xml.read(_CHUNK_BYTES):
        if b"\0" in chunk or b"<!DOCTYPE" in before + chunk or b"<!ENTITY" in before + chunk:
            raise InputError(_("%s: no Excel workbook that can be read: save it as .xlsx again") % name)
        before = chunk[-16:]


def _other_sheets(workbook: Any, name: str) -> Iterator[Problem]:
    others = [sheet.title for sheet in workbook.worksheets[1:]]
    if others:
        message = _("only the first sheet is read; passed over: %s") % ", ".join(map(quoted, others[:10]))
        yield Problem(name, message, line_skipped=False)


def _rows(sheet: Any) -> Iterator[Row]:
    """The rows that hold anything, with their numbers, as texts."""
    sheet.reset_dimensions()  # what a file says of its size is not believed
    rows = sheet.iter_rows(max_row=ROWS_MAX, max_col=COLUMNS_MAX, values_only=True)
    for number, row in enumerate(rows, 1):
        cells = [_as_text(cell) for cell in row]
        if any(cells):
            yield number, cells


def _as_text(cell: object) -> str:
    """A cell as a person sees it: 618 is a keyword as well as a number."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    if isinstance(cell, datetime) and cell.time() == time():
        cell = cell.date()
    return trimmed(str(cell))


def _keywords(rows: Iterator[Row], name: str) -> Iterator[Keyword | Problem]:
    titles, rows = without_titles(rows, list)
    yield from passed_over_titles(name, titles)
    number, first = next(rows, (1, []))
    source = f"{name}:{number}"
    named = [cell for cell in first if cell]
    if len(named) == 1 and not near_keyword(named[0]):
        columns = {"keyword": first.index(named[0])}
        rows = chain([(number, first)], rows)
    elif len(named) == 1:  # Keywords and 关键字列表 are no keywords either
        columns = {"keyword": first.index(named[0])}
        if field_of(named[0]) != "keyword":
            message = _("%s is read as the heading of the keywords") % quoted(named[0])
            yield Problem(source, message, line_skipped=False)
    elif named:
        columns = keyword_columns(source, first)
        yield from mistyped(source, named, columns)
    else:
        return
    for number, row in rows:
        yield from _of_row(f"{name}:{number}", row, columns)


def _of_row(source: str, row: Sequence[str], columns: dict[str, int]) -> Iterator[Keyword | Problem]:
    cells = {field: row[index] for field, index in columns.items() if index < len(row)}
    text = cells.pop("keyword", "")
    if text in _ERRORS:
        yield Problem(source, _("the cell holds an error of Excel: %s") % text)
    else:
        yield from keyword_or_problems(source, text, cells)
