"""The whole crawl: resumable, every call in a ledger, sightings and history, synchronous=FULL."""

import asyncio

from crawler.cli.garbage_collection import collect_rarely
from tests.bench.measured import crawl
from tests.bench.peers.task import CONCURRENCY, PAGES_MAX, Task, measure


def work(task: Task) -> int:
    """The number of pages fetched."""
    collect_rarely()  # as `crawler run` does
    return asyncio.run(crawl(task.base_url, task.source, CONCURRENCY, PAGES_MAX, task.db))


if __name__ == "__main__":
    measure(work)
