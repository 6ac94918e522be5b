"""`make year`: a year of nights in virtual time, with and without retention, its notices and its backups.

    python -m tests.bench.year [--nights 365] [--keywords 16] [--seed N] [--folder DIR]

Real crawler, real simulator, real files; only the time is virtual. Some nights meet trouble, drawn from the
seed: the quota ends, the service is out, the token is refused, the machine is off. After each night the
settings of retention hold and a backup is made; at the end both databases must tell the same of what was
spent and of what the order of calls goes by.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from crawler.analysis.status import read_status
from crawler.clock import shanghai_day
from crawler.keywords import identity
from crawler.maintenance.backup import back_up
from crawler.maintenance.backup_rotation import parse_keep
from crawler.maintenance.doctor.facts import (
    BackupFacts,
    DatabaseFacts,
    DiskFacts,
    Facts,
    KeywordFacts,
    ServiceFacts,
    TokenFacts,
)
from crawler.maintenance.doctor.finding import Level
from crawler.maintenance.doctor.last_run_checks import schedule
from crawler.maintenance.retention import sweep_after
from crawler.maintenance.verify import examine
from crawler.model import Keyword
from crawler.run.crawl import run_crawl
from crawler.run.dependencies import Dependencies, Parts
from crawler.settings.notices import NoticeKind
from crawler.settings.retention import Retention
from crawler.settings.run import RunSettings
from crawler.simulator import Fault, Simulator, SimulatorSettings
from crawler.store.page_history import pages_read
from crawler.store.readonly import open_readonly
from crawler.summary import RunSummary
from crawler.ui.notice_text import run_notice
from crawler.vendor.probe import Probe, Verdict
from crawler.vendor.search_user_v2 import SEARCH_USER_V2
from tests.simulation.play import at_once
from tests.simulation.virtual_time import BEGIN_SECONDS, run

FIRST_NIGHT = datetime(2026, 1, 1, 17, 30, tzinfo=UTC)
"""At half past one in Shanghai, as `crawler schedule` has it."""

WORLD_NIGHTS = 255
KEEP = "7d,4w"
WORDS = ("穿搭", "美食", "露营", "亲子", "护肤", "旅行", "健身", "咖啡", "手帐", "家居")
DETAILS = ("", "平价", "上海", "通勤", "小众", "新手")
TROUBLES = {None: 0.94, "quota": 0.02, "outage": 0.01, "token": 0.01, "off": 0.02}
OVERDUE_AFTER = timedelta(hours=26)


@dataclass(frozen=True, slots=True)
class Shape:
    """The year: how many nights and keywords, from which seed, and what is kept for how long."""

    nights: int
    keywords: int
    seed: int
    retention: Retention

    def trouble(self, night: int) -> str | None:
        """What goes wrong on a night; nothing on the first."""
        drawn = Random(f"{self.seed}/trouble/{night}").choices(list(TROUBLES), list(TROUBLES.values()))
        return drawn[0] if night else None

    def world(self, night: int) -> SimulatorSettings:
        """What the service has on a night."""
        settings = SimulatorSettings(
            seed=self.seed, night=night * WORLD_NIGHTS // max(1, self.nights - 1),
            creators=60 * self.keywords, pages_per_keyword=(2, 5), users_per_page=20,
            layouts={"A": 1.0, "B": 1.0}, change_share=0.05, new_share=0.0,
            latency_seconds=(0.1, 0.4), faults={Fault.CODE_301: 0.02},
        )  # fmt: skip
        match self.trouble(night):
            case "quota":
                return replace(settings, daily_quota=self.keywords)
            case "outage":
                return replace(settings, faults={Fault.CODE_503: 1.0})
            case "token":
                return replace(settings, tokens=("another",))
        return settings

    @property
    def words(self) -> list[Keyword]:
        texts = [detail + word for detail in DETAILS for word in WORDS][: self.keywords]
        return [Keyword(text, identity(text)) for text in texts]


@dataclass(slots=True)
class Month:
    """What a month ended with: sizes in bytes, rows, backups; and what was told in it."""

    name: str
    told: Counter[NoticeKind] = field(default_factory=Counter)
    charged: int = 0
    file_bytes: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    backups: int = 0
    backups_bytes: int = 0


@dataclass(slots=True)
class Year:
    """A year as it was lived: month by month, titles of notices, calls on the service's bill."""

    db: Path
    months: list[Month] = field(default_factory=list)
    titles: Counter[str] = field(default_factory=Counter)
    charged: int = 0


TABLES = ("users", "sightings", "changes", "calls", "pages", "replies", "pruned_calls", "pruned_pages")


# Free calls are told by day; by keyword they go with their rows.
PERFORMANCE = """
SELECT keyword, creators, new_creators, charged, creators_per_charge, state
  FROM keyword_performance
 ORDER BY keyword
"""


def live(shape: Shape, folder: Path, *, backups: bool) -> Year:
    """Lives through the nights with a database in `folder`."""
    year = Year(folder / "creators.db")
    for night in range(shape.nights):
        begin = FIRST_NIGHT + timedelta(days=night)
        name = shanghai_day(begin)[:7]
        if not year.months or year.months[-1].name != name:
            year.months.append(Month(name))
        month = year.months[-1]
        if shape.trouble(night) == "off":
            if _overdue(year.db, begin):
                month.told[NoticeKind.SILENT] += 1
                year.titles["Nothing was heard of the last night"] += 1
            continue
        summary, charged = run(_night(shape, night, begin, year.db))
        summary = sweep_after(summary, shape.retention, now=lambda begin=begin: begin + timedelta(hours=1))
        month.charged += charged
        year.charged += charged
        notice = run_notice(summary, "crawler run")
        month.told[notice.kind] += 1
        year.titles[notice.title.rpartition(": ")[2] if notice.kind is not NoticeKind.DONE else "done"] += 1
        if backups:
            back_up(year.db, None, parse_keep(KEEP), now=lambda begin=begin: begin + timedelta(hours=2))
        _measure(year.db, month)
    return year


