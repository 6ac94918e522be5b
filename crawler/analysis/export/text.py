"""CSV and JSON lines, plain or gzipped."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import orjson

from crawler.analysis.delimited_text import joined
from crawler.analysis.export.cells import PLAIN_BEGINNINGS, kept_as_text
from crawler.analysis.export.creators import EXPORTED, TABLE, Row
from crawler.analysis.export.headers import NAMES, header
from crawler.column import Kind
from crawler.untrusted_text import runs

_NAMES = tuple(column.name for column in EXPORTED)
_REPEATED_KEPT = 10_000


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
        writer.writerow([header(column, headers) for column in TABLE])
        writer.writerows(map(_cells(plain=plain), creators))
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


def _cells(*, plain: bool) -> Callable[[Row], list[object]]:
    """What makes the cells of a row: lists are one text, truth values 0 and 1, and for a spreadsheet text is
    protected."""
    kept = str if plain else kept_as_text
    often = lru_cache(_REPEATED_KEPT)(kept)
    lists = lru_cache(_REPEATED_KEPT)(lambda texts: kept(joined(texts)))
    by_kind: dict[Kind, Callable[[Any], object]] = {Kind.BOOLEAN: int, Kind.LIST: lists, Kind.TIME: often}
    made = [(place, by_kind[column.kind]) for place, column in enumerate(TABLE) if column.kind in by_kind]
    texts: list[tuple[int, Callable[[str], str]]] = []
    if not plain:
        # A follower text that becomes a number is no loss.
        texts = [
            (place, _kept_from_running if column.name == "fans_text" else kept_as_text)
            for place, column in enumerate(TABLE)
            if column.kind in (Kind.IDENTIFIER, Kind.TEXT, Kind.URL, Kind.LINK)
        ]

    def cells(row: Row) -> list[object]:
        values = list(row[: len(TABLE)])
        for place, make in made:
            if values[place] is not None:
                values[place] = make(values[place])
        for place, keep in texts:
            text = values[place]
            if text is not None and text[:1] not in PLAIN_BEGINNINGS:
                values[place] = keep(text)
        return values

    return cells


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
