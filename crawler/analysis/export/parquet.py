"""Parquet files with typed columns, compressed by zstd, one row group after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from crawler.analysis.export.creators import CreatorRow
from crawler.clock import shanghai_day
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
        path = folder / day  # Without the ending nobody who reads the folder meanwhile takes it for a part.
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
    text, moment = arrow.string(), arrow.timestamp("ms", tz="UTC")
    return arrow.schema(
        [
            ("id", text),
            ("red_id", text),
            ("name", text),
            ("fans", arrow.int64()),
            ("fans_text", text),
            ("fans_exact", arrow.bool_()),
            ("verified", arrow.bool_()),
            ("verify_label", text),
            ("bio", text),
            ("profile_url", text),
            ("image", text),
            ("keywords", arrow.list_(text)),
            ("keyword_count", arrow.int32()),
            ("tags", arrow.list_(text)),
            ("first_seen_at", moment),
            ("last_seen_at", moment),
            ("extra", text),
        ]
    )


def _table(arrow: Any, schema: Any, creators: list[CreatorRow]) -> Any:
    return arrow.table(
        [
            arrow.array([_value(creator, field.name) for creator in creators], type=field.type)
            for field in schema
        ],
        schema=schema,
    )


def _value(creator: CreatorRow, name: str) -> object:
    value = getattr(creator, name)
    return datetime.fromisoformat(value) if name.endswith("_at") else value