async def _night(shape: Shape, night: int, begin: datetime, db: Path) -> tuple[RunSummary, int]:
    loop = asyncio.get_running_loop()

    def wall() -> datetime:
        return begin + timedelta(seconds=loop.time() - BEGIN_SECONDS)

    async with Simulator(shape.world(night), now=wall) as simulator:
        settings = RunSettings("t", db, simulator.base_url, rate="unlimited", price="0.05CNY")
        parts = Dependencies(Random(f"{shape.seed}/{night}"), wall, parts=Parts(offload=at_once))
        summary = await run_crawl(settings, shape.words, dependencies=parts)
        return summary, simulator.bill.charged


def _overdue(db: Path, begin: datetime) -> bool:
    """Whether `crawler doctor --tell` at nine would say that nothing was heard."""
    at_nine = begin + timedelta(hours=7, minutes=30)
    with closing(open_readonly(db)) as connection:
        status = read_status(
            connection, endpoint_id=SEARCH_USER_V2.id, refresh_after=timedelta(hours=20), now=lambda: at_nine
        )
    probe = Probe(None, None, None, Verdict.UNTOLD, None)
    facts = Facts(
        at_nine, TokenFacts("", None), ServiceFacts("", False, probe),
        DatabaseFacts(db, there=True, status=status), DiskFacts(db.parent, True, True, None), KeywordFacts(),
        BackupFacts(db.parent), (), None, OVERDUE_AFTER,
    )  # fmt: skip
    return schedule(facts).level is Level.BAD


def _measure(db: Path, month: Month) -> None:
    with closing(sqlite3.connect(db)) as connection:
        pages, size = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size")
        )
        month.file_bytes = pages * size
        month.rows = {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES
        }
    kept = [*(db.parent / "backups").glob("*.db")]
    month.backups, month.backups_bytes = len(kept), sum(file.stat().st_size for file in kept)


def told_alike(with_retention: Year, without: Year, shape: Shape) -> dict[str, bool]:
    """What must be the same in both databases at the end, and whether it is."""
    end = FIRST_NIGHT + timedelta(days=shape.nights)
    spend, order, keywords, gaps = [], [], [], []
    for year in (with_retention, without):
        with closing(open_readonly(year.db)) as connection:
            spend.append([tuple(row) for row in connection.execute("SELECT * FROM daily_spend ORDER BY day")])
            order.append(list(pages_read(connection, endpoint_id=SEARCH_USER_V2.id, now=lambda: end)))
            keywords.append([tuple(row) for row in connection.execute(PERFORMANCE)])
            gaps.append(len(examine(connection).gaps))
    charged = sum(row[2] for row in spend[0])
    return {
        "what each day cost": spend[0] == spend[1],
        "charged calls as on the service's bill": charged == with_retention.charged,
        "what the order of calls goes by": order[0] == order[1],
        "what each keyword cost and brought": keywords[0] == keywords[1],
        "crawler verify finds no gap": gaps == [0, 0],
    }


def tables(with_retention: Year, without: Year, alike: dict[str, bool]) -> Iterator[str]:
    """The year as tables."""
    yield (
        "| month | charged calls | file, MB | without retention, MB | calls kept | replies kept "
        "| changes kept | backups | of them, MB | done | stopped | failed | silent |"
    )
    yield "|---" + "|---:" * 12 + "|"
    for month, other in zip(with_retention.months, without.months, strict=True):
        told = " | ".join(str(month.told[each]) for each in NoticeKind)
        yield (
            f"| {month.name} | {month.charged:,} | {month.file_bytes / 1e6:.1f} "
            f"| {other.file_bytes / 1e6:.1f} | {month.rows['calls']:,} | {month.rows['replies']:,} "
            f"| {month.rows['changes']:,} | {month.backups} | {month.backups_bytes / 1e6:.1f} | {told} |"
        )
    yield ""
    for title, times in with_retention.titles.most_common():
        yield f"{times:4} × {title}"
    yield ""
    for what, same in alike.items():
        yield f"{'yes' if same else 'NO':4} {what}"


def main() -> None:
    """Lives the year twice and prints it; exits with 1 where both do not tell the same."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--nights", type=int, default=365)
    parser.add_argument("--keywords", type=int, default=16)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument(
        "--folder", type=Path, help="Where the databases stay; by default they are thrown away."
    )
    given = parser.parse_args()
    days = timedelta(days=1)
    shape = Shape(given.nights, given.keywords, given.seed, Retention(60 * days, 60 * days, 90 * days))
    print(f"seed {given.seed}: {given.nights} nights, {given.keywords} keywords")  # noqa: T201 - for people
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        years = []
        for name, retention in (("with", shape.retention), ("without", Retention())):
            (folder / name).mkdir(parents=True)
            years.append(live(replace(shape, retention=retention), folder / name, backups=name == "with"))
        alike = told_alike(*years, shape)
        for line in tables(*years, alike):
            print(line)  # noqa: T201 - for people
    sys.exit(not all(alike.values()))


if __name__ == "__main__":
    main()
