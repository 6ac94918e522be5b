"""The script one writes first: aiohttp, orjson, sqlite3, one commit a page, SQLite as it comes.

It does not resume, keeps no ledger of calls, does not know who was seen where, and forgets what changed.
"""

import asyncio
from collections.abc import Iterator
from itertools import count

import aiohttp

from tests.bench.peers.task import CONCURRENCY, Table, Task, measure, rows_in


async def crawl(task: Task, *, fast: bool) -> int:
    """The number of pages fetched."""
    table = Table(task.db, fast=fast)
    texts = task.keywords()
    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
        workers = [group.create_task(work(task, session, texts, table)) for _ in range(CONCURRENCY)]
    table.close()
    return sum(worker.result() for worker in workers)


async def work(task: Task, session: aiohttp.ClientSession, texts: Iterator[str], table: Table) -> int:
    """Takes one keyword after the other."""
    pages = 0
    for text in texts:
        for page in count(1):
            async with session.get(task.url(text, page)) as response:
                rows = rows_in(await response.read())
            pages += 1
            if not rows:
                break
            table.save(rows)
    return pages


if __name__ == "__main__":
    measure(lambda task: asyncio.run(crawl(task, fast=False)))
