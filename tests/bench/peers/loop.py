"""What all are compared with: the crawler's own client, its answers decoded and thrown away."""

import asyncio

from tests.bench.measured import loop
from tests.bench.peers.task import CONCURRENCY, PAGES_MAX, measure

if __name__ == "__main__":
    measure(lambda task: asyncio.run(loop(task.base_url, task.source, CONCURRENCY, PAGES_MAX, task.db)))
