"""XLSX workbooks in constant memory: text stays text, profile pages are links, nothing is run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import chain, islice
from operator import attrgetter
from pathlib import Path
from string import ascii_uppercase
from typing import Any

from crawler.analysis.export.creators import COLUMNS, TABLE
from crawler.analysis.export.headers import BEIJING, NAMES, header
from crawler.analysis.multi_value_cells import joined
from crawler.clock import SHANGHAI
from crawler.column import Kind
from crawler.creator import CreatorRow
from crawler.errors import MissingExtra
from crawler.i18n import _

ROWS_MAX = 1_048_576
URLS_MAX = 65_530
"""Excel repairs a sheet with more hyperlink records; beyond, a link is a formula of our own making."""
TEXT_MAX = 32_767
CUT = "… (cut)"

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_URL = re.compile(r"https?://[A-Za-z0-9./_~%-]{1,200}")
_TEXTS = " ".join(
    f"{letter}1:{letter}{ROWS_MAX}"
    for letter, column in zip(ascii_uppercase, TABLE, strict=False)
    if column.kind in (Kind.IDENTIFIER, Kind.TEXT)
)
"""Where Excel is not to complain of a text that could be a number."""

_values = attrgetter(*COLUMNS)
_TIMES_KEPT = 10_000  # the creators of a page share theirs
_SAMPLE, _WIDTH_MIN, _WIDTH_MAX = 500, 8, 50


@dataclass(frozen=True, slots=True)
class Limits:
    """What one sheet holds: rows with the header, and hyperlink records."""

    rows_max: int = ROWS_MAX
    urls_max: int = URLS_MAX


def write_xlsx(
    creators: Iterable[CreatorRow], path: Path, limits: Limits = Limits(), headers: str = NAMES
) -> None:
    """A workbook with a frozen header, filters, widths that fit Chinese, and links to profile pages.

    Followers are numbers, ids are text, times are those of Shanghai and say so. What does not fit a sheet
    goes on in the next one. Temporary files stay in the folder of `path`.
    """
    try:
        import xlsxwriter  # type: ignore[import-untyped]  # it ships no types
    except ImportError as exc:
        raise MissingExtra("crawler export FILE.xlsx", "excel") from exc
    options = {"constant_memory": True, "tmpdir": str(path.parent), "use_zip64": True}
    book = xlsxwriter.Workbook(str(path), options)
    rows = iter(creators)
    while (sample := list(islice(rows, min(_SAMPLE, limits.rows_max - 1)))) or not book.worksheets():
        sheet = _Sheet(book, _sheet_name(len(book.worksheets()) + 1), limits, headers)
        sheet.fit(sample)
        for creator in chain(sample, islice(rows, limits.rows_max - 1 - len(sample))):
            sheet.add(creator)
        sheet.finish()
    try:
        book.close()
    except xlsxwriter.exceptions.FileCreateError as exc:
        said = next((each for each in exc.args if isinstance(each, OSError)), None)
        raise said or OSError(str(exc)) from exc  # what the system said tells a full disk from a wrong place


def _sheet_name(number: int) -> str:
    """In the reader's language: a workbook is for people, and programs take the first sheet."""
    return _("creators") if number == 1 else f"{_('creators')} {number}"


class _Sheet:
    """One sheet that rows are added to, from top to bottom."""

    def __init__(self, book: Any, name: str, limits: Limits, headers: str) -> None:
        self._sheet = book.add_worksheet(name)
        self._urls_max = limits.urls_max
        self._row = 0
        self._link = book.get_default_url_format()
        self._whole = book.add_format({"num_format": "#,##0"})
        self._time = book.add_format({"num_format": 'yyyy-mm-dd hh:mm:ss" +08:00"'})
        self._sheet.freeze_panes(1, 0)
        self._sheet.ignore_errors({"number_stored_as_text": _TEXTS})
        self._headers = [header(column, headers, BEIJING) for column in TABLE]
        writers: dict[Kind, Callable[[int, int, Any], None]] = {
            Kind.BOOLEAN: self._write_boolean,
            Kind.NUMBER: self._write_number,
            Kind.COUNT: self._write_number,
            Kind.TIME: self._write_time,
            Kind.LIST: self._write_list,
            Kind.LINK: self._write_link,
        }
        self._columns = [writers.get(column.kind, self._write_text) for column in TABLE]
        bold = book.add_format({"bold": True, "bottom": 1})
        for place, text in enumerate(self._headers):
            self._sheet.write_string(0, place, text, bold)

    def fit(self, sample: list[CreatorRow]) -> None:
        """Sets the widths of the columns by the rows of `sample`."""
        for place, column in enumerate(TABLE):
            texts = [_shown(column.kind, getattr(creator, column.name)) for creator in sample]
            width = max((_cells(text) for text in (*texts, self._headers[place] + "  ▾")), default=0)
            self._sheet.set_column(place, place, min(max(width + 1, _WIDTH_MIN), _WIDTH_MAX))

    def add(self, creator: CreatorRow) -> None:
        """Writes one creator below the last."""
        self._row += 1
        for place, (write, value) in enumerate(zip(self._columns, _values(creator), strict=True)):
            if value is not None:
                write(self._row, place, value)

    def finish(self) -> None:
        """Adds filter buttons over all rows."""
        self._sheet.autofilter(0, 0, self._row, len(TABLE) - 1)

    def _write_boolean(self, row: int, place: int, value: object) -> None:
        self._sheet.write_number(row, place, int(bool(value)))

    def _write_number(self, row: int, place: int, value: object) -> None:
        if isinstance(value, int):
            self._sheet.write_number(row, place, value, self._whole)
        else:
            self._write_text(row, place, value)

    def _write_time(self, row: int, place: int, value: str) -> None:
        self._sheet.write_datetime(row, place, _in_shanghai(value), self._time)

    def _write_list(self, row: int, place: int, value: tuple[str, ...]) -> None:
        if value:
            self._write_text(row, place, joined(value))

    def _write_text(self, row: int, place: int, value: object) -> None:
        self._sheet.write_string(row, place, fitting(str(value)))

    def _write_link(self, row: int, place: int, url: str) -> None:
        if not _URL.fullmatch(url):
            self._write_text(row, place, url)
        elif row <= self._urls_max:
            self._sheet.write_url(row, place, url, self._link, url)
        else:
            self._sheet.write_formula(row, place, f'=HYPERLINK("{url}")', self._link, url)


def fitting(text: str) -> str:
    """`text` as a cell can hold it: no characters that XML forbids, cut at Excel's length with a note."""
    text = _ILLEGAL.sub("\ufffd", text)
    if len(text) * 2 <= TEXT_MAX or len(text.encode("utf-16-le")) <= TEXT_MAX * 2:
        return text
    # Excel counts UTF-16 units; a pair that was cut in two is dropped.
    kept = text.encode("utf-16-le")[: (TEXT_MAX - len(CUT)) * 2].decode("utf-16-le", "ignore")
    return kept + CUT


@lru_cache(_TIMES_KEPT)
def _in_shanghai(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp).astimezone(SHANGHAI).replace(tzinfo=None)


def _shown(kind: Kind, value: object) -> str:
    if value is None:
        return ""
    if kind is Kind.TIME:
        return "2026-11-01 18:30:00 +08:00"
    if isinstance(value, tuple):
        return joined(value)
    return f"{value:,}" if isinstance(value, int) else str(value)


def _cells(text: str) -> int:
    """The columns that the first line of `text` takes where Chinese is twice as wide."""
    from rich.cells import cell_len

    return cell_len(text.partition("\n")[0][: _WIDTH_MAX * 2])
