"""`crawler demo`: the whole story in a minute, against a simulator in this process."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crawler.cli.output import say
from crawler.cli.signals import stop_on_signals
from crawler.errors import InputError
from crawler.i18n import _
from crawler.keywords import identity
from crawler.model import Keyword
from crawler.reasons import EXIT_DONE, ReasonCode
from crawler.settings.run import RunSettings
from crawler.simulator import SimulatorSettings
from crawler.store.lock import hold
from crawler.summary import RunSummary
from crawler.ui.display import display
from crawler.ui.event_text import Level
from crawler.ui.program_name import db_argument, program_name
from crawler.ui.summary import summary_text
from crawler.ui.tally import Scale

if TYPE_CHECKING:
    from crawler.engine.shutdown import Shutdown
    from crawler.simulator import Simulator

STORY_DB = Path("data/story.db")
NICHES = tuple(
    [
        "穿搭",
        "小个子穿搭",
        "通勤穿搭",
        "美妆",
        "护肤",
        "敏感肌护肤",
        "发型",
        "美甲",
        "美食探店",
        "家常菜",
        "减脂餐",
        "烘焙",
        "旅行攻略",
        "露营",
        "亲子游",
        "育儿",
        "辅食",
        "健身",
        "瑜伽",
        "家居",
        "收纳",
        "猫咪",
        "读书",
        "摄影",
    ]
)
QUOTA = 60
WORLD = SimulatorSettings(
    seed=7,
    rate_limit=20,
    daily_quota=QUOTA,
    latency_seconds=(0.1, 0.4),
    faults={"301": 0.05, "503": 0.02},
    odd_share=0.01,
)


@click.command(
    help=_(
        """Watch a night from start to end with invented creators: no token, under a minute.

        A simulator of the API starts in this process. The night meets the API's rate limit, then its daily
        quota; the next day the same command continues, and no page is paid twice. The database is kept; each
        demo starts a new one.

        \b
        Examples:
          crawler demo
          crawler query top --db data/story.db
        """
    )
)
@click.option(
    "--db",
    type=click.Path(path_type=Path, dir_okay=False),
    default=STORY_DB,
    show_default=True,
    help=_("Where to keep the invented creators; any other file must not exist yet."),
)
def demo(db: Path) -> None:
    """Plays two days and shows how each ended."""
    if db != STORY_DB and db.exists():
        raise InputError(_("%s exists already: the demo writes only new files") % db)
    _remove(db)
    import asyncio

    summary = asyncio.run(_story(db))
    sys.exit(summary.exit_code)


def _remove(db: Path) -> None:
    """Removes the database of the demo before, with what belongs to it, unless it is being written."""
    with hold(db):
        for ending in ("", "-wal", "-shm"):
            db.with_name(db.name + ending).unlink(missing_ok=True)


async def _story(db: Path) -> RunSummary:
    from crawler.engine.shutdown import Shutdown
    from crawler.simulator import Simulator

    shutdown = Shutdown()
    stop_on_signals(shutdown, drain_seconds=10)
    async with Simulator(WORLD) as simulator:
        settings = RunSettings(
            token="demo",  # noqa: S106 - the simulator takes any
            db=db,
            base_url=simulator.base_url,
            rate="unlimited",
            refresh_after=timedelta(days=1),
        )
        _tell(_("A simulator plays the API at %s: it allows 20 calls a second and %d successful calls a day.")
              % (simulator.base_url, QUOTA))  # fmt: skip
        _tell(
            _("Day 1: %d keywords are due. Calls go as fast as they can (--rate unlimited), so that the rate "
              "limit slows all workers and the quota stops the run; by default a run finds the limit itself.")
            % len(NICHES)
        )  # fmt: skip
        await _crawl(settings, shutdown)
        if shutdown.reason is not None and shutdown.reason.code is ReasonCode.INTERRUPTED:
            return await _crawl(settings, shutdown)
        return await _second_day(settings, simulator)


async def _second_day(settings: RunSettings, simulator: Simulator) -> RunSummary:
    from crawler.engine.shutdown import Shutdown

    shutdown = Shutdown()
    stop_on_signals(shutdown, drain_seconds=10)
    _tell(_("Day 2: the quota is reset. The same command continues at each keyword's next page."))
    simulator.reset_quota()
    summary = await _crawl(settings, shutdown)
    bill = simulator.bill
    _tell(
        _("The simulator's bill: %(requests)d requests, %(charged)d charged; pages paid twice: %(twice)d.")
        % {"requests": bill.requests, "charged": bill.charged, "twice": len(bill.charged_twice())}
    )
    if summary.exit_code == EXIT_DONE:
        program = program_name()
        _tell(_("Now ask the database:"))
        for command in ("query top", "query overlap", "search 穿搭", "status"):
            say(f"  {program} {command}{db_argument(settings.db)}")
    return summary


async def _crawl(settings: RunSettings, shutdown: Shutdown) -> RunSummary:
    from crawler.run.crawl import run_crawl

    keywords = [Keyword(text, identity(text), source="demo") for text in NICHES]
    with display(Level.INFO, Scale(settings.rate)) as emit:
        summary = await run_crawl(settings, keywords, shutdown=shutdown, emit=emit)
    say(summary_text(summary, None))
    return summary


def _tell(text: str) -> None:
    say(f"\n{text}")
