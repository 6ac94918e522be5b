"""`make accounts`: what several accounts bring, in virtual time, by the bill of the simulator.

Two tables: a night by one account and the same night by three, of which one runs into its quota and one is
refused; and the calls a second of three accounts with different limits beside the sum of these.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random, SystemRandom

from crawler.account import Account
from crawler.model import Keyword
from crawler.run.crawl import run_crawl
from crawler.run.dependencies import Dependencies, Parts
from crawler.settings.run import RunSettings
from crawler.simulator import Line, Simulator, SimulatorSettings
from crawler.summary import RunSummary
from tests.bench.words import keyword_texts
from tests.simulation.play import at_once
from tests.simulation.virtual_time import WallClock, run

LIMITS = {"main": (60, 60.0), "second": (120, 60.0), "third": (3, 1.0)}
"""Calls in seconds that the service takes from each account."""

SECOND_MINUTE, MINUTES = 60.0, 10
QUOTA = 40
NIGHT_KEYWORDS = 60
WORLD = SimulatorSettings(creators=5_000, pages_per_keyword=(1, 5), latency_seconds=(1.4, 3.5))


@dataclass(frozen=True, slots=True)
class Night:
    """A run that was played: what it says, what is on the bill, when it began, what its ledger has by account
    and charge, which creators are in its database."""

    summary: RunSummary
    lines: list[Line]
    begun: float
    ledger: dict[tuple[str | None, str], int]
    creators: frozenset[str]


def say(line: str = "") -> None:
    """Prints one line of a table at once."""
    print(line, flush=True)  # noqa: T201 - the table


def token(name: str) -> str:
    """The secret of an account."""
    return f"tok-{name}"


def play(service: SimulatorSettings, rates: dict[str, str], keywords: int, seed: int) -> Night:
    """A night over so many keywords by accounts with these rates."""
    return run(_play(service, rates, keywords, seed))


async def _play(service: SimulatorSettings, rates: dict[str, str], keywords: int, seed: int) -> Night:
    wall = WallClock()
    async with Simulator(replace(service, seed=seed), now=wall) as simulator:
        with tempfile.TemporaryDirectory() as folder:
            accounts = tuple(
                Account(name, token(name), simulator.base_url, rate) for name, rate in rates.items()
            )
            db = Path(folder) / "night.db"
            settings = RunSettings("", db=db, base_url=simulator.base_url, workers=200, accounts=accounts)
            dependencies = Dependencies(Random(seed), wall, parts=Parts(offload=at_once))
            texts = keyword_texts(keywords)
            summary = await run_crawl(
                settings, [Keyword(text, text) for text in texts], dependencies=dependencies
            )
            with closing(sqlite3.connect(db)) as connection:
                ledger = connection.execute(
                    "SELECT account, charge, count(*) FROM calls GROUP BY 1, 2"
                ).fetchall()
                creators = frozenset(row[0] for row in connection.execute("SELECT id FROM users"))
        lines = simulator.bill.lines
    return Night(summary, lines, lines[0].at, {(a, c): n for a, c, n in ledger}, creators)


def side_by_side(seed: int) -> bool:
    """Prints a night by one account beside the same by three; True where both have the same creators and each
    ledger is its bill."""
    one = play(WORLD, {"main": "40/m"}, NIGHT_KEYWORDS, seed)
    refusals = {token("second"): {"daily_quota": QUOTA}, token("third"): {"tokens": ()}}
    rates = dict.fromkeys(LIMITS, "40/m")
    three = play(replace(WORLD, accounts=refusals), rates, NIGHT_KEYWORDS, seed)
    say(f"seed {seed}: {NIGHT_KEYWORDS} keywords, 40 calls a minute for each account")
    say()
    say("| night | account | bill: requests, charged | ledger: charged, free, unknown | ended for |")
    say("|---|---|---:|---:|---|")
    fits = one.creators == three.creators
    for title, night in (("one account", one), ("three accounts", three)):
        charged = Counter(line.token for line in night.lines if line.charged)
        asked = Counter(line.token for line in night.lines)
        reasons = {each.name: each.reason for each in night.summary.accounts}
        for name in dict.fromkeys(line.token.removeprefix("tok-") for line in night.lines):
            counts = [night.ledger.get((name, charge), 0) for charge in ("charged", "free", "unknown")]
            reason = reasons.get(name)
            fits &= counts[0] == charged[token(name)] and sum(counts) == asked[token(name)]
            bill = f"{asked[token(name)]}, {charged[token(name)]}"
            ended = reason.code.value if reason else ""
            say(f"| {title} | {name} | {bill} | {', '.join(map(str, counts))} | {ended} |")
    say()
    say("| night | ended | charged | creators | minutes | pages charged twice |")
    say("|---|---|---:|---:|---:|---:|")
    for title, night in (("one account", one), ("three accounts", three)):
        twice = Counter((line.keyword, line.page) for line in night.lines if line.charged)
        again = sum(times - 1 for times in twice.values())
        summary = night.summary
        say(
            f"| {title} | {summary.reason.code.value} | {summary.calls.charged} | {len(night.creators)} "
            f"| {summary.seconds / 60:.1f} | {again} |"
        )
    say(f"\nthe same creators, and each ledger is its bill: {'yes' if fits else 'NO'}\n")
    return fits


def of_the_limits(seeds: Sequence[int]) -> bool:
    """Prints the calls taken a second from the second minute on beside the sum of the limits."""
    service = replace(
        WORLD,
        accounts={
            token(name): {"rate_limit": calls, "rate_window_seconds": seconds}
            for name, (calls, seconds) in LIMITS.items()
        },
    )
    allowed = sum(calls / seconds for calls, seconds in LIMITS.values())
    say(f"the sum of the limits is {allowed:g} calls a second; from the second to the {MINUTES}th minute")
    say()
    say("| rate | seed | taken a second | share of the sum | refused |")
    say("|---|---:|---:|---:|---:|")
    reached = True
    fixed = {name: f"{calls}/{'s' if seconds == 1 else 'm'}" for name, (calls, seconds) in LIMITS.items()}
    for title, rates in (("fixed, at the limits", fixed), ("auto", dict.fromkeys(LIMITS, "auto"))):
        for seed in seeds:
            keywords = int(allowed * 60 * (MINUTES + 1) / 3.5)
            night = play(service, rates, keywords, seed)
            begin, end = night.begun + SECOND_MINUTE, night.begun + 60 * MINUTES
            lines = [line for line in night.lines if begin <= line.at < end]
            taken = [line for line in lines if line.code != 302]
            per_second = len(taken) / (end - begin)
            refused = 1 - len(taken) / len(lines)
            reached &= per_second >= 0.95 * allowed
            say(f"| {title} | {seed} | {per_second:.2f} | {per_second / allowed:.1%} | {refused:.2%} |")
    return reached


def main() -> None:
    """Prints both tables; the exit code is 1 where something is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--seed", type=int, help="the first; by default a fresh one")
    options = parser.parse_args()
    first = SystemRandom().randrange(10**6) if options.seed is None else options.seed
    kept = side_by_side(first)
    kept &= of_the_limits(range(first, first + options.seeds))
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
