"""How fast the calls of a run will go, from the limit that was met and from what runs did."""

from __future__ import annotations

import enum
import math
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import NamedTuple

from crawler.clock import Now, stamp
from crawler.forecast import Interval, bound_of, exactly
from crawler.rate import parse_rate
from crawler.store.quota_waits import quota_wait_seconds
from crawler.store.rate_limits import read_limit

SAFE_CALLS_PER_MINUTE = 40.0
"""The pace of a run that has learnt none."""

RUNS_TIMED = 8
SECONDS_TIMED_FROM = 5
"""The latest runs that took so long, without what they slept for the quota, tell how fast runs are; not those
in which nothing was answered."""

OLDER_SHARE = 0.6
"""How much less each run counts than the one after it: what a database learns makes its runs faster."""

BIAS_RUNS = 0.5
"""As how many runs it counts that a run is as fast as the pace, before runs say so."""

SPREAD, SPREAD_RUNS = 0.05, 0.5
"""How far a run is off what is expected before runs say so, in logarithms, and as how many runs it counts."""

_RUNS = """
SELECT (SELECT count(*) FROM calls WHERE calls.run_id = runs.id AND sent_at >= runs.started_at) AS calls,
       runs.seconds, runs.id
  FROM runs
 WHERE runs.seconds >= :seconds
   AND (users_seen OR keywords_done)
 ORDER BY runs.id DESC
 LIMIT :runs
"""

_SENT = "SELECT count(*), count(*) FILTER (WHERE charge = 'charged') FROM calls WHERE sent_at >= :since"


class PaceFrom(enum.StrEnum):
    """What a pace rests on."""

    RUNS = "runs"  # what earlier runs learnt
    RATE = "rate"  # what --rate allows
    SAFE = "safe"  # nothing yet


@dataclass(frozen=True, slots=True)
class Part:
    """What one of several accounts makes of a pace: calls a minute, expected and at most, until the charged
    calls are made that its own caps leave; None where it has none."""

    calls_per_minute: float
    ceiling: float
    calls_left: Interval | None = None


@dataclass(frozen=True, slots=True)
class Pace:
    """Calls a minute, of which one of `sent_per_charged` is charged, free failures being asked again.
    `spread` is how far a run is off it, as a deviation of the logarithm that `runs` tell; `ceiling` is how
    fast a run may become that has yet to find out, calls a minute. `parts` are those of its accounts, each of
    which its caps may end before the run."""

    calls_per_minute: float
    rests_on: PaceFrom
    spread: float
    runs: float
    ceiling: float
    sent_per_charged: float
    parts: tuple[Part, ...] = ()

    def minutes(self, calls: Interval) -> Interval:
        """How long so many charged calls take."""
        expected, least, most, fastest = self._carriers()
        minutes = Interval(
            None if calls.expected is None else _minutes(calls.expected, expected),
            _minutes(calls.low, most),
            max(_minutes(calls.high, least), _minutes(calls.high, most)),
        ).spread(self.spread, self.runs)
        return replace(minutes, low=min(minutes.low, _minutes(calls.low, fastest)))

    def calls(self, minutes: float) -> Interval:
        """How many charged calls go into so many minutes."""
        if not minutes:
            return exactly(0)
        expected, least, most, fastest = self._carriers()
        off = math.exp(bound_of(self.runs) * self.spread)  # a slower pace is as good as less time
        high = max(_calls(minutes * off, most), _calls(minutes, fastest))
        return Interval(_calls(minutes, expected), _calls(minutes / off, least), high)

    def _carriers(self) -> tuple[list[_Carrier], ...]:
        """Who makes the calls: as is expected, with the fewest and the most calls that their caps leave, and
        as fast as may be."""
        none = Interval(math.inf, math.inf, math.inf)
        parts = self.parts or (Part(self.calls_per_minute, self.ceiling),)
        paces = [(part.calls_per_minute, part.ceiling, part.calls_left or none) for part in parts]
        sent = self.sent_per_charged
        return (
            [_Carrier(pace / sent, left.expected or 0.0) for pace, _ceiling, left in paces],
            [_Carrier(pace / sent, left.low) for pace, _ceiling, left in paces],
            [_Carrier(pace / sent, left.high) for pace, _ceiling, left in paces],
            [_Carrier(ceiling / sent, left.high) for _pace, ceiling, left in paces],
        )


