"""The engine's client on a cluster: each call is made on one worker, once, and its answer is read here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from uuid import uuid4

from distributed import Client, Future

from crawler.cluster.connection import Cluster
from crawler.cluster.worker_actor import CallSender
from crawler.cluster.worker_handle import LOST, REACH_SECONDS, ClusterWorker, NotReached
from crawler.model import CallFailed, FailureKind, Outcome, PageRequest
from crawler.vendor.client import ApiSettings, read_answer
from crawler.vendor.deadline import Deadline
from crawler.vendor.token_mask import TokenMasks

LATE_SECONDS = 30.0
"""How much longer than the call itself its worker may take: one that does not even say that there is no
answer is cut off or stands still."""

REST_SECONDS = 30.0
"""How long a worker that could not reach the service comes after all others."""


class ClusterClient:
    """Makes the calls of one account; made by `open_cluster_client`."""

    def __init__(self, cluster: Cluster, settings: ApiSettings) -> None:
        self._cluster = cluster
        self._settings = settings
        self._mask = TokenMasks(settings.token, *settings.other_tokens)
        self._senders: dict[ClusterWorker, asyncio.Task[str]] = {}
        self._actors: list[Future] = []  # each lives as long as this is kept

    async def call(self, request: PageRequest) -> Outcome:
        """The outcome of a request that was sent once, or not at all; raises nothing but CancelledError."""
        begun = asyncio.get_running_loop().time()
        while (worker := await self._cluster.worker(self._settings.worker)) is not None:
            worker.in_flight += 1
            try:
                return await self._call_on(worker, request, begun)
            except NotReached:
                self._cluster.drop(worker)
            finally:
                worker.in_flight -= 1
        return CallFailed(FailureKind.NO_WORKER, self._cluster.why_nobody, _since(begun))

    async def _call_on(self, worker: ClusterWorker, request: PageRequest, begun: float) -> Outcome:
        """What came of a call that was given to a worker; raises NotReached where it was not."""
        sender = await self._sender(worker)
        try:
            async with Deadline(self._settings.timeout_seconds + LATE_SECONDS):
                answer = await worker.ask(sender, "fetch", request)
        except LOST as exc:
            self._cluster.drop(worker)
            return CallFailed(FailureKind.WORKER_LOST, "", _since(begun), error=type(exc).__name__)
        if not isinstance(answer, CallFailed):
            return read_answer(answer, self._mask)
        if answer.kind is FailureKind.NOT_SENT:
            worker.rests_until = asyncio.get_running_loop().time() + REST_SECONDS
        return answer

    async def get_ready(self) -> None:
        """Has senders made on the workers that are there, so that no call waits for that."""
        workers = [worker for worker in self._cluster.workers if self._settings.worker in (None, worker.name)]
        await asyncio.gather(*map(self._sender, workers), return_exceptions=True)

    async def _sender(self, worker: ClusterWorker) -> str:
        """The key of this account's sender on a worker, made for the first call; raises NotReached."""
        if worker not in self._senders:
            self._senders[worker] = asyncio.create_task(self._make_sender(worker))
        try:
            return await asyncio.shield(self._senders[worker])
        except LOST as exc:
            raise NotReached from exc

    async def _make_sender(self, worker: ClusterWorker) -> str:
        key = f"crawler-calls-{uuid4().hex}"
        dask: Client = self._cluster.dask
        actor = dask.submit(
            CallSender, key=key, workers=[worker.address], allow_other_workers=False, actor=True, pure=False
        )
        self._actors.append(actor)
        async with Deadline(REACH_SECONDS):
            await actor
            await worker.ask(key, "open", replace(self._settings, other_tokens=()))
        return key

    async def close(self) -> None:
        """Closes the connections of the senders, as far as they can be reached."""
        for task in self._senders.values():
            task.cancel()
        asked = [
            worker.ask(task.result(), "close")
            for worker, task in self._senders.items()
            if task.done() and not task.cancelled() and task.exception() is None
        ]
        with suppress(TimeoutError):
            async with asyncio.timeout(REACH_SECONDS):
                await asyncio.gather(*asked, return_exceptions=True)
        for actor in self._actors:
            actor.release()


@asynccontextmanager
async def open_cluster_client(cluster: Cluster, settings: ApiSettings) -> AsyncIterator[ClusterClient]:
    """A client for the time of the block, one of several that may share a cluster; `settings.worker` binds
    its calls, and so its token, to the worker of that name."""
    client = ClusterClient(cluster, settings)
    try:
        await client.get_ready()
        yield client
    finally:
        await client.close()


def _since(begun: float) -> int:
    return round((asyncio.get_running_loop().time() - begun) * 1000)
