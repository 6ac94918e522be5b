"""What a seed draws: a workload, trouble on the wire, and a chain of runs that end in all manner of ways."""

from __future__ import annotations

import enum
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from crawler.simulator import BalanceWay, EndStyle, Fault, HttpWay, SimulatorSettings

WORDS = (
    "穿搭", "显高穿搭", "通勤穿搭", "美食", "探店美食", "露营", "亲子", "亲子露营", "护肤", "平价护肤",
    "旅行", "旅行穿搭", "健身", "咖啡", "Camping",
)  # fmt: skip
RATES = ("unlimited", "auto", "auto:20/s", "50/s", "20/s", "7.5/s", "3/s", "90/m", "40/m")
TRANSIENT = (
    Fault.CODE_301, Fault.CODE_500, Fault.CODE_503, Fault.HTML, Fault.NO_BODY, Fault.DROP,
    Fault.DROP_PAID, Fault.DROP_REUSED, Fault.CUT, Fault.HANG, Fault.UNKNOWN_CODE,
    Fault.NO_USERS, Fault.NULL_DATA,
)  # fmt: skip


class EndingKind(enum.Enum):
    """How a run ends, if it does not end by itself before that."""

    NATURAL = enum.auto()
    KILL_AT = enum.auto()  # killed at a moment
    KILL_BEFORE = enum.auto()  # killed before its n-th SQL statement
    DRAIN = enum.auto()  # told once to stop
    LEAVE = enum.auto()  # told once, and a little later told to leave at once


class Refusal(enum.Enum):
    """Why the database refuses statements; the value is SQLite's word and code for it."""

    FULL = ("database or disk is full", sqlite3.SQLITE_FULL)
    BROKEN = ("disk I/O error", sqlite3.SQLITE_IOERR)
    READ_ONLY = ("attempt to write a readonly database", sqlite3.SQLITE_READONLY)
    MALFORMED = ("database disk image is malformed", sqlite3.SQLITE_CORRUPT)
    LOCKED = ("database is locked", sqlite3.SQLITE_BUSY)


@dataclass(frozen=True, slots=True)
class Ending:
    """`seconds` counts from the run's beginning, `statement` from 1. With a `refusal` the database refuses
    `refused` statements from that one on, and the run ends as it will."""

    kind: EndingKind = EndingKind.NATURAL
    seconds: float = 0.0
    statement: int = 0
    refusal: Refusal | None = None
    refused: int = 1_000_000_000


@dataclass(frozen=True, slots=True)
class AccountLife:
    """One account in one run; what is None it has from the run, or has not."""

    name: str
    rate: str | None = None
    price: str | None = None
    calls_max: int | None = None
    calls_max_per_day: int | None = None
    budget: str | None = None
    budget_per_day: str | None = None

    @property
    def token(self) -> str:
        """A secret of its own."""
        return f"tok-{self.name}-acc0117e55ecre7"


@dataclass(frozen=True, slots=True)
class Life:
    """One run: its settings, how it ends, and the pause after it; `new_day` refills the quota before it, and
    `until_seconds` after its beginning is its `--until`. A run that `refreshes` finds every finished keyword
    due again. `order` is the scenario's where it is None. `replayed`: the archive is read again after it.
    Without `accounts` there is the one token."""

    workers: int = 8
    rate: str = "unlimited"
    calls_max: int | None = None
    calls_max_per_day: int | None = None
    timeout_seconds: float = 60.0
    ending: Ending = Ending()
    gap_seconds: float = 1.0
    new_day: bool = False
    price: str | None = None
    budget: str | None = None
    budget_per_day: str | None = None
    until_seconds: float | None = None
    wait_for_quota: bool = False
    order: str | None = None
    aim: str = "both"
    refreshes: bool = False
    refresh: str = "full"
    stop_below: float | None = None
    replayed: bool = False
    accounts: tuple[AccountLife, ...] = ()


