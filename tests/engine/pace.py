"""Throttles and the times of the calls they let go, for timelines on a virtual clock."""

from __future__ import annotations

import asyncio

from crawler.engine.call_log import CallLog
from crawler.engine.throttle import Throttle
from crawler.rate import parse_rate

ROUNDING_SECONDS = 0.002
"""The throttle looks again a millisecond later where a window is not quite open."""


def now():
    return asyncio.get_running_loop().time()


def throttle_at(text, **kwargs):
    return Throttle(parse_rate(text), asyncio.sleep, **kwargs)


async def times_of_calls(throttle, calls, workers=1):
    """When each of `calls` calls was sent, in seconds from now, by `workers` that never pause."""
    begun, sent = now(), []

    async def worker():
        while len(sent) < calls:
            async with throttle.turn():
                if len(sent) < calls:
                    sent.append(now() - begun)

    await asyncio.gather(*(worker() for _ in range(workers)))
    return sent


def most_in_a_second(times):
    """The largest number of calls in any second, the one at its very end left out."""
    return max(sum(time <= other < time + 1 - 1e-6 for other in times) for time in times)


def log_of(taken, refused):
    log = CallLog()
    for at in sorted(taken + refused):
        log.sent(at, 1.0)
    for at in taken:
        log.take(at)
    for at in refused:
        log.refuse(at)
    return log
