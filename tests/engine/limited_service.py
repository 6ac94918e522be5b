"""A service with a hidden rate limit that others may share, for pace in virtual time, without a socket.

It knows nothing of how the pace is learnt: it counts what it takes and refuses, and what it could have taken.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

from crawler.engine.throttle import Throttle
from crawler.rate import LearntLimit, parse_rate
from tests.simulation.virtual_time import run

UPLINK_SECONDS_MAX = 0.03
SECOND_MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Others:
    """Who else uses the account: `share` of the limit, evenly but for `jitter` of each distance, or (None) at
    random; with `spell_seconds` they come and go in spells of that length."""

    share: float
    jitter: float | None = 0.5
    spell_seconds: float | None = None

    def __str__(self) -> str:
        manner = "at random" if self.jitter is None else "evenly"
        spells = f", {self.spell_seconds / 60:.0f} min on and off" if self.spell_seconds else ""
        return f"{self.share:.0%} {manner}{spells}"

    def arrivals(self, per_second: float, rng: Random) -> Iterator[float]:
        """When they call, in seconds from the beginning."""
        at = rng.random() / per_second
        while True:
            spell = self.spell_seconds
            if spell is None or int(at / spell) % 2 == 0:
                yield at
            gap = 1 / (per_second * self.share)
            at += (
                rng.expovariate(1 / gap)
                if self.jitter is None
                else gap * (1 + rng.uniform(-1, 1) * self.jitter)
            )


@dataclass(frozen=True, slots=True)
class Case:
    """A hidden limit and everything around it. `changes` are moments at which the limit becomes another."""

    calls: int
    seconds: float
    kind: str = "sliding"
    latency_seconds: float = 1.0
    others: Others | None = None
    retry_after: bool = False
    minutes: float = 30.0
    rate: str = "auto"
    workers: int = 1000
    changes: tuple[tuple[float, int], ...] = ()

    @property
    def per_second(self) -> float:
        """What the limit allows in all."""
        return self.calls / self.seconds


@dataclass(slots=True)
class Outcome:
    """What came of a case, from the second minute on."""

    taken: int = 0
    refused: int = 0
    others_taken: int = 0
    others_refused: int = 0
    possible: float = 0.0
    used_up: float = 0.0
    """What of it a fixed window did not allow any more, as the first minute had used that up."""
    refused_at_first: int = 0
    taken_times: list[float] = field(default_factory=list)
    refused_times: list[float] = field(default_factory=list)
    learnt: LearntLimit | None = None
    workers_at_most: int = 0

    @property
    def share_of_limit(self) -> float:
        """Calls taken, of what the limit allowed beside the others."""
        return self.taken / max(1.0, self.possible - self.others_taken)

    @property
    def share_refused(self) -> float:
        """Calls refused, of all that were sent."""
        return self.refused / max(1, self.taken + self.refused)


class LimitedService:
    """Takes or refuses calls as they arrive."""

    def __init__(self, case: Case, rng: Random, begun: float) -> None:
        self._case, self._rng, self._begun = case, rng, begun
        self._phase = rng.random() * case.seconds
        self._taken: deque[float] = deque()
        self._tokens = float(case.calls)
        self._tokens_at = 0.0
        self._others = case.others.arrivals(case.per_second, rng) if case.others else iter(())
        self._next_other = next(self._others, None)
        self.outcome = Outcome()

    def limit(self, at: float) -> int:
        """The calls that the limit allows in a window, at that moment."""
        calls = self._case.calls
        for since, changed in self._case.changes:
            if at >= since:
                calls = changed
        return calls

    def arrive(self) -> float | None:
        """Takes a call, or says how many seconds later there would be room."""
        at = asyncio.get_running_loop().time() - self._begun
        while self._next_other is not None and self._next_other <= at:
            self._count(self._take(self._next_other) is None, self._next_other, others=True)
            self._next_other = next(self._others, None)
        wait = self._take(at)
        self._count(wait is None, at)
        return wait

    def _take(self, at: float) -> float | None:
        seconds, calls = self._case.seconds, self.limit(at)
        if self._case.kind == "bucket":
            per_second = calls / seconds
            self._tokens = min(calls, self._tokens + (at - self._tokens_at) * per_second)
            self._tokens_at = at
            if self._tokens < 1:
                return (1 - self._tokens) / per_second
            self._tokens -= 1
            return None
        edge = at - seconds
        if self._case.kind == "fixed":
            edge = at - (at - self._phase) % seconds - 1e-9
        while self._taken and self._taken[0] <= edge:
            self._taken.popleft()
        if len(self._taken) < calls:
            self._taken.append(at)
            return None
        return self._taken[-calls] - edge if self._case.kind == "sliding" else edge + seconds - at

    def _count(self, taken: bool, at: float, *, others: bool = False) -> None:
        outcome = self.outcome
        if not others:
            (outcome.taken_times if taken else outcome.refused_times).append(at)
        if at < SECOND_MINUTE:
            outcome.refused_at_first += not taken and not others
        elif others:
            outcome.others_taken += taken
            outcome.others_refused += not taken
        else:
            outcome.taken += taken
            outcome.refused += not taken

    def finish(self, seconds: float) -> Outcome:
        """The outcome of so many seconds."""
        edges = sorted(
            {SECOND_MINUTE, seconds, *(at for at, _calls in self._case.changes if at > SECOND_MINUTE)}
        )
        spans = pairwise(edges)
        self.outcome.possible = sum((b - a) * self.limit(a) / self._case.seconds for a, b in spans)
        if self._case.kind == "fixed" and self._case.others is None:
            self.outcome.used_up = self._used_up()
        return self.outcome

    def _used_up(self) -> float:
        seconds, calls = self._case.seconds, self._case.calls
        ends = SECOND_MINUTE + seconds - (SECOND_MINUTE - self._phase) % seconds
        taken = sum(ends - seconds <= at < SECOND_MINUTE for at in self.outcome.taken_times)
        return max(0.0, (ends - SECOND_MINUTE) / seconds * calls - (calls - taken))


def play(case: Case, seed: int, learnt: LearntLimit | None = None) -> Outcome:
    """The outcome of a case, whose chances `seed` draws, with the throttle as it is and as many workers as it
    asks for."""
    return run(_play(case, Random(seed), learnt))


async def _play(case: Case, rng: Random, learnt: LearntLimit | None) -> Outcome:
    loop = asyncio.get_running_loop()
    begun = loop.time()
    service = LimitedService(case, rng, begun)
    ends = begun + case.minutes * 60
    throttle = Throttle(parse_rate(case.rate), asyncio.sleep, learnt=learnt)

    async def worker() -> None:
        while loop.time() < ends:
            async with throttle.turn():
                pass
            sent_at = loop.time()
            latency = case.latency_seconds * rng.uniform(0.6, 1.4)
            uplink = rng.uniform(0, min(UPLINK_SECONDS_MAX, latency / 2))
            await asyncio.sleep(uplink)
            if loop.time() >= ends:
                return
            wait = service.arrive()
            await asyncio.sleep(latency - uplink)
            if wait is None:
                throttle.went_well(sent_at)
            else:
                throttle.slow_down(sent_at, max(1.0, wait) if case.retry_after else None)

    workers = [asyncio.create_task(worker())]
    while len(workers) < case.workers and loop.time() < ends:
        hiring = asyncio.ensure_future(throttle.unused())
        await asyncio.wait({hiring}, timeout=ends - loop.time())
        if not hiring.done():
            hiring.cancel()
            break
        workers.append(asyncio.create_task(worker()))
        await asyncio.sleep(0)
    await asyncio.sleep(max(0.0, ends - loop.time()))
    for task in workers:
        task.cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    outcome = service.finish(case.minutes * 60)
    outcome.learnt, outcome.workers_at_most = throttle.learnt, len(workers)
    return outcome
