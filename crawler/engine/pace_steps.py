"""How far one good answer raises the pace: the formula of docs/pace.md."""

from __future__ import annotations

import math

PRICE_CALLS = 250
"""Good answers that pay for a refused call."""

PAID_SECONDS = 750.0
"""Good answers for so long pay for one too, where they come slowly: PRICE_CALLS of 20 a minute."""

PAID_CALLS_MIN = 12

STEP = 0.02
"""How far below the limit the pace stays, and how far PRICE_CALLS good answers raise it."""

BEYOND_SHARE = 0.25
"""How much faster than the calls of a whole long window the pace may become."""

DOUBLING_SECONDS_MIN = 6.0
"""How fast the pace may double where the limit has risen."""


def calls_that_pay(pace: float) -> float:
    """How many good answers pay for a refused call at that pace."""
    return min(PRICE_CALLS, max(PAID_CALLS_MIN, PAID_SECONDS * pace))


def rise(
    pace: float,
    limit: float,
    quiet_calls: int,
    price_calls: float,
    latency_seconds: float,
    window_seconds: float,
    lately: float | None,
    window_step: float,
) -> float:
    """The share by which a good answer raises the pace, after `quiet_calls` without a refusal.

    `limit` is where a refusal was last met; pace and limit are calls per second. `lately` is how many were
    taken per second in the last window, if it is a long one: it is full long after the pace became too high,
    so that the pace rises by no more than `window_step` in one.
    """
    below = limit * (1 - STEP) / pace - 1  # after cuts in a row more than was needed
    share = max(2 * STEP * quiet_calls / price_calls, 8 * below, 0.0) / price_calls
    if latency_seconds > 0:
        # Back to where the limit is known to be half of the way at a time: cuts in a row may have gone far.
        share = min(share, max(STEP / 2, below / 2) / (latency_seconds * pace))
    if lately is not None:
        share = min(share, window_step / (window_seconds * pace))
    if pace > limit * (1 + STEP) and (lately is None or lately > limit):  # it must have risen
        doubling_seconds = max(window_seconds / 3, 4 * latency_seconds, 4.0)
        beyond = (1 - limit / pace) / doubling_seconds
        share = max(share, min(beyond, math.log(2) / DOUBLING_SECONDS_MIN) / pace)
        if lately is not None:
            share = min(share, max(0.0, lately * (1 + BEYOND_SHARE) / pace - 1))
    return share
