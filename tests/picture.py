"""`make picture`: docs/report.png, the report on three invented nights as Chromium shows it.

    python -m tests.picture

Creators, pages and faults come from a seed, and the nights have fixed dates: the picture changes when the
report does, and hardly otherwise.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from crawler.analysis.report import Formatter, read_report, render
from crawler.cli.demo import NICHES, WORLD
from crawler.i18n import translations
from crawler.keywords import identity
from crawler.model import Keyword
from crawler.run.crawl import run_crawl
from crawler.run.dependencies import Dependencies
from crawler.settings.run import RunSettings
from crawler.simulator import Simulator
from crawler.store.readonly import open_readonly

PICTURE = Path(__file__).parents[1] / "docs" / "report.png"
SIZE = (900, 1180)  # a first look; the page goes on below
NIGHTS = 3
FIRST_NIGHT = datetime(2026, 11, 1, 17, 30, tzinfo=UTC)
MORNING = FIRST_NIGHT + timedelta(days=NIGHTS - 1, hours=6)
PRICE = Decimal("0.05")
CHROMIUM = shutil.which("chromium")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
)  # fmt: skip


async def crawl(db: Path) -> None:
    """Three nights; from one to the next some creators change and some are new."""
    keywords = [Keyword(text, identity(text), source="picture") for text in NICHES]
    world = replace(WORLD, rate_limit=None, daily_quota=None, latency_seconds=(0, 0), change_share=0.1)
    async with Simulator(world) as simulator:
        settings = RunSettings(token="demo", db=db, base_url=simulator.base_url, rate="unlimited", workers=1)
        for night in range(NIGHTS):
            simulator.settings = replace(world, night=night, new_share=0.1 * night)
            dependencies = Dependencies(random.Random(night), clock_from(FIRST_NIGHT + timedelta(days=night)))
            await run_crawl(settings, keywords, dependencies=dependencies)


def clock_from(begins: datetime) -> Callable[[], datetime]:
    """The time of day, were it `begins` now."""
    started = time.monotonic()
    return lambda: begins + timedelta(seconds=time.monotonic() - started)


def report(db: Path) -> str:
    """The report of the morning after the last night."""
    with closing(open_readonly(db)) as connection:
        found = read_report(connection, since=None, now=lambda: MORNING)
    return render(found, Formatter("en", translations("en"), PRICE), pictures=False)


def photograph(page: Path, picture: Path, profile: Path) -> None:
    """The beginning of `page` as a PNG."""
    width, height = SIZE
    command = [
        CHROMIUM, *FLAGS, f"--user-data-dir={profile}", f"--window-size={width},{height}",
        f"--screenshot={picture}", page.as_uri(),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=120)


def main() -> None:
    if CHROMIUM is None:
        sys.exit("needs Chromium (Debian package `chromium`)")
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        asyncio.run(crawl(folder / "creators.db"))
        page = folder / "report.html"
        page.write_text(report(folder / "creators.db"), encoding="utf-8")
        photograph(page, PICTURE, folder / "profile")
    print(f"{PICTURE}: {PICTURE.stat().st_size // 1024} KB")  # noqa: T201 - what the command is for


if __name__ == "__main__":
    main()
