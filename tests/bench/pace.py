"""`make pace`: how much of a hidden limit `--rate auto` uses, and how much of what it sends is refused.

A table of cases in virtual time, each with seeds drawn freshly, of which the middle and the worst are shown.
`best` is what a steady pace reaches of somebody who knows the limit and the others' habits, leaves them what
they take, and of whose calls 1 % are refused at most (where others come and go, one pace with them and one
without); with a fixed minute and nobody else, what the worst first minute leaves: calls that the search has
spent are not there again before the window ends.
With `--wall`: how exactly a fixed rate is kept by the whole crawler, in real time.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import islice, product
from pathlib import Path
from random import Random, SystemRandom
from statistics import mean, median

from crawler.model import Keyword
from crawler.rate import LearntLimit, parse_rate
from crawler.run.crawl import run_crawl
from crawler.settings.run import RunSettings
from tests.bench.serving import bill, serving
from tests.bench.words import keyword_texts
from tests.engine.limited_service import UPLINK_SECONDS_MAX, Case, LimitedService, Others, Outcome, play
from tests.simulation.virtual_time import run

SHARE_WANTED, REFUSED_ALLOWED = 0.95, 0.01
LIMITS = ((20, 60), (40, 60), (120, 60), (600, 60), (3000, 60), (1, 1), (5, 1), (25, 1), (100, 1))
LATENCIES_SECONDS = (0.05, 2.0, 5.0)
OTHERS = (Others(0.3), Others(0.3, jitter=None), Others(0.5, spell_seconds=600))
SHARED_LIMITS = ((40, 60), (600, 60), (10, 1), (50, 1))
STEADY_PACES = 80
"""Steps up to what others leave, of which the upper half is tried to find the best steady pace."""

CALLS_MAX = 12_000
"""A case is shortened to so many calls, but to no less than ten minutes."""

WALL_RATES = ("40/m", "7.5/s", "20/s", "50/s", "100/s")
WALL_SECONDS = 20

Spread = Callable[..., Iterator[Outcome]]
"""`map`, in one process or several."""


def say(line: str) -> None:
    """Prints one line of a table at once."""
    print(line, flush=True)  # noqa: T201 - the table


def minutes(per_second: float) -> float:
    """How long a case is played."""
    return max(10.0, min(60.0, CALLS_MAX / per_second / 60))


def cases() -> Iterator[tuple[str, Case, bool]]:
    """Every case with its heading, and whether it begins with what the night before has learnt."""
    for learnt in (False, True):
        night = "later night" if learnt else "first night"
        for kind in ("sliding", "fixed", "bucket"):
            for calls, seconds in LIMITS:
                if kind == "bucket" and (seconds == 1 or learnt):
                    continue  # as good as sliding
                for latency_seconds in LATENCIES_SECONDS if kind != "bucket" and not learnt else (2.0,):
                    case = Case(calls, seconds, kind, latency_seconds, minutes=minutes(calls / seconds))
                    yield f"{night}, alone", replace(case, rate="auto:200/s"), learnt
    for kind in ("sliding", "fixed"):
        for calls, seconds in SHARED_LIMITS:
            for others in OTHERS:
                case = Case(calls, seconds, kind, 2.0, others, minutes=minutes(calls / seconds))
                yield "first night, others use the account", case, False


def played(case: Case, seed: int, *, learnt: bool) -> Outcome:
    """One outcome, without what would only be carried between processes."""
    known = LearntLimit(case.per_second, found=True, window_seconds=case.seconds) if learnt else None
    outcome = play(case, seed, known)
    outcome.taken_times, outcome.refused_times = [], []
    return outcome


def best_known(case: Case, seeds: range, spread: Spread) -> float:
    """What a steady pace reaches, or one for each kind of spell where others come and go."""
    others = case.others
    if others is None or others.spell_seconds is None:
        return best_steady(case, seeds, spread)
    spells = [int(at / others.spell_seconds) % 2 == 0 for at in range(60, int(case.minutes * 60))]
    with_them = (1 - others.share) * sum(spells)
    alone = float(len(spells) - sum(spells))
    there = replace(case, others=replace(others, spell_seconds=None))
    used = with_them * best_steady(there, seeds, spread)
    if alone:
        used += alone * best_steady(replace(case, others=None), seeds, spread)
    return used / (with_them + alone)


def best_steady(case: Case, seeds: range, spread: Spread) -> float:
    """The share of the limit that calls at even distances can use with REFUSED_ALLOWED of them refused, on
    the average of the seeds, at paces that leave the others what they take."""
    left = case.per_second * (1 - (case.others.share if case.others else 0.0))
    paces = [left * share / STEADY_PACES for share in range(STEADY_PACES // 2, STEADY_PACES + 1)]
    outcomes = list(spread(steady, *zip(*product([case], paces, seeds), strict=True)))
    of_pace = (outcomes[first : first + len(seeds)] for first in range(0, len(outcomes), len(seeds)))
    shares = (
        mean(outcome.share_of_limit for outcome in same)
        for same in of_pace
        if mean(outcome.share_refused for outcome in same) <= REFUSED_ALLOWED
    )
    return max(shares, default=0.0)


def steady(case: Case, per_second: float, seed: int) -> Outcome:
    """The outcome of calls at even distances."""
    outcome = run(_steady(case, Random(seed), per_second))
    outcome.taken_times, outcome.refused_times = [], []
    return outcome


async def _steady(case: Case, rng: Random, per_second: float) -> Outcome:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    service = LimitedService(case, rng, begun)
    uplink = partial(rng.uniform, 0, min(UPLINK_SECONDS_MAX, case.latency_seconds / 2))
    arrivals = sorted(number / per_second + uplink() for number in range(int(case.minutes * 60 * per_second)))
    for at in arrivals:
        await asyncio.sleep(begun + at - loop.time())
        service.arrive()
    return service.finish(case.minutes * 60)


def _left(outcomes: list[Outcome]) -> str:
    """The least share of what was possible that the first minute left."""
    share = min(1 - outcome.used_up / outcome.possible for outcome in outcomes)
    return f"{share:.1%}" if share < 0.999 else ""


def missed(outcome: Outcome) -> bool:
    """Whether the aim is missed."""
    return outcome.share_of_limit < SHARE_WANTED or outcome.share_refused > REFUSED_ALLOWED


def table(seeds: int, cases_max: int | None) -> None:
    """Prints all cases, or the first ones, as Markdown."""
    heading, first_seed = "", SystemRandom().randrange(10**9)
    say(f"seeds {first_seed} to {first_seed + seeds - 1}; * misses 95 % or 1 %")
    counted = misses = 0
    with ProcessPoolExecutor() as pool:
        for title, case, learnt in islice(cases(), cases_max):
            if title != heading:
                heading = title
                say(f"\n**{title}**\n")
                say(
                    "| limit | window | latency | others | used: middle, worst | refused: middle, worst "
                    "| missed | best |"
                )
                say("|---|---|---:|---|---:|---:|---:|---:|")
            numbers = range(first_seed, first_seed + seeds)
            outcomes = list(pool.map(partial(played, case, learnt=learnt), numbers))
            best = f"{best_known(case, numbers, pool.map):.1%}" if case.others else _left(outcomes)
            say(_row(case, outcomes, best))
            counted += seeds
            misses += sum(map(missed, outcomes))
    say(f"\n{misses} of {counted} miss the aim")


def _row(case: Case, outcomes: list[Outcome], best: str) -> str:
    used = sorted(outcome.share_of_limit for outcome in outcomes)
    refused = sorted(outcome.share_refused for outcome in outcomes)
    misses = sum(map(missed, outcomes))
    limit = f"{case.calls}/{'s' if case.seconds == 1 else 'm'}"
    return (
        f"| {limit} | {case.kind} | {case.latency_seconds:g} s | {case.others or ''} "
        f"| {median(used):.1%}, {used[0]:.1%} | {median(refused):.2%}, {refused[-1]:.2%} "
        f"| {f'{misses} of {len(outcomes)} *' if misses else ''} | {best} |"
    )


def wall() -> None:
    """Prints how long the whole crawler takes for calls at a fixed rate, beside calls / rate."""
    say("| rate | calls | calls ÷ rate | wall clock | slower by |\n|---|---:|---:|---:|---:|")
    world = {"pages_per_keyword": [10, 10], "latency_seconds": [0.05, 0.3], "creators": 50_000}
    with serving(world) as base_url:
        for rate in WALL_RATES:
            per_second = parse_rate(rate).per_second
            assert per_second is not None
            calls = max(12, int(WALL_SECONDS * per_second))
            seconds = _crawl_seconds(base_url, rate, calls)
            wanted = (calls - 1) / per_second  # the first one goes at once
            say(f"| {rate} | {calls} | {wanted:.2f} s | {seconds:.2f} s | {seconds / wanted - 1:+.1%} |")


def _crawl_seconds(base_url: str, rate: str, calls: int) -> float:
    """From the first call to the last one, as the ledger of the simulator has it."""
    with tempfile.TemporaryDirectory() as folder:
        settings = RunSettings(
            token=f"bench-{rate}".replace("/", "-"), db=Path(folder) / "bench.db", base_url=base_url,
            workers=200, rate=rate, calls_max=calls,
        )  # fmt: skip
        keywords = [Keyword(text, text) for text in keyword_texts(calls)]
        begun = time.monotonic()
        asyncio.run(run_crawl(settings, keywords))
        sent = [line["at"] for line in bill(base_url)["lines"] if line["at"] >= begun]
    return sent[calls - 1] - sent[0]


def main() -> None:
    """Prints the table, or with --wall the other one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--cases", type=int)
    parser.add_argument("--wall", action="store_true")
    options = parser.parse_args()
    if options.wall:
        wall()
    else:
        table(options.seeds, options.cases)


if __name__ == "__main__":
    sys.exit(main())
