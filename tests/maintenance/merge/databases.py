"""Databases to be merged, crawled from one world of the simulator as by several machines, in virtual time."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from random import Random

from crawler.model import Keyword
from crawler.run.crawl import Dependencies, run_crawl
from crawler.run.dependencies import Parts
from crawler.settings.run import RunSettings
from crawler.simulator import Simulator, SimulatorSettings
from tests.maintenance.replaying import DAY_SECONDS, WORDS, world
from tests.simulation.play import WITHOUT_WAITING
from tests.simulation.virtual_time import WallClock, run

TABLES = (
    "users", "sightings", "changes", "pages", "calls", "checkpoints", "runs", "keywords", "rejects",
    "replies",
    "older_facts", "lost_red_ids", "pruned_runs", "pruned_calls", "pruned_prices", "pruned_pages",
    "pruned_quotas", "rate_limits", "replays", "settings", "endpoints", "archive", "not_asked",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Machine:
    """Which keywords it crawls, from which day on, for how many nights, and the calls it may pay a night."""

    words: tuple[str, ...] = WORDS
    first_day: int = 0
    nights: int = 2
    calls_max: int | None = None
    keywords_max_pages: int = 50


def crawl(
    db: Path,
    machine: Machine,
    settings: SimulatorSettings | None = None,
    seed: int = 3,
    minutes: float | None = None,
) -> None:
    """Crawls the machine's nights into `db`, which may be there already; `minutes` after the hour."""
    # No two runs begin at the same moment: nobody could tell them apart.
    later = Random(db.name).random() * 60 if minutes is None else minutes
    run(_crawl(db, machine, settings or world(seed), later * 60))


async def _crawl(db: Path, machine: Machine, settings: SimulatorSettings, later_seconds: float) -> None:
    wall = WallClock()
    await asyncio.sleep(machine.first_day * DAY_SECONDS + later_seconds)
    async with Simulator(settings, now=wall) as simulator:
        for night in range(machine.nights):
            simulator.settings = replace(settings, night=machine.first_day + night)
            night_settings = RunSettings(
                "t", db, simulator.base_url, rate="unlimited", refresh_after=timedelta(hours=20),
                calls_max=machine.calls_max, pages_max=machine.keywords_max_pages, workers=4,
            )  # fmt: skip
            keywords = [Keyword(text, text, source=f"{db.stem}.txt:1") for text in machine.words]
            dependencies = Dependencies(Random(night), wall, parts=Parts(**WITHOUT_WAITING))
            await run_crawl(night_settings, keywords, dependencies=dependencies)
            await asyncio.sleep(DAY_SECONDS)


def rows(db: Path, query: str, *values: object) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(db)) as connection, connection:
        return connection.execute(query, values).fetchall()


def contents(db: Path, tables: Sequence[str] = TABLES) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, numbers of rows included."""
    return {table: sorted(rows(db, f"SELECT * FROM {table}"), key=repr) for table in tables}
