"""`make clusters`: calls a second on workers of this machine, and what the way to them adds to a call.

The same calls by the same client, made in this process and on `--cluster local:N`: as many as go with so
many in flight, then at fixed paces. Then whole nights, everything durable. The simulator is a process of its
own. Told is the least disturbed of several rounds; CPU time says the same on a machine that others use too.
"""

import argparse
import asyncio
import logging
import random
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from statistics import median

import psutil

from crawler.cluster.client import open_cluster_client
from crawler.cluster.opening import open_cluster
from crawler.engine.interfaces import Client
from crawler.engine.shutdown import Shutdown
from crawler.keywords import read_keywords
from crawler.model import PageRequest, Reply
from crawler.run.crawl import run_crawl
from crawler.run.dependencies import Dependencies
from crawler.settings.run import RunSettings
from crawler.vendor.client import ApiSettings, open_api
from crawler.vendor.search_user_v2 import SEARCH_USER_V2
from tests.bench.serving import serving
from tests.bench.words import keyword_texts
from tests.cluster.side_by_side import side_by_side

WORLD = {"creators": 100_000, "pages_per_keyword": [10, 10], "lines_max": 10}
WARM_UP = 200
MILLISECONDS = 1000.0

Opened = Callable[[], AbstractAsyncContextManager[Client]]


def write(text: str) -> None:
    """A line of the result, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


async def call(client: Client, number: int) -> float:
    """Seconds that one call took."""
    query = {"keyword": f"穿搭{number % 20}", "page": str(1 + number % 10)}
    begun = time.perf_counter()
    reply = await client.call(PageRequest(SEARCH_USER_V2.path, query))
    assert isinstance(reply, Reply) and reply.code == 0, reply
    return time.perf_counter() - begun


def cpu_seconds() -> float:
    """CPU time of this process and of its workers, which are there all the while."""
    workers = [each for each in psutil.Process().children() if "spawn_main" in " ".join(each.cmdline())]
    return sum(sum(each.cpu_times()[:2]) for each in (psutil.Process(), *workers))


async def saturated(client: Client, calls: int, in_flight: int) -> tuple[float, float]:
    """Calls a second, where each ends before its place is taken by the next, and CPU seconds of one."""
    numbers = iter(range(calls))

    async def worker() -> None:
        for number in numbers:
            await call(client, number)

    begun, begun_cpu = time.perf_counter(), cpu_seconds()
    await asyncio.gather(*[worker() for _ in range(in_flight)])
    return calls / (time.perf_counter() - begun), (cpu_seconds() - begun_cpu) / calls


async def paced(client: Client, calls: int, per_second: float) -> list[float]:
    """Seconds that each of the calls took, begun at a fixed pace whatever becomes of those before."""
    loop = asyncio.get_running_loop()
    begun, tasks = loop.time(), []
    for number in range(calls):
        await asyncio.sleep(max(0.0, begun + number / per_second - loop.time()))
        tasks.append(asyncio.create_task(call(client, number)))
    return await asyncio.gather(*tasks)


async def compare(options: argparse.Namespace) -> None:
    """Prints the table of calls, each way measured in turn."""
    with serving(WORLD, replay=True) as base_url:
        settings = ApiSettings(base_url, "bench")
        async with open_cluster(f"local:{options.workers}", Shutdown(), lambda event: None) as cluster:
            ways: dict[str, Opened] = {
                "in one process": partial(open_api, settings),
                f"local:{options.workers}": partial(open_cluster_client, cluster, settings),
            }
            rates: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
            medians: dict[tuple[str, int], list[float]] = {
                (name, pace): [] for name in ways for pace in options.paces
            }
            for turn in range(options.rounds):
                for name in list(ways)[:: 1 if turn % 2 else -1]:
                    async with ways[name]() as client:
                        await saturated(client, WARM_UP, options.in_flight)
                        rates[name].append(await saturated(client, options.calls, options.in_flight))
                        for pace in options.paces:
                            medians[name, pace].append(median(await paced(client, options.calls, pace)))
    write(f"{options.calls} calls, {options.in_flight} in flight, {options.rounds} rounds.\n")
    heads = [f"ms of a call at {pace}/s, median" for pace in options.paces]
    write(
        "| | calls/s | CPU, ms a call | " + " | ".join(heads) + " |\n|---" + "|---:" * (2 + len(heads)) + "|"
    )
    for name in ways:
        told = [f"{min(medians[name, pace]) * MILLISECONDS:.1f}" for pace in options.paces]
        per_second, cpu_of_one = zip(*rates[name], strict=True)
        write(
            f"| {name} | {max(per_second):.0f} | {min(cpu_of_one) * MILLISECONDS:.2f} | "
            + " | ".join(told)
            + " |"
        )


async def night(base_url: str, keywords: Path, cluster: str | None, in_flight: int) -> float:
    """Pages a second of a whole run from its first call on, on a new database."""
    with tempfile.TemporaryDirectory(dir="data") as folder:
        settings = RunSettings(
            "bench", db=Path(folder) / "bench.db", base_url=base_url, workers=in_flight, rate="unlimited",
            cluster=cluster,
        )  # fmt: skip
        summary = await run_crawl(
            settings, read_keywords([keywords]), dependencies=Dependencies(random.Random(1))
        )
    assert summary.exit_code == 0, summary
    return summary.calls.charged / summary.seconds


async def nights(options: argparse.Namespace) -> None:
    """Prints the table of whole nights."""
    found: dict[str | None, list[float]] = {None: [], f"local:{options.workers}": []}
    with tempfile.TemporaryDirectory() as folder, serving(WORLD, replay=True) as base_url:
        keywords = Path(folder) / "keywords.txt"
        keywords.write_text("\n".join(keyword_texts(options.keywords)), encoding="utf-8")
        for _round in range(options.rounds):
            for cluster, rates in found.items():
                rates.append(await night(base_url, keywords, cluster, options.in_flight))
    write(f"\nWhole nights of {options.keywords} keywords of 11 pages.\n\n| | pages/s |\n|---|---:|")
    for cluster, rates in found.items():
        write(f"| {cluster or 'in one process'} | {max(rates):.0f} |")


def main() -> None:
    """Prints both tables as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--calls", type=int, default=3000)
    parser.add_argument("--paces", type=int, nargs="*", default=[50, 300])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keywords", type=int, default=300)
    parser.add_argument("--killed", action="store_true", help="One night while workers are killed, instead.")
    options = parser.parse_args()
    if options.killed:
        write(side_by_side())
        return
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    asyncio.run(compare(options))
    asyncio.run(nights(options))


if __name__ == "__main__":
    main()