@dataclass(frozen=True, slots=True)
class Scenario:
    """A whole simulation. After `lives` the account refuses nothing any more; where there are `refreshing`
    lives, a run that finishes everything comes before them. Then the faults stop, and one more run must
    finish."""

    seed: int
    keywords: tuple[tuple[str, int | None], ...]
    pages_max: int
    service: SimulatorSettings
    lives: tuple[Life, ...]
    order: str = "file"
    refreshing: tuple[Life, ...] = ()

    @property
    def peaceful_service(self) -> SimulatorSettings:
        """The same world without any trouble."""
        service = replace(self.service, faults={}, rate_limit=None, daily_quota=None, accounts={})
        return replace(service, balance=None, token_cap=None, tokens=None)

    @property
    def refreshing_service(self) -> SimulatorSettings:
        """The same without what the account refuses, and without outages."""
        faults = self.service.faults if sum(self.service.faults.values()) < 0.5 else {}
        return replace(self.peaceful_service, faults=faults, faulty_attempts_max=3)

    @property
    def last_life(self) -> Life:
        """The run in which nothing stands in the way."""
        accounts = {each.name: AccountLife(each.name) for life in self.lives for each in life.accounts}
        return Life(workers=self.lives[-1].workers, accounts=tuple(accounts.values()))


def draw(seed: int) -> Scenario:
    """The scenario that `seed` stands for."""
    rng = Random(seed)
    texts = rng.sample(WORDS, rng.randint(1, 8))
    keywords = tuple((text, rng.choice((None, None, None, 1, 3))) for text in texts)
    service = _service(rng, seed)
    latency_seconds = sum(service.latency_seconds) / 2
    calls = len(texts) * (sum(service.pages_per_keyword) / 2 + 1)
    lives = tuple(_life(rng, calls, latency_seconds) for _ in range(rng.choice((1, 1, 2, 2, 3))))
    pages_max = rng.choice((2, 4, 50)) if _ends(service) else 6
    if rng.random() < 0.2:
        first = replace(lives[0], ending=_refusal(rng, calls))
        lives = (first, *lives[1:])
    service, lives = _with_money_and_hours(seed, service, lives)
    order = rng.choice(("file", "yield"))
    lives, refreshing = _with_refreshes(seed, lives, calls, latency_seconds)
    service, lives, refreshing = _with_accounts(seed, service, lives, refreshing)
    return Scenario(seed, keywords, pages_max, service, lives, order, refreshing)


FIRST_WITH_ACCOUNTS = 240
"""Seeds before it were there before there were several accounts, and stay what they were."""


def _with_accounts(
    seed: int, service: SimulatorSettings, lives: tuple[Life, ...], refreshing: tuple[Life, ...]
) -> tuple[SimulatorSettings, tuple[Life, ...], tuple[Life, ...]]:
    """Several accounts, each with refusals of its own and, from run to run, caps of its own; drawn apart."""
    rng = Random(f"accounts {seed}")
    names = ("a", "b", "c")[: rng.choice((0, 1, 2, 2, 3, 3))]
    if seed < FIRST_WITH_ACCOUNTS or not names:
        return service, lives, refreshing
    own = {AccountLife(name).token: _account(rng) for name in names}
    waits = any(life.wait_for_quota for life in lives) or rng.random() < 0.3
    if waits:  # with less there is no end to it
        quotas = {token: each | {"daily_quota": max(3, each["daily_quota"])}
                  for token, each in own.items() if "daily_quota" in each}  # fmt: skip
        own |= quotas
        quota = service.daily_quota
        service = replace(service, daily_quota=None if quota is None else max(3, quota))
    lives = tuple(replace(life, accounts=_accounts(rng, names, life), wait_for_quota=waits) for life in lives)
    plain = tuple(AccountLife(name) for name in names)
    refreshing = tuple(replace(life, accounts=plain) for life in refreshing)
    return replace(service, accounts=own), lives, refreshing


