"""What is measured, each in a process of its own: the whole crawl, and what it is compared with.

    python -m tests.bench.measured KIND BASE_URL KEYWORDS WORKERS PAGES_MAX DATABASE

prints pages, seconds and CPU seconds as JSON, where KIND is one of `KINDS`. All run on asyncio's own loop.
"""

import asyncio
import json
import random
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from crawler.cli.garbage_collection import collect_rarely
from crawler.keywords import read_keywords
from crawler.model import PageRequest, Reply
from crawler.run.crawl import run_crawl
from crawler.run.dependencies import Dependencies
from crawler.settings.run import RunSettings
from crawler.vendor.client import Api, ApiSettings, open_api
from crawler.vendor.search_user_v2 import SEARCH_USER_V2
from tests.bench.bare import fetch_and_write

TOKEN = "bench"


async def crawl(base_url: str, keywords: Path, workers: int, pages_max: int, db: Path, **options: Any) -> int:
    """A night as `crawler run --rate unlimited` has it; the number of pages in the database."""
    settings = RunSettings(
        token=TOKEN,
        db=db,
        base_url=base_url,
        workers=workers,
        rate="unlimited",
        pages_max=pages_max,
        **options,
    )
    summary = await run_crawl(
        settings, read_keywords([keywords]), dependencies=Dependencies(random.Random(1))
    )
    assert summary.exit_code == 0, summary
    return summary.calls.charged


crawl_without_replies = partial(crawl, archive=False)
crawl_again = partial(crawl, refresh_after=timedelta(0), refresh="full")
"""The night after: the same creators, read in full."""


async def loop(base_url: str, keywords: Path, workers: int, pages_max: int, _db: Path) -> int:
    """The same calls by the same client, answers decoded and thrown away; the number of pages."""
    texts = iter(keywords.read_text(encoding="utf-8").splitlines())
    async with open_api(ApiSettings(base_url, TOKEN)) as api, asyncio.TaskGroup() as group:
        tasks = [group.create_task(_fetch(api, texts, pages_max)) for _ in range(workers)]
    return sum(task.result() for task in tasks)


async def bare(base_url: str, keywords: Path, workers: int, pages_max: int, db: Path) -> int:
    """The same calls, and the bare statements for what a crawl writes; the number of pages."""
    texts = keywords.read_text(encoding="utf-8").splitlines()
    async with open_api(ApiSettings(base_url, TOKEN)) as api:
        return await fetch_and_write(api, texts, workers, pages_max, db)


async def _fetch(api: Api, texts: Iterator[str], pages_max: int) -> int:
    pages = 0
    for text in texts:
        for page in range(1, pages_max + 1):
            reply = await api.call(PageRequest(SEARCH_USER_V2.path, {"keyword": text, "page": str(page)}))
            assert isinstance(reply, Reply) and reply.code == 0, reply
            pages += 1
            if not reply.data["users"]:
                break
    return pages


KINDS = {
    "crawl": crawl,
    "without replies": crawl_without_replies,
    "again": crawl_again,
    "loop": loop,
    "bare": bare,
}
BEFORE = {"again": crawl}
"""What is done first, and not measured."""


def main() -> None:
    """Runs what the first argument names."""
    kind, base_url, keywords, workers, pages_max, db = sys.argv[1:]
    arguments = base_url, Path(keywords), int(workers), int(pages_max), Path(db)
    collect_rarely()  # as `crawler run` does
    if kind in BEFORE:
        asyncio.run(BEFORE[kind](*arguments))
    begun, begun_cpu = time.perf_counter(), time.process_time()
    pages = asyncio.run(KINDS[kind](*arguments))
    seconds, cpu_seconds = time.perf_counter() - begun, time.process_time() - begun_cpu
    json.dump({"pages": pages, "seconds": seconds, "cpu_seconds": cpu_seconds}, sys.stdout)


if __name__ == "__main__":
    main()
