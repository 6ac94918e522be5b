"""Parquet files with typed columns, compressed by zstd, one row group after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from crawler.analysis.export.creators import EXPORTED
from crawler.clock import shanghai_day
from crawler.columns import Column, Kind
from crawler.creator import CreatorRow
from crawler.errors import MissingExtra

ROWS_PER_GROUP = 20_000


def write_parquet(creators: Iterable[CreatorRow], path: Path) -> None:
    """One file; times are timestamps in UTC, `keywords` and `tags` lists, `extra` JSON text."""
    arrow, parquet = _load()
    schema = _schema(arrow)
    rows = iter(creators)
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        while group := list(islice(rows, ROWS_PER_GROUP)):
            writer.write_table(_table(arrow, schema, group))


def write_days(creators: Iterable[CreatorRow], folder: Path) -> Iterator[tuple[str, Path]]:
    """Makes one file in `folder` for each day, given as it is done with its `YYYY-MM-DD`.

    `creators` come sorted by the day in Shanghai on which they were first seen.
    """
    for day, those in groupby(creators, _day):
        path = folder / day  # Without the ending, readers of the folder do not take it for a part meanwhile.
        write_parquet(those, path)
        yield day, path


def _day(creator: CreatorRow) -> str:
    return shanghai_day(datetime.fromisoformat(creator.first_seen_at))


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


def _table(arrow: Any, schema: Any, creators: list[CreatorRow]) -> Any:
    return arrow.table(
        [
            arrow.array([_value(creator, column) for creator in creators], type=field.type)
            for column, field in zip(EXPORTED, schema, strict=True)
        ],
        schema=schema,
    )


def _value(creator: CreatorRow, column: Column) -> object:
    value = getattr(creator, column.name)
    return datetime.fromisoformat(value) if column.kind is Kind.TIME else value
