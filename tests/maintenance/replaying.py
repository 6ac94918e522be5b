"""What a replay has to bring back, read without the crawler."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

from crawler.endpoint import Endpoint
from crawler.model import Keyword
from crawler.run.crawl import run_crawl
from crawler.run.dependencies import Dependencies, Parts
from crawler.settings.run import RunSettings
from crawler.simulator import EndStyle, Fault, Simulator, SimulatorSettings
from crawler.vendor.search_user_v2 import SEARCH_USER_V2
from tests.simulation import snapshot
from tests.simulation.play import WITHOUT_WAITING
from tests.simulation.virtual_time import WallClock, run

WORDS = ("穿搭", "露营", "美食", "亲子", "护肤")
DAY_SECONDS = 86_400.0
UNREAD = (Fault.NO_USERS, Fault.NULL_DATA, Fault.UNKNOWN_CODE, Fault.CODE_301, Fault.DROP)


def world(seed: int) -> SimulatorSettings:
    """A small world in which much goes on: red_ids move, entries lack their ids, answers make no sense."""
    rng = Random(seed)
    return SimulatorSettings(
        seed=seed,
        creators=rng.choice((12, 40, 120)),
        pages_per_keyword=(1, 3),
        users_per_page=rng.choice((4, 8)),
        layouts={"A": 1.0, "B": 1.0, "C": 1.0},
        odd_share=rng.choice((0.1, 0.4)),
        repeat_share=0.3,
        change_share=0.5,
        move_share=0.5,
        new_share=0.2,
        no_content_share=0.3,
        end_style=rng.choice((EndStyle.EMPTY, EndStyle.REPEAT)),
        latency_seconds=rng.choice(((0.0, 0.0), (0.1, 3.0))),
        faults=dict.fromkeys(UNREAD, rng.choice((0.0, 0.04))),
    )


def crawl_nights(
    db: Path,
    settings: SimulatorSettings,
    nights: int = 3,
    *,
    archive: Sequence[bool] = (True,),
    endpoint: Endpoint = SEARCH_USER_V2,
) -> None:
    """Crawls so many nights of a world into `db`, in virtual time; by turns with and without `archive`."""
    run(_crawl_nights(db, settings, nights, archive, endpoint))


async def _crawl_nights(
    db: Path, settings: SimulatorSettings, nights: int, archive: Sequence[bool], endpoint: Endpoint
) -> None:
    wall = WallClock()
    async with Simulator(settings, now=wall) as simulator:
        for night in range(nights):
            simulator.settings = replace(settings, night=night)
            night_settings = RunSettings(
                "t", db, simulator.base_url, rate="unlimited", refresh_after=timedelta(hours=20),
                archive=archive[night % len(archive)], workers=8,
            )  # fmt: skip
            keywords = [Keyword(text, text) for text in WORDS]
            dependencies = Dependencies(Random(night), wall, endpoint, parts=Parts(**WITHOUT_WAITING))
            await run_crawl(night_settings, keywords, dependencies=dependencies)
            await asyncio.sleep(DAY_SECONDS)


DERIVED = {
    "users": "SELECT * FROM users ORDER BY id",
    "sightings": """
        SELECT endpoint_id, keyword_id, users.id, generation, sightings.first_seen_at, first_page, first_rank,
               sightings.last_seen_at, last_page, last_rank
          FROM sightings
          LEFT JOIN users ON users.key = user_key
         ORDER BY keyword_id, users.id""",
    "changes": """
        SELECT users.id, field, old, new, old_fans, new_fans, changed_at, run_id
          FROM changes
          LEFT JOIN users ON users.key = user_key
         ORDER BY changes.id""",
    "rejects": """
        SELECT run_id, endpoint_id, keyword_id, call_id, page, rank, reason, reason_details, entry,
               rejected_at
          FROM rejects
         ORDER BY rejected_at, keyword_id, page, rank""",
    "pages": "SELECT * FROM pages ORDER BY id",
    "replies": "SELECT * FROM replies ORDER BY page_id",
    "calls": "SELECT * FROM calls ORDER BY id",
    "checkpoints": "SELECT * FROM checkpoints ORDER BY keyword_id",
    "keywords": "SELECT * FROM keywords ORDER BY id",
    "runs": "SELECT * FROM runs ORDER BY id",
    "settings": "SELECT * FROM settings ORDER BY name",
    "archive": "SELECT * FROM archive",
    "replays": "SELECT * FROM replays",
}
"""Everything a replay writes or copies, in words that do not depend on the numbers of its rows."""


def told(db: Path) -> dict[str, list[tuple[object, ...]]]:
    """What the database at `db` says; creators without their row numbers."""
    with closing(sqlite3.connect(db)) as connection:
        found = {name: connection.execute(query).fetchall() for name, query in DERIVED.items()}
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return found | {"users": [row[1:] for row in found["users"]]}


def rows(db: Path, query: str, *values: object) -> list[tuple[object, ...]]:
    """What the database at `db` answers; what is written stays."""
    with closing(sqlite3.connect(db)) as connection, connection:
        return connection.execute(query, values).fetchall()


def dump(db: Path) -> list[str]:
    """Every row of every table."""
    return snapshot.dump(db, without=())


def differences(one: Path, other: Path) -> dict[str, tuple[list[object], list[object]]]:
    """By table, the rows that only one of two databases has."""
    left, right = told(one), told(other)
    return {
        name: ([row for row in left[name] if row not in right[name]],
               [row for row in right[name] if row not in left[name]])
        for name in left
        if left[name] != right[name]
    }  # fmt: skip
