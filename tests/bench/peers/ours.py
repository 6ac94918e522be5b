"""The whole crawl: resumable, every call in a ledger, sightings and history, synchronous=FULL."""

import asyncio

from tests.bench.measured import crawl
from tests.bench.peers.task import CONCURRENCY, PAGES_MAX, measure

if __name__ == "__main__":
    measure(lambda task: asyncio.run(crawl(task.base_url, task.source, CONCURRENCY, PAGES_MAX, task.db)))
