"""Parquet files with typed columns, compressed by zstd, one row group after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from crawler.analysis.export.creators import COLUMNS, EXPORTED, Row
from crawler.clock import shanghai_day
from crawler.columns import Kind
from crawler.errors import MissingExtra

ROWS_PER_GROUP = 20_000

_FIRST_SEEN = COLUMNS.index("first_seen_at")
_moment = lru_cache(10_000)(datetime.fromisoformat)  # the creators of a page share theirs


def write_parquet(creators: Iterable[Row], path: Path) -> None:
    """One file; times are timestamps in UTC, `keywords` and `tags` lists, `extra` JSON text."""
    arrow, parquet = _load()
    schema = _schema(arrow)
    rows = iter(creators)
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        while group := list(islice(rows, ROWS_PER_GROUP)):
            writer.write_table(_table(arrow, schema, group))


def write_days(creators: Iterable[Row], folder: Path) -> Iterator[tuple[str, Path]]:
    """Makes one file in `folder` for each day, given as it is done with its `YYYY-MM-DD`.

    `creators` come sorted by the day in Shanghai on which they were first seen.
    """
    for day, those in groupby(creators, _day):
        path = folder / day  # Without the ending, readers of the folder do not take it for a part meanwhile.
        write_parquet(those, path)
        yield day, path


def _day(creator: Row) -> str:
    return shanghai_day(_moment(creator[_FIRST_SEEN]))


def _load() -> tuple[Any, Any]:
    try:
        import pyarrow  # type: ignore[import-untyped]  # it ships no types
        import pyarrow.parquet  # type: ignore[import-untyped]  # the same
    except ImportError as exc:
        raise MissingExtra("crawler export FILE.parquet", "parquet") from exc
    return pyarrow, pyarrow.parquet


def _schema(arrow: Any) -> Any:
    types = {
        Kind.NUMBER: arrow.int64(),
        Kind.COUNT: arrow.int32(),
        Kind.BOOLEAN: arrow.bool_(),
        Kind.TIME: arrow.timestamp("ms", tz="UTC"),
        Kind.LIST: arrow.list_(arrow.string()),
    }
    return arrow.schema([(column.name, types.get(column.kind, arrow.string())) for column in EXPORTED])


def _table(arrow: Any, schema: Any, creators: list[Row]) -> Any:
    return arrow.table(
        [
            arrow.array(map(_moment, values) if column.kind is Kind.TIME else values, type=field.type)
            for column, field, values in zip(EXPORTED, schema, zip(*creators, strict=True), strict=True)
        ],
        schema=schema,
    )
