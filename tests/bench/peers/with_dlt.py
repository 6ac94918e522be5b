"""dlt: an asynchronous transformer of keywords into creators, merged by id into SQLite through SQLAlchemy.

dlt extracts everything to files, normalises these, loads them into a staging table and merges that.
"""

import os
import warnings
from collections.abc import Iterator
from itertools import count

import aiohttp
import dlt
from dlt.destinations import sqlalchemy

from tests.bench.peers.task import COLUMNS, CONCURRENCY, Task, measure, rows_in

SETTINGS = {
    "EXTRACT__MAX_PARALLEL_ITEMS": str(CONCURRENCY),
    "DATA_WRITER__DISABLE_COMPRESSION": "true",
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "WARNING",
}


def load(task: Task) -> int:
    """The number of pages fetched."""
    os.environ.update(SETTINGS)
    warnings.filterwarnings("ignore", module="dlt")  # of its own SQL, which SQLAlchemy would word otherwise
    pages = 0

    @dlt.resource
    def keywords() -> Iterator[str]:
        yield from task.keywords()

    @dlt.transformer(
        data_from=keywords,
        primary_key="id",
        write_disposition="merge",
        columns={"id": {"data_type": "text"}, "fans": {"data_type": "bigint"}},
    )
    async def creators(keyword: str) -> list[dict[str, object]]:
        nonlocal pages
        found: list[dict[str, object]] = []
        async with aiohttp.ClientSession() as session:
            for page in count(1):
                async with session.get(task.url(keyword, page)) as response:
                    rows = rows_in(await response.read())
                pages += 1
                if not rows:
                    break
                found += (dict(zip(COLUMNS, row, strict=True)) for row in rows)
        return found

    pipeline = dlt.pipeline(
        "creators",
        pipelines_dir=str(task.db.with_suffix(".dlt")),
        destination=sqlalchemy(f"sqlite:///{task.db}"),
        dataset_name="main",
    )
    pipeline.run(creators)
    return pages


if __name__ == "__main__":
    measure(load)
