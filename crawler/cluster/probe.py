"""Whether a cluster could be used, for `crawler doctor`."""

from __future__ import annotations

import asyncio
from collections.abc import Set

from crawler.engine.shutdown import Shutdown
from crawler.errors import CrawlerError, MissingExtra

PATIENCE_SECONDS = 15.0


def probe_cluster(address: str, wanted: Set[str]) -> tuple[int, str | None]:
    """How many workers would take calls just now, and why none could or who of the names `wanted` is not
    there, in words; local ones are started for it."""
    try:
        return asyncio.run(_count(address, wanted)), None
    except CrawlerError as error:
        return 0, error.message


async def _count(address: str, wanted: Set[str]) -> int:
    try:
        from crawler.cluster.opening import open_cluster
    except ModuleNotFoundError as exc:
        raise MissingExtra("--cluster", "cluster") from exc
    async with open_cluster(address, Shutdown(), lambda event: None, PATIENCE_SECONDS, wanted) as cluster:
        return len(cluster.workers)
