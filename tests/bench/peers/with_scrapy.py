"""Scrapy: a spider and an item pipeline, with the settings its documentation advises for broad crawls.

An item is a page of creators: one item for each creator takes the same way twenty times. Scrapy's own way to
resume, JOBDIR, is off.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import scrapy
from scrapy.crawler import Crawler, CrawlerProcess
from scrapy.http import Response

from tests.bench.peers.task import CONCURRENCY, Row, Table, Task, measure, rows_in


class CreatorsPipeline:
    """Writes each page's creators."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "CreatorsPipeline":
        pipeline = cls()
        pipeline.db = crawler.settings["DB"]
        return pipeline

    def open_spider(self) -> None:
        self.table = Table(self.db, fast=True)

    def close_spider(self) -> None:
        self.table.close()

    def process_item(self, item: dict[str, list[Row]]) -> dict[str, list[Row]]:
        self.table.save(item["rows"])
        return item


class CreatorsSpider(scrapy.Spider):
    """Asks for the next page of a keyword when one has come."""

    name = "creators"

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.task = task

    async def start(self) -> AsyncIterator[scrapy.Request]:
        for keyword in self.task.keywords():
            yield self.request(keyword, 1)

    def request(self, keyword: str, page: int) -> scrapy.Request:
        url = self.task.url(keyword, page)
        return scrapy.Request(url, dont_filter=True, cb_kwargs={"keyword": keyword, "page": page})

    def parse(self, response: Response, keyword: str, page: int) -> Iterator[Any]:
        if rows := rows_in(response.body):
            yield self.request(keyword, page + 1)
            yield {"rows": rows}


def crawl(task: Task) -> int:
    """The number of pages fetched."""
    process = CrawlerProcess(
        {
            "DB": task.db,
            "ITEM_PIPELINES": {CreatorsPipeline: 300},
            "CONCURRENT_ITEMS": 1,  # of one response; Scrapy starts so many tasks for each, however few items
            "CONCURRENT_REQUESTS": CONCURRENCY,
            "CONCURRENT_REQUESTS_PER_DOMAIN": CONCURRENCY,
            "DOWNLOAD_DELAY": 0,
            "AUTOTHROTTLE_ENABLED": False,
            "ROBOTSTXT_OBEY": False,
            "LOG_LEVEL": "WARNING",
            "COOKIES_ENABLED": False,
            "RETRY_ENABLED": False,
            "REDIRECT_ENABLED": False,
            "METAREFRESH_ENABLED": False,
            "COMPRESSION_ENABLED": False,
            "HTTPPROXY_ENABLED": False,
            "REFERER_ENABLED": False,
            "MEMUSAGE_ENABLED": False,
            "TELNETCONSOLE_ENABLED": False,
            "REMOTE_CONTROL_ENABLED": False,
        }
    )
    crawler = process.create_crawler(CreatorsSpider)
    process.crawl(crawler, task=task)
    process.start()
    return crawler.stats.get_value("response_received_count")


if __name__ == "__main__":
    measure(crawl)