class _Carrier(NamedTuple):
    """So many charged calls a minute, until `calls_left` are made."""

    per_minute: float
    calls_left: float


def _minutes(calls: float, carriers: Sequence[_Carrier]) -> float:
    """How long it takes until so many calls are made, or all that may be."""
    calls -= sum(each.calls_left for each in carriers if math.isinf(each.per_minute))
    going = sorted(
        (each for each in carriers if not math.isinf(each.per_minute)),
        key=lambda each: each.calls_left / each.per_minute,
    )
    minutes = 0.0
    while calls > 0 and going:
        pace, ends_at = sum(each.per_minute for each in going), going[0].calls_left / going[0].per_minute
        if calls <= pace * (ends_at - minutes):
            return minutes + calls / pace
        calls -= pace * (ends_at - minutes)
        minutes = ends_at
        del going[0]
    return minutes


def _calls(minutes: float, carriers: Iterable[_Carrier]) -> float:
    """How many calls are made in so many minutes."""
    return sum(min(each.calls_left, each.per_minute * minutes) for each in carriers)


@dataclass(frozen=True, slots=True)
class Past:
    """How far runs were off the pace, in logarithms: on average, and how far each is off that."""

    bias: float
    spread: float
    runs: float

    @classmethod
    def of(cls, logs: Iterable[float]) -> Past:
        """From the latest run on, each older one counting less."""
        weighed = [(OLDER_SHARE**age, log) for age, log in enumerate(logs)]
        runs = sum(weight for weight, _log in weighed)
        bias = sum(weight * log for weight, log in weighed) / (runs + BIAS_RUNS)
        squares = sum(weight * (log - bias) ** 2 for weight, log in weighed) + SPREAD_RUNS * SPREAD**2
        return cls(bias, math.sqrt(squares / (runs + SPREAD_RUNS)), runs + SPREAD_RUNS)


def read_pace(connection: sqlite3.Connection, endpoint_id: int, rate: str, now: Now) -> Pace:
    """The pace of a run at that `rate`."""
    values = {"runs": RUNS_TIMED, "seconds": SECONDS_TIMED_FROM}
    asleep = partial(quota_wait_seconds, connection)
    timed = [
        (calls, seconds - asleep(run_id))
        for calls, seconds, run_id in connection.execute(_RUNS, values).fetchall()
    ]
    runs = [(calls, seconds) for calls, seconds in timed if calls and seconds >= SECONDS_TIMED_FROM]
    kept = read_limit(connection, endpoint_id)
    per_minute, rests_on = SAFE_CALLS_PER_MINUTE, PaceFrom.SAFE
    if kept is not None and kept.learnt.found:
        per_minute, rests_on = 60 * kept.learnt.per_second, PaceFrom.RUNS
    elif runs:
        per_minute = 60 * sum(calls for calls, _ in runs) / sum(seconds for _, seconds in runs)
        rests_on = PaceFrom.RUNS
    given = parse_rate(rate)
    allowed = math.inf if given.per_second is None else 60 * given.per_second
    if allowed < per_minute or (rests_on is PaceFrom.SAFE and not given.learns and allowed < math.inf):
        per_minute, rests_on = allowed, PaceFrom.RATE
    off = Past.of(math.log(60 * calls / seconds / per_minute) for calls, seconds in runs)
    per_minute = min(allowed, per_minute * math.exp(off.bias))
    ceiling = allowed if rests_on is PaceFrom.SAFE else per_minute
    return Pace(per_minute, rests_on, off.spread, off.runs, ceiling, _sent_per_charged(connection, now))


def _sent_per_charged(connection: sqlite3.Connection, now: Now) -> float:
    sent, charged = connection.execute(_SENT, {"since": stamp(now() - timedelta(days=14))}).fetchone()
    return float(sent / charged) if charged else 1.0