def _accounts(rng: Random, names: Sequence[str], life: Life) -> tuple[AccountLife, ...]:
    chosen = sorted(rng.sample(names, rng.randint(1, len(names)))) if rng.random() < 0.2 else names
    return tuple(_account_life(rng, name, life) for name in chosen)


def _account_life(rng: Random, name: str, life: Life) -> AccountLife:
    price = rng.choice((None, None, *PRICES))
    budget, per_day = (
        rng.choice((None, None, None, f"{rng.uniform(0, 5):.3f}CNY")) if price or life.price else None
        for _ in range(2)
    )
    return AccountLife(
        name,
        rate=rng.choice((None, *RATES)),
        price=price,
        calls_max=rng.choice((None, None, None, rng.randint(0, 12))),
        calls_max_per_day=rng.choice((None, None, None, rng.randint(1, 15))),
        budget=budget,
        budget_per_day=per_day,
    )


def _with_refreshes(
    seed: int, lives: tuple[Life, ...], calls: float, latency_seconds: float
) -> tuple[tuple[Life, ...], tuple[Life, ...]]:
    """Aims and replays for all nights, and nights that look at finished keywords again; drawn apart."""
    rng = Random(f"refreshes {seed}")
    times = rng.choice((0, 0, 1, 2))
    refreshing = tuple(_refreshing(rng, calls, latency_seconds) for _ in range(times))
    lives, refreshing = (
        tuple(
            replace(life, aim=rng.choice(("new", "fresh", "both")), replayed=rng.random() < 0.3)
            for life in each
        )
        for each in (lives, refreshing)
    )
    return lives, refreshing


def _refreshing(rng: Random, calls: float, latency_seconds: float) -> Life:
    return replace(
        _life(rng, calls, latency_seconds),
        order=rng.choice(("auto", "auto", "file", "yield")),
        refreshes=True,
        refresh=rng.choice(("worthwhile", "worthwhile", "full")),
        stop_below=rng.choice((None, None, None, 0.3, 1000.0)),
        calls_max_per_day=None,
        gap_seconds=rng.choice((0.05, 3600.0, 3 * 86_400.0)),
        ending=rng.choice((Ending(), _ending(rng, calls, calls * latency_seconds))),
    )


PRICES = ("0.01", "0.03CNY", "0.05CNY", "1.07", "0.333333")


def _with_money_and_hours(
    seed: int, service: SimulatorSettings, lives: tuple[Life, ...]
) -> tuple[SimulatorSettings, tuple[Life, ...]]:
    """Prices, budgets, ends and waits, drawn apart: seeds that found something stay what they were."""
    rng = Random(f"money {seed}")
    service = replace(service, balance_way=rng.choice((*BalanceWay, BalanceWay.ANSWERS)))
    waits = service.daily_quota is not None and rng.random() < 0.5
    if waits:  # with less there is no end to it
        service = replace(service, daily_quota=rng.randint(3, 12))
    drawn = []
    for life in lives:
        price = rng.choice((None, *PRICES))
        if price is not None:
            budget, per_day = (
                rng.choice((None, None, f"{rng.randint(0, 15) * 0.03:.2f}", f"{rng.uniform(0, 9):.3f}CNY"))
                for _ in range(2)
            )
            life = replace(life, price=price, budget=budget, budget_per_day=per_day)
        until_seconds = rng.choice((None, None, None, rng.uniform(0, 60), rng.uniform(0, 90_000)))
        drawn.append(replace(life, until_seconds=until_seconds, wait_for_quota=waits))
    return service, tuple(drawn)


def _ends(service: SimulatorSettings) -> bool:
    return service.end_style == EndStyle.EMPTY


