"""`make yield`: what the order of calls brings, and whether forecasts hold, on simulated nights.

    python -m tests.bench.yields [--seed N] [--worlds 12] [--keywords 600]

Worlds are drawn from a fresh seed, which is printed. Every order makes the same number of charged calls each
night; the first night of a world that knows its past reads everything.
"""

from __future__ import annotations

import argparse
import secrets
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

from crawler.forecast import Interval
from crawler.planning.forecast import Depths, Due, forecast_calls
from crawler.planning.newcomers import backtest, expected_by_yield, expected_in_full
from tests.bench.yield_orders import (
    BreadthFirst,
    FileOrder,
    FreshOnly,
    Learnt,
    Maker,
    NewOnly,
    Played,
    SpeedsOrder,
    TruthOrder,
    default_order,
    play,
    play_refreshes,
)
from tests.bench.yield_worlds import Shape, World, draw_shape, draw_world

SHARES = (0.1, 0.2, 0.5)
ORDERS: dict[str, Maker] = {
    "file order": FileOrder,
    "breadth first": BreadthFirst,
    "yield": default_order,
    "knows the speeds": SpeedsOrder,
    "knows the truth": TruthOrder,
}
PAGES_MAX = 50


def named_worlds(keywords: int) -> dict[str, Shape]:
    """Worlds of the same size that differ in where newcomers come and how long they stay."""
    shape = Shape(keywords=keywords, niches=max(2, keywords // 10))
    return {
        "front and anywhere, for good": shape,
        "the same, for three nights": replace(shape, stay=3.0),
        "all in front": replace(shape, front_share=1.0),
        "all anywhere, for three nights": replace(shape, front_share=0.0, stay=3.0),
        "much overlap": replace(shape, overlap=3.0, stay=5.0),
        "all at the end": replace(shape, front_share=0.0, end_share=1.0),
    }


def found_by_order(
    worlds: Sequence[World], share: float, orders: dict[str, Maker], seed: int
) -> dict[str, list[list[int]]]:
    """Creators that each order found, by world and night."""
    return {
        name: [play(world, maker, share, Random(seed)).found for world in worlds]
        for name, maker in orders.items()
    }


def ratio(found: Sequence[Sequence[int]], best: Sequence[Sequence[int]], nights: slice) -> float:
    """What was found in those nights as a share of what the best order found."""
    return sum(sum(one[nights]) for one in found) / max(1, sum(sum(one[nights]) for one in best))


def table_of_named(keywords: int, worlds: int, seed: int) -> Iterator[str]:
    """Shares of what the order that knows the truth finds, from the third night on (and from the second)."""
    yield "| world | calls | " + " | ".join(list(ORDERS)[:-1]) + " |"
    yield "|---|---:|" + "---:|" * (len(ORDERS) - 1)
    for place, (name, shape) in enumerate(named_worlds(keywords).items()):
        drawn = [draw_world(shape, Random(seed + 100 * place + one)) for one in range(worlds)]
        for share in SHARES:
            found = found_by_order(drawn, share, ORDERS, seed)
            best = found.pop("knows the truth")
            cells = [
                f"{ratio(one, best, slice(2, None)):.2f} ({ratio(one, best, slice(1, None)):.2f})"
                for one in found.values()
            ]
            yield f"| {name} | {share:.0%} | " + " | ".join(cells) + " |"


def table_of_drawn(worlds: int, seed: int, keywords_max: int) -> Iterator[str]:
    """Any worlds: how far yield is from the truth, and from file order where it is worst."""
    orders = {name: ORDERS[name] for name in ("file order", "yield", "knows the truth")}
    yield "| calls | yield / truth, mean | least | yield / file order, least | the world of it |"
    yield "|---:|---:|---:|---:|---|"
    drawn = [_drawn(one, seed, keywords_max) for one in range(worlds)]
    for share in SHARES:
        found = found_by_order(drawn, share, orders, seed)
        to_truth, to_file = [], []
        for at, world in enumerate(drawn):
            nights = slice(1 if world.shape.first_full else 0, None)
            mine = found["yield"][at : at + 1]
            to_truth.append(ratio(mine, found["knows the truth"][at : at + 1], nights))
            to_file.append((ratio(mine, found["file order"][at : at + 1], nights), seed + at))
        worst, where = min(to_file)
        mean = sum(to_truth) / len(to_truth)
        yield f"| {share:.0%} | {mean:.2f} | {min(to_truth):.2f} | {worst:.2f} | seed {where} |"


AIMED: dict[str, Maker] = {"new": NewOnly, "both": Learnt, "fresh": FreshOnly}


def table_of_aims(worlds: int, seed: int, keywords_max: int) -> Iterator[str]:
    """Any worlds, a fifth of the full cost: what each aim finds, and how old all creators' facts are."""
    yield "| aim | new creators beside `new` | least | days that facts are old, mean |"
    yield "|---|---:|---:|---:|"
    drawn = [_drawn(one, seed, keywords_max) for one in range(worlds)]
    found: dict[str, list[int]] = {}
    for name, maker in AIMED.items():
        nights = [play(world, maker, 0.2, Random(seed)) for world in drawn]
        found[name] = [sum(one.found[1:]) for one in nights]
        ages = [
            sum(one.world.shape.nights - 1 - night for night in one.last_seen.values()) / len(one.last_seen)
            for one in nights
        ]
        shares = [mine / max(1, most) for mine, most in zip(found[name], found["new"], strict=True)]
        total = sum(found[name]) / max(1, sum(found["new"]))
        yield f"| {name} | {total:.2f} | {min(shares):.2f} | {sum(ages) / len(ages):.2f} |"


def table_of_refreshes(worlds: int, seed: int, keywords_max: int) -> Iterator[str]:
    """Any worlds, no cap, from the second night on: calls and new creators of nights that read no further
    than is worthwhile, beside nights that read all."""
    yield "| refresh | calls | least | most | new creators | least |"
    yield "|---|---:|---:|---:|---:|---:|"
    calls, found = [], []
    for one in range(worlds):
        world = _drawn(one, seed, keywords_max)
        full, part = (play_refreshes(world, worthwhile=each, random=Random(seed)) for each in (False, True))
        calls.append(sum(part.calls[1:]) / sum(full.calls[1:]))
        found.append(sum(part.found[1:]) / max(1, sum(full.found[1:])))
    mean = sum(calls) / len(calls), sum(found) / len(found)
    yield (
        f"| worthwhile beside full | {mean[0]:.0%} | {min(calls):.0%} | {max(calls):.0%} "
        f"| {mean[1]:.0%} | {min(found):.0%} |"
    )


def _drawn(one: int, seed: int, keywords_max: int) -> World:
    shape = draw_shape(Random(seed + one))
    shape = replace(shape, keywords=min(shape.keywords, keywords_max))
    return draw_world(shape, Random(seed + 1_000_000 + one))


def forecasts(
    world: World, share: float | None, yields: bool, seed: int
) -> Iterator[tuple[str, Interval, int]]:
    """What was forecast of each night from the third on, and what came."""
    played = Played(world, looks=[[] for _ in range(world.shape.keywords)])
    for night in range(world.shape.nights):
        in_full = night == 0 and world.shape.first_full
        cap = None if in_full or share is None else round(share * world.full_cost(night))
        order = (Learnt if yields and not in_full else FileOrder)(played, night, Random(seed))
        said = list(_forecast(played, night, cap, yields)) if night > 1 else []
        before, calls = len(played.known), 0
        while (cap is None or calls < cap) and (asked := order.next()) is not None:
            new, entries = played.ask(night, *asked)
            order.saw(*asked, new, last=not entries, entries=entries)
            calls += 1
        for what, interval in said:
            yield what, interval, calls if what == "calls" else len(played.known) - before


def _forecast(played: Played, night: int, cap: int | None, yields: bool) -> Iterator[tuple[str, Interval]]:
    histories, fresh = played.histories(night)
    depths, tested = Depths.of(histories), backtest(histories)
    if yields:
        brought = expected_by_yield(histories, fresh, depths, cap or 0, first_come=tested.first_come)
    else:
        known = {history.keyword_id: history for history in histories}
        due = []
        for keyword in sorted(
            range(played.world.shape.keywords), key=FileOrder(played, night, Random(0)).due
        ):
            looks = played.looks[keyword]
            page = looks[-1][1] + 1 if looks and not looks[-1][3] else 1
            due.append(Due(keyword, page, PAGES_MAX, known.get(keyword)))
        brought = expected_in_full(due, depths, cap, tested.first_come)
        if cap is None:
            yield "calls", forecast_calls(due, depths)
    yield (
        "new creators" if tested.looked_twice else "new creators, nothing looked at twice yet",
        tested.interval(brought.creators),
    )


def table_of_forecasts(worlds: int, seed: int, keywords_max: int) -> Iterator[str]:
    """How often the 80 % intervals held."""
    ways = (("file order, in full", None, False), ("file order, 20%", 0.2, False))
    ways += tuple((f"yield, {share:.0%}", share, True) for share in SHARES)
    held: dict[tuple[str, str], list[bool]] = defaultdict(list)
    width: dict[tuple[str, str], list[float]] = defaultdict(list)
    for one in range(worlds):
        world = _drawn(one, seed, keywords_max)
        for name, share, yields in ways:
            for what, interval, came in forecasts(world, share, yields, seed):
                held[what, name].append(interval.low <= came <= interval.high)
                width[what, name].append(interval.high / max(1.0, interval.low))
                held[what, "all"].append(held[what, name][-1])
                width[what, "all"].append(width[what, name][-1])
    yield "| forecast of | nights | held | of | highest / lowest, median |"
    yield "|---|---|---:|---:|---:|"
    for (what, name), holds in sorted(held.items()):
        wide = sorted(width[what, name])[len(holds) // 2]
        yield f"| {what} | {name} | {sum(holds) / len(holds):.0%} | {len(holds)} | {wide:.2f} |"


def main() -> None:
    """Prints the tables."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=None)
    options.add_argument("--worlds", type=int, default=12)
    options.add_argument("--keywords", type=int, default=600)
    given = options.parse_args()
    seed = secrets.randbelow(10**9) if given.seed is None else given.seed
    sys.stdout.write(f"seed {seed}\n\n")
    sampled = max(1, given.worlds // 4)
    for table in (
        table_of_named(given.keywords, sampled, seed),
        table_of_drawn(given.worlds, seed, given.keywords),
        table_of_aims(given.worlds, seed, given.keywords),
        table_of_refreshes(given.worlds, seed, given.keywords),
        table_of_forecasts(given.worlds, seed, min(200, given.keywords)),
    ):
        for line in table:
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
        sys.stdout.write("\n")


if __name__ == "__main__":
    main()
