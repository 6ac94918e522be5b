"""CSV and JSON lines, plain or gzipped."""

from __future__ import annotations

import codecs
import csv
import gzip
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import orjson

from crawler.analysis.export.cells import kept_as_text
from crawler.analysis.export.creators import COLUMNS, TABLE
from crawler.analysis.export.headers import NAMES, header
from crawler.analysis.joined import joined
from crawler.creator import CreatorRow
from crawler.text import runs


def write_csv(
    creators: Iterable[CreatorRow], path: Path, *, gzipped: bool, plain: bool, headers: str = NAMES
) -> None:
    """UTF-8 with CRLF line ends.

    For spreadsheets, which is the default, it starts with a byte order mark and text that they would run or
    turn into numbers is protected (see `export.cells`). `plain` gives every value as it is.
    """
    quoting: Any = csv.QUOTE_MINIMAL if plain else csv.QUOTE_NONNUMERIC
    with _open(path, gzipped) as file:
        if not plain:
            file.write(codecs.BOM_UTF8)
        writer = csv.writer(_Utf8(file), quoting=quoting)
        writer.writerow([header(column, headers) for column in TABLE])
        for creator in creators:
            cells = [(name, _cell(getattr(creator, name))) for name in COLUMNS]
            writer.writerow(cell if plain else _safe(name, cell) for name, cell in cells)


def write_jsonl(creators: Iterable[CreatorRow], path: Path, *, gzipped: bool) -> None:
    """One JSON object a line, with lists for `keywords` and `tags` and an object for `extra`."""
    with _open(path, gzipped) as file:
        for creator in creators:
            file.write(orjson.dumps(_as_object(creator), option=orjson.OPT_APPEND_NEWLINE))


def _as_object(creator: CreatorRow) -> dict[str, object]:
    return {name: getattr(creator, name) for name in COLUMNS} | {"extra": _decoded(creator.extra)}


def _decoded(extra: str | None) -> object:
    """The JSON in `extra`; text that is none stays text."""
    if extra is None:
        return None
    try:
        return orjson.loads(extra)
    except orjson.JSONDecodeError:
        return extra


def _cell(value: object) -> object:
    """Lists as one text, truth values as 0 and 1."""
    if isinstance(value, tuple):
        return joined(value)
    return int(value) if isinstance(value, bool) else value


def _safe(name: str, cell: object) -> object:
    """The cell for a spreadsheet; a follower text that becomes a number is no loss."""
    if not isinstance(cell, str) or (name == "fans_text" and not runs(cell)):
        return cell
    return kept_as_text(cell)


class _Utf8:
    """A place to write text to, as `csv` wants it, that keeps nothing back."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, text: str) -> int:
        return self._file.write(text.encode())


@contextmanager
def _open(path: Path, gzipped: bool) -> Iterator[IO[bytes]]:
    with path.open("wb") as file:
        if not gzipped:
            yield file
            return
        # The name and the time of a temporary file have no place in the header.
        with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=file, mtime=0) as packed:
            yield packed  # type: ignore[misc]  # GzipFile is a binary stream, only not declared as one
