"""Crawlee for Python: its lightest crawler, storing from the handler.

The request queue is in memory, which is faster than Crawlee's default, files, and cannot resume.
"""

import asyncio
import logging

from crawlee import ConcurrencySettings, Request
from crawlee.crawlers import HttpCrawler, HttpCrawlingContext
from crawlee.storage_clients import MemoryStorageClient

from tests.bench.peers.task import CONCURRENCY, Table, Task, measure, rows_in


async def crawl(task: Task) -> int:
    """The number of pages fetched."""
    logging.disable(logging.INFO)
    table = Table(task.db, fast=True)
    pages = 0
    crawler = HttpCrawler(
        storage_client=MemoryStorageClient(),
        # The least is the most, so that a busy processor does not make it slow down.
        concurrency_settings=ConcurrencySettings(
            min_concurrency=CONCURRENCY, desired_concurrency=CONCURRENCY, max_concurrency=CONCURRENCY
        ),
        max_request_retries=0,
        use_session_pool=False,
        retry_on_blocked=False,
        respect_robots_txt_file=False,
        configure_logging=False,
    )

    def request(keyword: str, page: int) -> Request:
        user_data = {"keyword": keyword, "page": page}
        return Request.from_url(task.url(keyword, page), user_data=user_data)

    @crawler.router.default_handler
    async def store(context: HttpCrawlingContext) -> None:
        nonlocal pages
        pages += 1
        rows = rows_in(await context.http_response.read())
        if rows:
            table.save(rows)
            user_data = context.request.user_data
            await context.add_requests([request(user_data["keyword"], user_data["page"] + 1)])

    await crawler.run([request(keyword, 1) for keyword in task.keywords()])
    table.close()
    return pages


if __name__ == "__main__":
    measure(lambda task: asyncio.run(crawl(task)))
