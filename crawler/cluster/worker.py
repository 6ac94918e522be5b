"""A worker as the coordinating process sees it, and the way to it."""

from __future__ import annotations

import concurrent.futures
from dataclasses import dataclass
from typing import Any

from distributed import Client
from distributed.actor import ProxyRPC
from distributed.protocol import to_serialize
from distributed.scheduler import KilledWorker

from crawler.vendor.deadline import deadline

REACH_SECONDS = 10.0
"""How long a worker may take to answer to what costs it no time."""

LOST = (OSError, RuntimeError, KeyError, KilledWorker, concurrent.futures.CancelledError)
"""What Dask raises where a worker, or what is held there, is gone: broken connections and time limits, a
connection that is closed on this side, an actor that is forgotten, one that could not be made, one that is lost
together with the scheduler."""


@dataclass(slots=True, eq=False)
class Worker:
    """One worker: `rpc` sends a message once and never again, whatever happens to it."""

    address: str
    name: str
    rpc: Any
    in_flight: int = 0

    async def ask(self, sender: str, method: str, *arguments: object) -> Any:
        """What a method of an actor on this worker returns.

        Raises what is in `LOST`. Not by the methods of Dask's own `Actor`: those ask again while the actor's
        future is pending, and never return where the worker has forgotten the actor.
        """
        answer = await self.rpc.actor_execute(
            actor=sender, function=method, args=[to_serialize(each) for each in arguments], kwargs={}
        )
        if answer["status"] == "OK":
            return answer["result"]
        raise answer["exception"]


async def reach(client: Client, address: str, name: str, packages: list[str]) -> tuple[Worker, dict[str, Any]]:
    """A worker, and the versions of packages on it; raises OSError or TimeoutError where it does not answer.

    It is asked directly, which is faster; by way of the scheduler where nothing leads to it from here.
    """
    try:
        rpc: Any = client.rpc(address)
        async with deadline(REACH_SECONDS / 2):
            versions = await rpc.versions(packages=packages)
    except (OSError, TimeoutError):
        rpc = ProxyRPC(client.scheduler, address)
        async with deadline(REACH_SECONDS):
            versions = await rpc.versions(packages=packages)
    return Worker(address, name, rpc), versions["packages"]
