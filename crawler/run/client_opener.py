"""Where the calls of a run are made: in this process, or by cluster workers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from crawler.engine.events import Event
from crawler.engine.shutdown import Shutdown
from crawler.errors import ClusterError, MissingExtra
from crawler.run.dependencies import OpenClient
from crawler.settings.run import RunSettings


@asynccontextmanager
async def client_opener(
    settings: RunSettings, open_here: OpenClient, shutdown: Shutdown, emit: Callable[[Event], None]
) -> AsyncIterator[OpenClient]:
    """What opens clients: `open_here`, or the same on a cluster, which is there for the time of the block.

    Raises ClusterError or InputError where the cluster cannot be used.
    """
    if settings.cluster is None:
        yield open_here
        return
    try:
        from crawler.cluster.client import open_cluster_client
        from crawler.cluster.opening import open_cluster
    except ModuleNotFoundError as exc:
        raise MissingExtra("--cluster", "cluster") from exc
    async with AsyncExitStack() as stack:
        try:
            wanted = frozenset(each.worker for each in settings.senders if each.worker is not None)
            opening = open_cluster(settings.cluster, shutdown, emit, wanted=wanted)
            cluster = await stack.enter_async_context(opening)
        except ClusterError:
            if not shutdown.requested:
                raise
            yield open_here  # the run ends before its first call
        else:
            yield partial(open_cluster_client, cluster)
