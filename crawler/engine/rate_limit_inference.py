"""What kind of limit explains the answers best: so many calls per second or per minute, sliding or fixed."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from crawler.engine.call_log import HORIZON_SECONDS, TAKING_SPAN_MIN_SECONDS, CallLog, slack_seconds
from crawler.engine.limit_window import LONG_WINDOW_SECONDS, LimitWindow
from crawler.engine.window_beginnings import beginnings, refusing_times

WINDOWS_SECONDS = (1.0, 60.0)

AT_LEAST_SHARE = 0.8
"""The least share of the refused pace that a short window's limit is taken for: its count is noisy."""

BETTER_BY = 0.05
"""How much better a less simple explanation must be: shares of answers that it explains and the other not."""

SPARE_OF = 500
REFUSALS_MIN = 6
REFUSING_SECONDS_MIN = 4.0
"""Nothing taken for so long speaks against a short window."""

REFUSING_SPAN_MIN_SECONDS = 1.5
"""For how long refusals have to come before it says anything that few, or many, calls are taken between: the
end of a full second refuses everything as well."""

AT_ONCE_SECONDS, OVER_SECONDS = 1.0, 2.5
"""Refusals within so long, and a call taken within so long after them: no minute, unless one of its calls has
become old just then."""

APART_SECONDS = 15.0
CALM_SECONDS, CALM_CALLS = 2.0, 30
"""So long without a refusal, with so many calls taken, and refusing is over."""

TAKEN_SHARE = 0.3
"""More than this share taken while others are refused: no window of a minute does that."""

BEFORE_CALLS_MIN = 10
WRONG_MAX = 0.6
"""An explanation of which more is wrong is none."""

POINTS_MAX = 300


def limit_from(
    log: CallLog, refused_pace: float, probed_from: float, taken_at: float, now: float, *, fixed_too: bool
) -> tuple[LimitWindow | None, float]:
    """The window that the answers speak for, and the limit in calls per second, once a call is taken again.

    `refused_pace` is the pace at which refusing began; from `probed_from` on single calls were sent.
    """
    known = log.answered()
    window = explain(known, probed_from, fixed_too=fixed_too)
    refusing_seconds = taken_at - max(log.refusals, default=0.0)
    taken_share = _taken_while_refusing(known)
    short = taken_share is None or taken_share > TAKEN_SHARE
    taken = log.taken_while_refusing(probed_from - APART_SECONDS, probed_from)
    if window is None and refusing_seconds < REFUSING_SECONDS_MIN and short:
        window = LimitWindow(1.0, max(1, round(refused_pace)))
    if window is None and taken < refused_pace:
        window, limit = LimitWindow(1.0, max(1, round(taken))), taken
    elif window is None:
        limit = known.average(now)
    elif window.seconds >= LONG_WINDOW_SECONDS:
        return window, window.calls / window.seconds  # whatever the pace when it happened to be full
    else:
        limit = min(taken, max(window.calls, AT_LEAST_SHARE * refused_pace))
    return window, min(refused_pace, limit)


def _taken_while_refusing(log: CallLog) -> float | None:
    """The share of calls taken between the first and the last refusal of late; None where that were too few.

    A short window takes its share all the time, a long one hardly a call.
    """
    if len(log.refusals) < REFUSALS_MIN:
        return None
    first = _last_refusing(log)
    refused = len(log.refusals) - first
    begun, ended = log.refusals[first], log.refusals[-1]
    taken = bisect_left(log.times, ended) - bisect_left(log.times, begun)
    share, seconds = taken / (taken + refused), ended - begun
    enough = seconds >= (TAKING_SPAN_MIN_SECONDS if share > TAKEN_SHARE else REFUSING_SPAN_MIN_SECONDS)
    return share if enough and refused >= REFUSALS_MIN else None


def _last_refusing(log: CallLog) -> int:
    """The number of the refusal with which refusing last began."""
    first = len(log.refusals) - 1
    while first and not _calm(log, log.refusals[first - 1], log.refusals[first]):
        first -= 1
    return first


def _calm(log: CallLog, begun: float, ended: float) -> bool:
    """Whether refusing is over between these two refusals."""
    calls = bisect_left(log.times, ended) - bisect_left(log.times, begun)
    return ended - begun >= (CALM_SECONDS if calls > CALM_CALLS else APART_SECONDS)


