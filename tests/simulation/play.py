"""Plays a scenario: the real crawler against the real simulator over loopback, in virtual time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from crawler.account import Account
from crawler.engine.events import Event
from crawler.engine.shutdown import Shutdown
from crawler.errors import CrawlerError
from crawler.keywords import identity
from crawler.maintenance.replay import replay
from crawler.model import Keyword
from crawler.money import Money, read_money
from crawler.reasons import Reason, ReasonCode
from crawler.run.crawl import run_crawl
from crawler.run.dependencies import Dependencies, Parts
from crawler.settings.run import RunSettings
from crawler.simulator import Line, Simulator, Truth
from crawler.store.disk_reserve import DiskReserve
from crawler.summary import RunSummary
from tests.simulation.crashes import CrashPlan, Family, crashing
from tests.simulation.scenario import EndingKind, Life, Scenario
from tests.simulation.snapshot import Snapshot, dump, snapshot
from tests.simulation.virtual_time import WallClock, run

TOKEN = "tok-5f1c0ffee5ecre7"
LEAVE_AFTER_SECONDS = 0.7
INTERRUPTED = Reason(ReasonCode.INTERRUPTED, {"signal": "SIGTERM", "signal_number": 15})


@dataclass(frozen=True, slots=True)
class RunResult:
    """A run that was played. Times are of the loop's clock; `summary` is None for one that was killed."""

    life: Life
    settings: RunSettings
    begun: float
    ended: float
    stop_asked: float | None
    left: float | None
    summary: RunSummary | None
    error: str | None
    met_its_ending: bool
    after: Snapshot

    @property
    def killed(self) -> bool:
        """Whether it never came to its end."""
        return self.summary is None


@dataclass(slots=True)
class History:
    """Everything that happened in a scenario, as the simulator saw it and as the database tells it."""

    scenario: Scenario
    folder: Path
    truth: Truth
    lived: list[RunResult] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)
    dumps: list[list[str]] = field(default_factory=list)
    replays: list[list[str]] = field(default_factory=list)
    files: bytes = b""

    @property
    def trace(self) -> list[str]:
        """What two plays of the same scenario must have in common: all but the place of the database."""
        return [repr(each).replace(str(self.folder), "") for each in (*self.lines, *self.events)]


