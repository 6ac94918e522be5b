"""The engine's client on a cluster, without the rest of a run."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from distributed import Client

from crawler.cluster.client import open_cluster_client
from crawler.cluster.connection import Cluster, watched
from crawler.cluster.worker_handle import ClusterWorker, NotReached, reach
from crawler.engine.policy import Policy
from crawler.engine.shutdown import Shutdown
from crawler.errors import ClusterError
from crawler.model import CallFailed, Charge, FailureKind, PageRequest, Reply
from crawler.reasons import Reason, ReasonCode
from crawler.simulator import Simulator, SimulatorSettings
from crawler.vendor.client import ApiSettings
from crawler.vendor.search_user_v2 import SEARCH_USER_V2
from tests.cluster.processes import cluster

TOKEN = "tok-0ddba11c0ffee"


@pytest.fixture(scope="module")
def processes(tmp_path_factory):
    with cluster(tmp_path_factory.mktemp("cluster"), 2, DASK_LOGGING__DISTRIBUTED="debug") as running:
        yield running


@asynccontextmanager
async def connected(processes, shutdown=None):
    async with (
        Client(processes.address, asynchronous=True, set_as_default=False) as dask,
        watched(dask, shutdown or Shutdown(), lambda event: None) as workers,
    ):
        yield workers


def page(number=1):
    return PageRequest(SEARCH_USER_V2.path, {"keyword": "穿搭", "page": str(number)})


async def test_several_accounts_share_a_cluster_each_on_the_worker_it_is_bound_to(processes):
    async with (
        Simulator(SimulatorSettings(tokens=["one", "two"])) as simulator,
        connected(processes) as workers,
    ):
        before = [processes.printed(name).count("fetch") for name in ("w1", "w2")]
        async with (
            open_cluster_client(workers, ApiSettings(simulator.base_url, "one", worker="w1")) as one,
            open_cluster_client(workers, ApiSettings(simulator.base_url, "two", worker="w1")) as two,
            open_cluster_client(workers, ApiSettings(simulator.base_url, "three")) as refused,
        ):
            answers = await asyncio.gather(*[client.call(page()) for client in (one, two) for _ in range(5)])
            assert {answer.code for answer in answers} == {0}
            after = [processes.printed(name).count("fetch") for name in ("w1", "w2")]
            assert after[0] > before[0] and after[1] == before[1]
            assert (await refused.call(page())).code == 100
        assert len(simulator.bill.lines) == 11


async def test_an_answer_that_repeats_the_token_comes_without_it(processes):
    body = b'{"code": 0, "message": "%s", "data": {"users": []}}' % TOKEN.encode()
    settings = SimulatorSettings(replies={("", 1): body})
    async with (
        Simulator(settings) as simulator,
        connected(processes) as workers,
        open_cluster_client(workers, ApiSettings(simulator.base_url, TOKEN)) as client,
    ):
        reply = await client.call(page())
    assert isinstance(reply, Reply)
    assert TOKEN not in repr(reply)


async def test_a_worker_that_cannot_reach_the_service_costs_nothing_and_comes_after_the_others(processes):
    async with (
        connected(processes) as workers,
        open_cluster_client(workers, ApiSettings("http://127.0.0.1:9", TOKEN)) as client,
    ):
        await workers_are_there(workers, 2)
        first = await workers.worker(None)
        failed = await client.call(page())
        assert failed.kind is FailureKind.NOT_SENT
        (other,) = [worker for worker in workers.workers if worker is not first]
        other.in_flight = 3
        assert await workers.worker(None) is other


async def test_where_nothing_leads_to_a_worker_the_scheduler_passes_calls_on(processes):
    async with Simulator(SimulatorSettings()) as simulator, connected(processes) as workers:
        for worker in workers.workers:
            worker.through = processes.address
        async with open_cluster_client(workers, ApiSettings(simulator.base_url, TOKEN)) as client:
            answers = [await client.call(page(number)) for number in range(1, 5)]
        assert {answer.code for answer in answers} == {0}
        assert len(simulator.bill.lines) == 4
    assert "proxy" in processes.printed("scheduler")
    assert TOKEN not in processes.printed("scheduler")


@pytest.mark.parametrize("way", ["direct", "by way of the scheduler"])
async def test_a_call_whose_connection_breaks_is_not_made_again(processes, way):
    async with (
        Simulator(SimulatorSettings(latency_seconds=(1.0, 1.0))) as simulator,
        connected(processes) as workers,
    ):
        await workers_are_there(workers, 2)
        if way != "direct":
            for worker in workers.workers:
                worker.through = processes.address
        async with open_cluster_client(workers, ApiSettings(simulator.base_url, TOKEN)) as client:
            called = asyncio.create_task(client.call(page()))
            while not simulator.bill.requests:
                await asyncio.sleep(0.02)
            for connections in list(workers.dask.rpc.occupied.values()):
                for connection in list(connections):
                    connection.abort()
            failed = await called
            await asyncio.sleep(2.0)  # in which somebody else would make it
    assert failed.kind is FailureKind.WORKER_LOST
    assert Policy(SEARCH_USER_V2).decide(failed).rule.charge is Charge.UNKNOWN
    assert simulator.bill.requests == 1


async def test_a_call_that_nobody_can_make_is_free_and_ends_the_run(processes):
    shutdown = Shutdown()
    async with (
        connected(processes, shutdown) as workers,
        open_cluster_client(workers, ApiSettings("http://127.0.0.1:9", TOKEN, worker="nobody")) as client,
    ):
        shutdown.request(Reason(ReasonCode.UNTIL))  # else somebody would be waited for
        failed = await client.call(page())
    assert isinstance(failed, CallFailed)
    decision = Policy(SEARCH_USER_V2).decide(failed, answered=True)
    assert (decision.rule.charge, decision.reason.code) == (Charge.FREE, ReasonCode.CLUSTER_LOST)


async def test_where_an_account_is_bound_to_somebody_who_does_not_come_nothing_is_begun(processes):
    async with Client(processes.address, asynchronous=True, set_as_default=False) as dask:
        with pytest.raises(ClusterError, match="no cluster worker of the name w9 has come"):
            async with watched(dask, Shutdown(), lambda event: None, 3.0, {"w1", "w9"}):
                pass


async def test_a_worker_that_is_not_there_was_sent_nothing(processes):
    async with connected(processes) as workers:
        nobody = ClusterWorker("tcp://127.0.0.1:9", "nobody", "tcp://127.0.0.1:9", workers.dask)
        with pytest.raises(NotReached):
            await nobody.ask("key", "fetch", page())
        with pytest.raises(NotReached):
            await reach(workers.dask, "tcp://127.0.0.1:9", "nobody", ())


async def test_the_worker_with_the_fewest_calls_in_flight_is_next(processes):
    async with connected(processes) as workers:
        await workers_are_there(workers, 2)
        busy, idle = workers.workers
        busy.in_flight = 3
        assert await workers.worker(None) is idle
        assert await workers.worker(busy.name) is busy
        workers.drop(idle)
        assert await workers.worker(None) is busy


async def workers_are_there(workers: Cluster, number: int) -> None:
    while len(workers.workers) < number:
        await asyncio.sleep(0.05)
