"""CSV and JSON lines, plain or gzipped."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import IO, Any

import orjson

from crawler.analysis.export.cells import PLAIN_BEGINNINGS, kept_as_text
from crawler.analysis.export.creators import EXPORTED, TABLE, Row
from crawler.analysis.export.headers import NAMES, UTC, header
from crawler.analysis.multi_value_cells import joined
from crawler.column import Kind
from crawler.untrusted_text import runs

_NAMES = tuple(column.name for column in EXPORTED)
_REPEATED_KEPT = 10_000
_PORTION = 500

_MakeColumn = Callable[[Sequence[Any]], tuple[object, ...]]
"""Makes the cells of a column out of its values."""


def write_csv(
    creators: Iterable[Row], path: Path, *, gzipped: bool, plain: bool, headers: str = NAMES
) -> None:
    """UTF-8 with CRLF line ends.

    For spreadsheets, which is the default, it starts with a byte order mark and text that they would run or
    turn into numbers is protected (see `export.cells`). `plain` gives every value as it is.
    """
    quoting: Any = csv.QUOTE_MINIMAL if plain else csv.QUOTE_NONNUMERIC
    with _open(path, gzipped) as file:
        if not plain:
            file.write(codecs.BOM_UTF8)
        text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=False)
        writer = csv.writer(text, quoting=quoting)
        writer.writerow([header(column, headers, UTC) for column in TABLE])
        writer.writerows(_cells(creators, plain=plain))
        text.detach()  # which writes what is left; the file is closed by who opened it


def write_jsonl(creators: Iterable[Row], path: Path, *, gzipped: bool) -> None:
    """One JSON object a line, with lists for `keywords` and `tags` and an object for `extra`."""
    with _open(path, gzipped) as file:
        for creator in creators:
            found = dict(zip(_NAMES, creator, strict=True))
            found["extra"] = _decoded(found["extra"])
            file.write(orjson.dumps(found, option=orjson.OPT_APPEND_NEWLINE))


def _decoded(extra: str | None) -> object:
    """The JSON in `extra`; text that is none stays text."""
    if extra is None:
        return None
    try:
        return orjson.loads(extra)
    except orjson.JSONDecodeError:
        return extra


def _cells(rows: Iterable[Row], *, plain: bool) -> Iterator[Sequence[object]]:
    """The cells of each row: lists are one text, truth values 0 and 1, and for a spreadsheet text is
    protected. Made a column at a time, which is quicker than a row at a time."""
    make = _columns(plain=plain)
    rows = iter(rows)
    while portion := list(islice(rows, _PORTION)):
        columns = list(zip(*portion, strict=True))[: len(TABLE)]
        for place, made in make:
            columns[place] = made(columns[place])
        yield from zip(*columns, strict=True)


def _columns(*, plain: bool) -> list[tuple[int, _MakeColumn]]:
    """What makes the columns that do not stay as they are, with their places."""
    kept = str if plain else kept_as_text
    by_kind = {Kind.BOOLEAN: _each(int), Kind.LIST: _each(_often(lambda listed: kept(joined(listed))))}
    by_name: dict[str, _MakeColumn] = {}
    if not plain:
        by_kind[Kind.TIME] = _each(_often(kept))
        by_kind |= dict.fromkeys((Kind.IDENTIFIER, Kind.TEXT, Kind.URL, Kind.LINK), _each_text(kept))
        # A follower text that becomes a number is no loss.
        by_name["fans_text"] = _each(_often(_kept_from_running))
    return [
        (place, by_name.get(column.name) or by_kind[column.kind])
        for place, column in enumerate(TABLE)
        if column.kind in by_kind
    ]


def _often(make: Callable[[Any], object]) -> Callable[[Any], object]:
    """The same for values of which many are equal."""
    return lru_cache(_REPEATED_KEPT)(make)


def _each(make: Callable[[Any], object]) -> _MakeColumn:
    return lambda values: tuple([None if value is None else make(value) for value in values])


def _each_text(keep: Callable[[str], str]) -> _MakeColumn:
    def column(values: Sequence[Any]) -> tuple[object, ...]:
        return tuple(
            [value if value is None or value[:1] in PLAIN_BEGINNINGS else keep(value) for value in values]
        )

    return column


def _kept_from_running(text: str) -> str:
    return kept_as_text(text) if runs(text) else text


@contextmanager
def _open(path: Path, gzipped: bool) -> Iterator[IO[bytes]]:
    with path.open("wb") as file:
        if not gzipped:
            yield file
            return
        # The name and the time of a temporary file have no place in the header.
        with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=file, mtime=0) as packed:
            yield packed  # type: ignore[misc]  # GzipFile is a binary stream, only not declared as one