class _Listener(logging.Handler):
    def __init__(self, heard: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self._heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        self._heard.append(f"{record.levelname} {record.name} {self.format(record)}")


def play(
    scenario: Scenario, folder: Path, prepare: Callable[[Simulator], None] = lambda _: None, **parts: Any
) -> History:
    """The history of a scenario, its database made in `folder`. `prepare` gets the simulator before the first
    run; `parts` replace fields of `crawler.run.crawl.Parts` and `Dependencies`."""
    return run(_play(scenario, folder, prepare, parts))


async def at_once(work: Callable[[], Any]) -> Any:
    """What `work` gives: no thread, so that the same program gives the same trace."""
    return work()


def no_room(_file: int, _start: int, _size: int) -> None:
    """Takes no room: in memory it would be written, and no disk is full here but where a scenario says so."""


WITHOUT_WAITING = {"offload": at_once, "reserve": partial(DiskReserve, allocate=no_room)}
"""Parts of every run that is played."""


async def _play(
    scenario: Scenario, folder: Path, prepare: Callable[[Simulator], None], parts: Mapping[str, Any]
) -> History:
    wall = WallClock()
    family = Family()
    asyncio.get_running_loop().set_task_factory(family)
    async with Simulator(scenario.service, now=wall) as simulator:
        texts = [text for text, _limit in scenario.keywords]
        pages_max = max(limit or scenario.pages_max for _text, limit in scenario.keywords)
        history = History(scenario, folder, simulator.truth(texts, pages_max))
        root, listener = logging.getLogger(), _Listener(history.logged)
        level = root.level
        root.addHandler(listener)
        root.setLevel(logging.DEBUG)
        try:
            prepare(simulator)
            player = _Player(simulator, history, folder / "creators.db", wall, family, parts)
            for life in scenario.lives:
                if life.new_day:
                    simulator.reset_quota()
                await player.live(life)
                await asyncio.sleep(life.gap_seconds)
            simulator.settings = scenario.refreshing_service
            for life in (scenario.last_life, *scenario.refreshing) if scenario.refreshing else ():
                await player.live(life)
                await asyncio.sleep(life.gap_seconds)
            simulator.settings = scenario.peaceful_service
            for _time in range(2):  # the second finds nothing to do
                await player.live(scenario.last_life)
                history.dumps.append(dump(folder / "creators.db"))
                await asyncio.sleep(1.0)
            history.lines = simulator.bill.lines
            history.files = b"".join(path.read_bytes() for path in sorted(folder.iterdir()))
        finally:
            root.setLevel(level)
            root.removeHandler(listener)
    return history


@dataclass(frozen=True, slots=True)
class _Player:
    simulator: Simulator
    history: History
    db: Path
    wall: WallClock
    family: Family
    parts: Mapping[str, Any]

    async def live(self, life: Life) -> None:
        """Plays one run and adds it to the history, with the replay that may follow it."""
        loop = asyncio.get_running_loop()
        settings = RunSettings(
            token=TOKEN, db=self.db, base_url=self.simulator.base_url, workers=life.workers, rate=life.rate,
            pages_max=self.history.scenario.pages_max, calls_max=life.calls_max,
            calls_max_per_day=life.calls_max_per_day,
            refresh_after=timedelta(0) if life.refreshes else timedelta(days=365),
            refresh=life.refresh, stop_below=life.stop_below, aim=life.aim,
            timeout_seconds=life.timeout_seconds, order=life.order or self.history.scenario.order,
            price=life.price,
            budget=life.budget, budget_per_day=life.budget_per_day, until=self._until(life),
            wait_for_quota=life.wait_for_quota, accounts=self._accounts(life),
        )  # fmt: skip
        doom, stop, number = CrashPlan(life.ending), Shutdown(), len(self.history.lived)
        asked: dict[str, float] = {}
        begun = loop.time()
        self._schedule(life, doom, stop, asked)
        head = self.family.found(
            run_crawl(
                settings,
                self._keywords(),
                shutdown=stop,
                emit=self.history.events.append,
                dependencies=self._dependencies(doom, number),
            )
        )
        dead = loop.create_task(doom.dead.wait())
        await asyncio.wait({head, dead}, return_when=asyncio.FIRST_COMPLETED)
        ended = loop.time()
        if not doom.dead.is_set():
            dead.cancel()
        await self.family.end(head)
        summary, error = _result(head, doom)
        self.history.lived.append(
            RunResult(
                life, settings, begun, ended, asked.get("stop"), asked.get("leave"), summary, error, doom.met,
                snapshot(self.db),
            )
        )  # fmt: skip
        if life.replayed:
            self.history.replays.append(self._replay())

    def _replay(self) -> list[str]:
        """The rows that reading the whole archive again has changed."""
        if not self.db.exists():  # the run was killed before it made one
            return []
        before = dump(self.db)
        replay(self.db, now=self.wall)
        return sorted(set(before) ^ set(dump(self.db)))

    def _dependencies(self, doom: CrashPlan, number: int) -> Dependencies:
        own = {field.name for field in fields(Parts)}
        parts = {name: part for name, part in self.parts.items() if name in own}
        others = {name: part for name, part in self.parts.items() if name not in own}
        rng = Random(f"{self.history.scenario.seed}/{number}")
        return Dependencies(
            rng, self.wall, parts=Parts(crashing(doom), **{**WITHOUT_WAITING, **parts}), **others
        )

    def _accounts(self, life: Life) -> tuple[Account, ...]:
        return tuple(
            Account(
                each.name, each.token, self.simulator.base_url, each.rate or life.rate, _money(each.price),
                each.calls_max, each.calls_max_per_day, _money(each.budget), _money(each.budget_per_day),
            )
            for each in life.accounts
        )  # fmt: skip

    def _until(self, life: Life) -> datetime | None:
        seconds = life.until_seconds
        return None if seconds is None else self.wall() + timedelta(seconds=seconds)

    def _keywords(self) -> list[Keyword]:
        return [
            Keyword(text, identity(text), pages_max=limit) for text, limit in self.history.scenario.keywords
        ]

    def _schedule(self, life: Life, doom: CrashPlan, stop: Shutdown, asked: dict[str, float]) -> None:
        loop = asyncio.get_running_loop()

        def drain() -> None:
            if not stop.requested:
                asked["stop"] = loop.time()
                stop.request(INTERRUPTED)

        def leave() -> None:
            asked["leave"] = loop.time()
            stop.force()

        match life.ending.kind:
            case EndingKind.KILL_AT:
                loop.call_later(life.ending.seconds, doom.kill)
            case EndingKind.DRAIN:
                loop.call_later(life.ending.seconds, drain)
            case EndingKind.LEAVE:
                loop.call_later(life.ending.seconds, drain)
                loop.call_later(life.ending.seconds + LEAVE_AFTER_SECONDS, leave)


def _money(text: str | None) -> Money | None:
    return None if text is None else read_money(text)


def _result(head: asyncio.Task[RunSummary], doom: CrashPlan) -> tuple[RunSummary | None, str | None]:
    """The summary, or how the run broke if nobody killed it."""
    try:
        return head.result(), None
    except BaseException as exc:  # Death comes in groups too, and what a dying process shouts is not heard
        if doom.dead.is_set():
            return None, None
        if isinstance(exc, CrawlerError):
            return None, str(exc)
        if isinstance(exc, Exception | asyncio.CancelledError):
            return None, repr(exc)
        raise
