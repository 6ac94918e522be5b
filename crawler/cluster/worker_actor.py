"""What runs on a worker: it makes the HTTP call that it is told to, and hands the answer back unread."""

from __future__ import annotations

from contextlib import AsyncExitStack

from crawler.model import CallFailed, PageRequest
from crawler.vendor.client import Api, ApiSettings, RawAnswer, open_api


class CallSender:
    """The HTTP connections of one account on one worker, held there as a Dask actor.

    It is made without the token, which comes with `open` and so stands in no task.
    """

    def __init__(self) -> None:
        self._connections = AsyncExitStack()
        self._api: Api | None = None

    async def open(self, settings: ApiSettings) -> None:
        """Takes what calls need."""
        self._api = await self._connections.enter_async_context(open_api(settings))

    async def fetch(self, request: PageRequest) -> RawAnswer | CallFailed:
        """The answer to exactly one request."""
        assert self._api is not None
        return await self._api.fetch(request)

    async def close(self) -> None:
        """Closes the connections."""
        await self._connections.aclose()
