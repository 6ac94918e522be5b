"""`make forecasts`: how far the forecasts were off that runs kept, over real nights against the simulator.

    TMPDIR=/dev/shm python -m tests.bench.forecasts [--seed N] [--worlds 20]

The real crawler and the real simulator in virtual time: worlds whose keywords, newcomers, rate limit and
latency are drawn from a fresh seed, seven nights each. The nights of a world read all, or have a cap in file
order or by yield; some are cut short by the daily quota.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

from crawler.forecast import Comparison
from crawler.library import keyword
from crawler.run.crawl import run_crawl
from crawler.run.dependencies import Dependencies, Parts
from crawler.settings.run import RunSettings
from crawler.simulator import Simulator, SimulatorSettings
from tests.bench.words import keyword_texts
from tests.simulation.play import at_once
from tests.simulation.virtual_time import WallClock, run

NIGHTS = 7
DAY_SECONDS = 86_400.0
WAYS = ("file order, in full", "file order, capped", "yield, capped")
CUT_SHORT = "cut short by the quota"
CUT_SHARE = 0.3
Held = dict[tuple[str, str], list[bool]]


def drawn(random: Random) -> tuple[SimulatorSettings, list[str]]:
    """A world and its keywords."""
    least = random.randint(1, 3)
    rate_limit, window_seconds = random.choice(((60, 60.0), (200, 60.0), (5, 1.0), (20, 1.0)))
    world = SimulatorSettings(
        seed=random.randrange(10**6),
        creators=random.choice((2_000, 10_000)),
        pages_per_keyword=(least, least + random.randint(1, 5)),
        new_share=random.choice((0.01, 0.03, 0.1)),
        latency_seconds=(0.3, random.uniform(0.5, 3.0)),
        rate_limit=rate_limit,
        rate_window_seconds=window_seconds,
        faults={"301": random.choice((0.0, 0.1))},
    )
    return world, random.sample(list(keyword_texts(2_000)), random.randint(40, 100))


async def nights(random: Random, db: Path, count: int = NIGHTS) -> list[tuple[str, str, Comparison]]:
    """Every figure of every night beside its forecast, with the way of the night."""
    world, texts = drawn(random)
    wall, found = WallClock(), []
    async with Simulator(world, now=wall) as simulator:
        settings = RunSettings("tok-1", db=db, base_url=simulator.base_url, refresh_after=timedelta(hours=6))
        full, usual, share = 0, random.choice(WAYS), random.uniform(0.1, 0.6)
        for night in range(count):
            # A night of the simulator has a day's newcomers, so that the first one begins a day as well.
            await asyncio.sleep(DAY_SECONDS - wall().timestamp() % DAY_SECONDS + random.uniform(0, 3_600))
            simulator.reset_quota()
            way = WAYS[0] if night == 0 else CUT_SHORT if random.random() < CUT_SHARE else usual
            some = max(5, round(full * share))
            quota = some // 2 if way == CUT_SHORT else None
            simulator.settings = replace(world, night=night, daily_quota=quota)
            summary = await run_crawl(
                replace(
                    settings,
                    calls_max=some if "capped" in way else None,
                    order="yield" if way == WAYS[2] else "file",
                ),
                [keyword(text) for text in texts],
                dependencies=Dependencies(random, wall, parts=Parts(offload=at_once)),
            )
            if night == 0:
                full = summary.calls.charged
            elif summary.forecast is not None:
                told = summary.forecast
                figures = (("calls", told.calls), ("minutes", told.minutes), ("new creators", told.creators))
                found += [(way, what, figure) for what, figure in figures if figure is not None]
    return found


def table(worlds: int, seed: int, count: int = NIGHTS) -> Iterator[str]:
    """How often the 80 % intervals of kept forecasts held."""
    held: Held = defaultdict(list)
    for number in range(worlds):
        with tempfile.TemporaryDirectory() as folder:
            for way, what, figure in run(nights(Random(seed + number), Path(folder) / "c.db", count)):
                if figure.held is not None and figure.low < figure.high:
                    held[what, way].append(figure.held)
                    held[what, "all"].append(figure.held)
    yield "| forecast of | nights | held | of |"
    yield "|---|---|---:|---:|"
    for (what, way), holds in sorted(held.items()):
        yield f"| {what} | {way} | {sum(holds) / len(holds):.0%} | {len(holds)} |"


def main() -> None:
    """Prints the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=None)
    options.add_argument("--worlds", type=int, default=20)
    given = options.parse_args()
    seed = secrets.randbelow(10**9) if given.seed is None else given.seed
    sys.stdout.write(f"seed {seed}\n\n")
    for line in table(given.worlds, seed):
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
