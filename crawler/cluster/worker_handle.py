"""A cluster worker as the coordinating process sees it, and the way to it."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from distributed import Client
from distributed.core import send_recv
from distributed.protocol import to_serialize
from distributed.scheduler import KilledWorker

from crawler.cluster.compatibility import Versions
from crawler.vendor.deadline import Deadline

REACH_SECONDS = 5.0
"""How long it may take to reach a worker, and a worker to do what costs it no time."""

LOST = (OSError, RuntimeError, KeyError, KilledWorker, concurrent.futures.CancelledError)
"""What Dask raises where a worker, or what is held there, is gone: broken connections and time limits, a
connection that is closed on this side, an actor that is forgotten, one that could not be made, one that is
lost together with the scheduler."""


class NotReached(Exception):
    """Nothing was sent to a worker."""


@dataclass(slots=True, eq=False)
class ClusterWorker:
    """One worker; `through` is its own address, or the scheduler's where nothing leads to it from here.

    A message is sent once and never again. The methods of Dask's own `Actor` are not used, for they ask again
    while the actor's future is pending, and never return where the worker has forgotten the actor.
    """

    address: str
    name: str
    through: str
    dask: Client
    in_flight: int = 0
    rests_until: float = 0.0
    """Loop time until which others are asked first, as it does not reach the service."""

    async def ask(self, sender: str, method: str, *arguments: object) -> Any:
        """What a method of an actor on this worker returns; raises NotReached, or what is in `LOST`."""
        answer = await self._send(
            op="actor_execute",
            actor=sender,
            function=method,
            args=[to_serialize(each) for each in arguments],
            kwargs={},
        )
        if answer["status"] == "OK":
            return answer["result"]
        raise answer["exception"]

    async def versions(self, packages: Iterable[str]) -> Versions:
        """The versions of Python, of Dask's packages and of these on it."""
        told: Versions = (await self._send(op="versions", packages=list(packages)))["packages"]
        return told

    async def _send(self, **message: Any) -> Any:
        if self.through != self.address:
            message = {"op": "proxy", "worker": self.address, "msg": message}
        pool: Any = self.dask.rpc
        try:
            connection = await pool.connect(self.through, timeout=REACH_SECONDS)
        except LOST as exc:
            raise NotReached from exc
        try:
            return await send_recv(connection, **message)
        finally:
            pool.reuse(self.through, connection)


async def reach(
    dask: Client, address: str, name: str, packages: Iterable[str]
) -> tuple[ClusterWorker, Versions]:
    """A worker, and the versions on it; raises NotReached or what is in `LOST` where it does not answer.

    It is asked directly, which is faster, else by way of the scheduler.
    """
    for through in (address, dask.scheduler.address):
        worker = ClusterWorker(address, name, through, dask)
        try:
            async with Deadline(REACH_SECONDS):
                return worker, await worker.versions(packages)
        except (NotReached, *LOST):
            continue
    raise NotReached
