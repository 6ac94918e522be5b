"""Caps of a day, over a run that goes on past midnight in Shanghai, where they begin anew."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from crawler.clock import next_shanghai_day
from crawler.forecast import Interval
from crawler.planning.pace import Pace

DAY_MINUTES = 24 * 60.0


def spent_by_day(pace: Pace, moment: datetime) -> tuple[Interval, Interval]:
    """The charged calls that a run makes until midnight at that pace, and on the day after it."""
    to_midnight = (next_shanghai_day(moment) - moment) / timedelta(minutes=1)
    today, both = pace.calls(to_midnight), pace.calls(to_midnight + DAY_MINUTES)
    return today, Interval(
        (both.expected or 0.0) - (today.expected or 0.0),
        both.low - today.low,
        math.inf if math.isinf(both.high) else both.high - today.high,
    )


def over_midnight(left: Interval, each_day: Interval, today: Interval, later: Interval) -> Interval:
    """What a cap of the day lets a run spend that would spend `today` until midnight and `later` on a whole
    day: what is `left` of it where that ends the run before midnight, else what is spent until then and what
    the cap allows `each_day`. Infinite where it is never reached."""

    def allowed(left: float, each_day: float, today: float, later: float, least: float) -> float:
        if least >= left:
            return left
        return min(left, today) + each_day if later >= each_day else math.inf

    spent = today.expected or 0.0
    return Interval(
        allowed(left.expected or 0.0, each_day.expected or 0.0, spent, later.expected or 0.0, spent),
        allowed(left.low, each_day.low, today.low, later.high, today.high),
        allowed(left.high, each_day.high, today.high, later.low, today.low),
    )