def _service(rng: Random, seed: int) -> SimulatorSettings:
    end_style = rng.choice(
        (EndStyle.EMPTY, EndStyle.EMPTY, EndStyle.EMPTY, EndStyle.REPEAT, EndStyle.ENDLESS)
    )
    least = rng.randint(0, 2)
    settings = SimulatorSettings(
        seed=seed,
        creators=rng.choice((20, 60, 300)),
        pages_per_keyword=(least, least + rng.randint(0, 3)),
        users_per_page=rng.randint(1, 6),
        layouts=rng.choice(({"A": 1.0}, {"B": 1.0}, {"A": 1.0, "B": 1.0, "C": 1.0})),
        odd_share=rng.choice((0.0, 0.0, 0.2)),
        repeat_share=rng.choice((0.0, 0.3)),
        short_page_share=rng.choice((0.0, 0.3)),
        hostile_share=rng.choice((0.0, 0.2)),
        no_content_share=rng.choice((0.0, 0.5)),
        has_more_share=rng.choice((0.0, 0.5)),
        end_style=end_style,
        http_way=rng.choice(list(HttpWay)),
        codes_as_text=rng.random() < 0.3,
        latency_seconds=rng.choice(((0.0, 0.0), (0.2, 0.2), (1.4, 3.5), (0.0, 20.0))),
        slow_301_seconds=rng.choice((None, (7.0, 50.0))),
        faults=_faults(rng),
        faulty_attempts_max=rng.choice((None, None, 3)),
    )
    return replace(settings, **_account(rng))


def _faults(rng: Random) -> dict[str, float]:
    chosen = rng.sample(TRANSIENT, rng.choice((0, 1, 2, 4)))
    share = rng.choice((0.05, 0.2, 0.4, 0.95))  # the last is an outage
    return {fault: share / len(chosen) for fault in chosen}


def _account(rng: Random) -> dict[str, object]:
    """What the account refuses, if anything."""
    match rng.randrange(8):
        case 0:
            return {"daily_quota": rng.randint(0, 12)}
        case 1:
            return {"balance": rng.randint(0, 12) * 0.01}
        case 2:
            return {"token_cap": rng.randint(0, 12) * 0.01}
        case 3:
            return {"tokens": ("another",)}
        case 4 | 5:
            return {
                "rate_limit": rng.randint(2, 20),
                "rate_window_seconds": rng.choice((1.0, 60.0)),
                "retry_after": rng.choice((None, "seconds", "date", "soon")),
            }
        case _:
            return {}


def _life(rng: Random, calls: float, latency_seconds: float) -> Life:
    workers, rate = rng.choice((1, 2, 4, 8, 16, 40)), rng.choice(RATES)
    per_second = {"unlimited": 1e9, "auto": 1.5, "auto:20/s": 1.5, "90/m": 1.5, "40/m": 2 / 3}.get(rate)
    per_second = per_second or float(rate.removesuffix("/s"))
    likely_seconds = max(calls / per_second, calls * latency_seconds / workers)
    return Life(
        workers=workers,
        rate=rate,
        calls_max=rng.choice((None, None, None, rng.randint(1, 15))),
        calls_max_per_day=rng.choice((None, None, None, rng.randint(1, 25))),
        timeout_seconds=rng.choice((5.0, 60.0, 120.0)),
        ending=_ending(rng, calls, likely_seconds),
        gap_seconds=rng.choice((0.05, 0.5, 30.0, 3600.0)),
        new_day=rng.random() < 0.5,
    )


def _ending(rng: Random, calls: float, likely_seconds: float) -> Ending:
    kind = rng.choice((*EndingKind, EndingKind.KILL_AT, EndingKind.KILL_BEFORE))
    seconds = rng.uniform(0, 1.3 * likely_seconds)
    return Ending(kind, seconds, rng.randint(1, int(25 * calls) + 10))


def _refusal(rng: Random, calls: float) -> Ending:
    refused = rng.choice((1, rng.randint(2, 100), 1_000_000_000))
    statement = rng.randint(1, int(25 * calls) + 10)
    return Ending(statement=statement, refusal=rng.choice(list(Refusal)), refused=refused)
