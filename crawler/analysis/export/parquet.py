"""Parquet files with typed columns, compressed by zstd, one row group after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from crawler.analysis.export.creators import COLUMNS, EXPORTED, Row
from crawler.analysis.export.incremental import FORMAT
from crawler.clock import shanghai_day
from crawler.column import Kind
from crawler.errors import MissingExtra

ROWS_PER_GROUP = 20_000

_FIRST_SEEN = COLUMNS.index("first_seen_at")
_moment = lru_cache(10_000)(datetime.fromisoformat)  # the creators of a page share theirs

FirstFans = Callable[[Sequence[str | None]], Sequence[int | None]]
"""The follower numbers that creators of these ids were first known with, where they are another now."""


def write_parquet(creators: Iterable[Row], path: Path, first_fans: FirstFans | None = None) -> None:
    """One file; times are timestamps in UTC, `keywords` and `tags` lists, `extra` JSON text.

    With `first_fans` it is a part of a history: it has the column `fans_first` too, and names its format.
    """
    arrow, parquet = _load()
    schema = _schema(arrow)
    whole = schema if first_fans is None else _of_history(arrow, schema)
    rows = iter(creators)
    with parquet.ParquetWriter(path, whole, compression="zstd") as writer:
        while group := list(islice(rows, ROWS_PER_GROUP)):
            table = _table(arrow, schema, group)
            if first_fans is not None:
                table = _with_first_fans(arrow, table, first_fans).cast(whole)
            writer.write_table(table)


def write_days(creators: Iterable[Row], folder: Path, first_fans: FirstFans) -> Iterator[tuple[str, Path]]:
    """Makes one file in `folder` for each day, given as it is done with its `YYYY-MM-DD`.

    `creators` come sorted by the day in Shanghai on which they were first seen.
    """
    for day, those in groupby(creators, day_of):
        path = folder / day  # Without the ending, readers of the folder do not take it for a part meanwhile.
        write_parquet(those, path, first_fans)
        yield day, path


def _of_history(arrow: Any, schema: Any) -> Any:
    told = {"creator-crawler.history": str(FORMAT)}
    return schema.append(arrow.field("fans_first", arrow.int64())).with_metadata(told)


def _with_first_fans(arrow: Any, table: Any, first_fans: FirstFans) -> Any:
    first = first_fans(table["id"].to_pylist())
    known = [
        now if then is None else then for then, now in zip(first, table["fans"].to_pylist(), strict=True)
    ]
    return table.append_column("fans_first", arrow.array(known, type=arrow.int64()))


def day_of(creator: Row) -> str:
    """The day in Shanghai on which the creator was first seen."""
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
            arrow.array(_moments(values) if column.kind is Kind.TIME else values, type=field.type)
            for column, field, values in zip(EXPORTED, schema, zip(*creators, strict=True), strict=True)
        ],
        schema=schema,
    )


def _moments(values: Iterable[str | None]) -> list[datetime | None]:
    """Times; None for the last sighting of a creator whose sightings are missing, as `verify` tells."""
    return [None if value is None else _moment(value) for value in values]
