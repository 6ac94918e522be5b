"""The connection to a cluster: who its workers are, from the start of a run to its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Set
from contextlib import asynccontextmanager, suppress

from distributed import Client
from distributed.versions import get_versions

from crawler.cluster.compatibility import OF_A_SCHEDULER, PACKAGES, Versions, differences, incompatibility
from crawler.cluster.worker_handle import LOST, ClusterWorker, NotReached, reach
from crawler.engine.events import ClusterWorkerJoined, ClusterWorkerLeft, ClusterWorkerRefused, Event
from crawler.engine.shutdown import Shutdown
from crawler.errors import ClusterError, InputError
from crawler.i18n import _
from crawler.vendor.deadline import Deadline

LOOK_SECONDS = 1.0
"""Between two looks at who is there."""

SCHEDULER_SECONDS = 30.0
"""A scheduler that says nothing for so long is lost."""

SILENT_SECONDS = 15.0
"""A worker that tells the scheduler nothing for so long, where it does every second, gets no new calls."""

WORKER_SECONDS = 60.0
"""How long a run waits for a first worker, or for another where the last one is gone."""


class Cluster:
    """The workers of a cluster that calls can be given to; made by `open_cluster`."""

    def __init__(self, dask: Client, shutdown: Shutdown, emit: Callable[[Event], None]) -> None:
        self.dask = dask
        self.why_nobody = ""
        self._shutdown = shutdown
        self._emit = emit
        self._workers: dict[str, ClusterWorker] = {}
        self._refused: dict[str, str] = {}  # why, by address
        self._heard: dict[str, tuple[float, float]] = {}
        self._lost = False
        self._here: Versions = get_versions(packages=PACKAGES)["packages"]

    @property
    def workers(self) -> list[ClusterWorker]:
        """Those that can be given calls just now."""
        return list(self._workers.values())

    async def worker(self, name: str | None) -> ClusterWorker | None:
        """The one with the fewest calls in flight, of that name where one is given; it is waited for. None
        where nobody is left, and then `why_nobody` says why.

        One that did not reach the service comes last: it fails so fast that it would get every call.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + WORKER_SECONDS
        while not self._lost:
            fit = [worker for worker in self._workers.values() if name in (None, worker.name)]
            if fit:
                now = loop.time()
                return min(fit, key=lambda worker: (worker.rests_until > now, worker.in_flight))
            if self._shutdown.requested:
                self.why_nobody = "the run is ending"
                return None
            if loop.time() >= until:
                self.why_nobody = "no cluster worker has come back in time"
                return None
            await self._shutdown.sleep(LOOK_SECONDS / 4)
        self.why_nobody = "the scheduler is gone"
        return None

    def drop(self, worker: ClusterWorker) -> None:
        """A worker is given no more calls, until it answers again."""
        if self._workers.get(worker.address) is worker:
            del self._workers[worker.address]
            if not self._lost:
                self._emit(ClusterWorkerLeft(worker.name, len(self._workers)))

    async def begin(self, patience_seconds: float, wanted: Set[str]) -> None:
        """Returns once there is a worker, and each of the names `wanted`, or the run is ending; raises
        ClusterError where one does not come, InputError where one does not fit."""
        try:
            async with Deadline(patience_seconds):
                there = await self.dask.scheduler.versions(packages=[])
                if differing := differences(there["packages"], self._here, OF_A_SCHEDULER):
                    raise InputError(_("the scheduler: %s") % differing)
                while self._missing(wanted) and not self._shutdown.requested:
                    await self._look()
                    if self._refused:
                        raise InputError("\n".join(self._refused.values()))
                    if self._missing(wanted):
                        await self._shutdown.sleep(LOOK_SECONDS)
        except TimeoutError:
            if absent := wanted - {worker.name for worker in self.workers}:
                text = _(
                    "no cluster worker of the name %(names)s has come to the cluster in %(seconds)d s; "
                    "nothing was asked for and nothing spent"
                )
                names = ", ".join(sorted(absent))
                raise ClusterError(text % {"names": names, "seconds": patience_seconds}) from None
            text = _(
                "no cluster worker has come to the cluster in %d s; nothing was asked for and nothing spent"
            )
            raise ClusterError(text % patience_seconds) from None
        except LOST as exc:
            raise ClusterError(_("the scheduler is gone: %s") % type(exc).__name__) from exc

    def _missing(self, wanted: Set[str]) -> bool:
        return not self._workers or not wanted <= {worker.name for worker in self.workers}

    async def watch(self) -> None:
        """Keeps up with who comes and goes, until the scheduler is lost."""
        try:
            while True:
                await asyncio.sleep(LOOK_SECONDS)
                await self._look()
        except LOST:
            self._lost = True

    async def _look(self) -> None:
        if self.dask.status != "running":  # it may come back, but the actors have not waited
            raise ConnectionError
        async with Deadline(SCHEDULER_SECONDS):
            listed = (await self.dask.scheduler.identity())["workers"]
        speaking = {address for address, facts in listed.items() if self._speaks(address, facts["last_seen"])}
        for worker in self.workers:
            if worker.address not in speaking:
                self.drop(worker)
        self._refused = {address: why for address, why in self._refused.items() if address in listed}
        new = speaking - self._workers.keys() - self._refused.keys()
        await asyncio.gather(*(self._join(address, str(listed[address]["name"])) for address in new))

    def _speaks(self, address: str, last_seen: float) -> bool:
        """Whether a worker has told the scheduler something lately, by this machine's clock."""
        now = asyncio.get_running_loop().time()
        before, since = self._heard.get(address, (None, now))
        if before != last_seen:
            since = now
        self._heard[address] = (last_seen, since)
        return now - since < SILENT_SECONDS

    async def _join(self, address: str, name: str) -> None:
        """Takes in a worker that answers and fits."""
        with suppress(NotReached, *LOST):  # it is listed still: the next look tries again
            worker, versions = await reach(self.dask, address, name, PACKAGES)
            if problem := incompatibility(name, address, versions, self._here):
                self._refused[address] = problem
                self._emit(ClusterWorkerRefused(problem))
                return
            self._workers[address] = worker
            self._emit(ClusterWorkerJoined(name, len(self._workers)))


@asynccontextmanager
async def watched(
    dask: Client,
    shutdown: Shutdown,
    emit: Callable[[Event], None],
    patience_seconds: float = WORKER_SECONDS,
    wanted: Set[str] = frozenset(),
) -> AsyncIterator[Cluster]:
    """The cluster that a client of Dask is connected to, at first with at least one worker and those of the
    names `wanted`."""
    cluster = Cluster(dask, shutdown, emit)
    await cluster.begin(patience_seconds, wanted)
    watching = asyncio.create_task(cluster.watch())
    try:
        yield cluster
    finally:
        watching.cancel()
