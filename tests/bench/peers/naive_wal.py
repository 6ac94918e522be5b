"""The script one writes first, by somebody who knows two pragmas: the write-ahead log, synchronous=NORMAL."""

import asyncio

from tests.bench.peers.naive import crawl
from tests.bench.peers.task import measure

if __name__ == "__main__":
    measure(lambda task: asyncio.run(crawl(task, fast=True)))