def _without_room(log: CallLog, seconds: float) -> bool:
    """Whether calls were taken after refusing began for which a sliding window cannot have had room: many, or
    one as soon as refusing was over, while none of those before was old enough."""
    first = _last_refusing(log)
    begun, ended = log.refusals[first], log.refusals[-1]
    last = bisect_right(log.times, ended)
    if last == len(log.times):
        return False
    taken_at, slack = log.times[last], slack_seconds(seconds)
    if bisect_left(log.times, begun - seconds - slack) < bisect_right(log.times, taken_at - seconds + slack):
        return False
    taken, refused = last + 1 - bisect_right(log.times, begun), len(log.refusals) - first
    at_once = ended - begun < AT_ONCE_SECONDS and taken_at - ended < OVER_SECONDS
    return at_once or taken > TAKEN_SHARE * (taken + refused)


def explain(log: CallLog, probed_from: float = float("inf"), *, fixed_too: bool = True) -> LimitWindow | None:
    """The window whose count of calls tells refused from accepted best; None where none does.

    Tried in this order: sliding, then fixed, short before long; one further down has to be better by
    BETTER_BY. Accepted calls from before the first refusal and after it are asked apart, so that a long time
    without a refusal does not outvote what came then.
    """
    if not log.refusals:
        return None
    first = bisect_left(log.times, log.refusals[0])
    old = bisect_left(log.times, log.refusals[-1] - HORIZON_SECONDS)
    old = max(old, first - max(BEFORE_CALLS_MIN, (first - old) // 4), 0)
    accepted = log.times[first:]
    probed = bisect_right(log.refusals, probed_from)
    refused = _thinned(log.refusals[:probed])
    probes, after, before = log.refusals[probed:], _thinned(accepted), _thinned(log.times[old:first])
    best, best_error = None, WRONG_MAX
    refused_for_long = _taken_while_refusing(log) is not None
    for window in _candidates(log, accepted, fixed_too=fixed_too):
        count = partial(window.count, log)
        counts = [list(map(count, times)) for times in (refused, probes, after, before)]
        spare = 1 if window.seconds < LONG_WINDOW_SECONDS else (None if refused_for_long else 0)
        calls, error = _threshold(spare, *counts)
        if error < best_error - BETTER_BY:
            best, best_error = replace(window, calls=calls), error
    return best


def _candidates(log: CallLog, accepted: list[float], *, fixed_too: bool) -> Iterable[LimitWindow]:
    taken_share = _taken_while_refusing(log)
    short_only = taken_share is not None and taken_share > TAKEN_SHARE
    times = refusing_times(log.refusals, accepted)
    long_only = not short_only and any(each.long for each in times)
    windows = [
        seconds
        for seconds in WINDOWS_SECONDS
        if not (short_only if seconds >= LONG_WINDOW_SECONDS else long_only)
    ]
    for seconds in windows:
        if seconds < LONG_WINDOW_SECONDS or not _without_room(log, seconds):
            yield LimitWindow(seconds, 0)
    for seconds in windows:
        if seconds >= LONG_WINDOW_SECONDS and fixed_too:
            for begins_at, unsure_seconds in beginnings(log.refusals, accepted, seconds):
                yield LimitWindow(seconds, 0, begins_at, unsure_seconds)


def _threshold(
    spare: int | None, refused: list[int], probes: list[int], after: list[int], before: list[int]
) -> tuple[int, float]:
    """The number of calls at which refusing begins, and the share of answers that it does not explain.

    `spare` more may be accepted: a short window's calls are few, and do not all take equally long to arrive.
    For a long one that refused for long (None) it is one in SPARE_OF.
    """
    best = (max(1, min(refused + probes)), float("inf"))
    for calls in sorted({max(1, count) for count in refused + probes}):
        allowed = calls + (calls // SPARE_OF if spare is None else spare)
        wrong = max(1 - _share_from(calls, counts) for counts in (refused, probes) if counts)
        wrong += max(_share_from(allowed, after), _share_from(allowed, before))
        if wrong < best[1] - 1e-9:
            best = (calls, wrong)
    return best


def _share_from(allowed: int, counts: list[int]) -> float:
    return sum(count >= allowed for count in counts) / len(counts) if counts else 0.0


def _thinned(times: list[float]) -> list[float]:
    step = -(-len(times) // POINTS_MAX)
    return times[::step] if step > 1 else times
