"""A limit of so many calls in a window of time, and what calls of one's own say about it."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace

from crawler.engine.call_log import CallLog
from crawler.engine.pace_steps import STEP
from crawler.engine.window_beginnings import narrowed, refusing_times
from crawler.rate import LearntLimit

LONG_WINDOW_SECONDS = 10.0
"""From here on a window's own count of calls says more than the pace at the moment of a refusal."""

CONTRADICTED_SHARE = 0.4
FULL_NO_MORE_CALLS = 2
ROOM_SHARE, CATCH_UP_SHARE = 1.25, 4.0
"""A call takes the room of the one a minute before it as soon as that is free, before others do."""

END_SHARE, END_PACE_MIN = 0.3, 0.2
"""The last calls of a fixed one go more slowly: when it is full all that are under way are refused."""

SLIDING_STEP, FIXED_STEP, UNKNOWN_STEP = STEP, 0.75 * STEP, STEP / 2
"""How far the pace rises in one long window: a sliding one refuses one call when it is full, a fixed one all
that are under way, few of them where it is known when it ends."""

SHARED_SHARE = 0.85
"""Where less than this share of the calls is taken, others have come into a sliding one."""

FILLED_SHARE = 0.97
"""A long one with this share of the calls of its pace is used, however unevenly they came."""

SLID_REFUSED_MIN, SLID_SHARE = 8, 0.7
"""So many calls refused in a row while calls of before, that share of them, became a window old: a sliding
one would have taken some."""

SLID_SECONDS_MIN = 100.0
"""So long after a search its rush has left the window, and a sliding one is told from a fixed one."""


@dataclass(frozen=True, slots=True)
class LimitWindow:
    """`calls` in `seconds`: in any such span, or (fixed) in each that begins so long after the one before.

    One of the fixed ones begins at `begins_at`. Short windows count as sliding: fixed ones are over before it
    would matter.
    """

    seconds: float
    calls: int
    begins_at: float | None = None
    unsure_seconds: float = 0.0
    """How much earlier or later it may begin."""

    @classmethod
    def learnt(cls, limit: LearntLimit) -> LimitWindow | None:
        """The one that was known before, but for where a fixed one begins."""
        if limit.window_seconds is None:
            return None
        return cls(limit.window_seconds, max(1, round(limit.per_second * limit.window_seconds)))

    @property
    def long(self) -> bool:
        """Whether calls count for so long that its count says more than the pace of the moment."""
        return self.seconds >= LONG_WINDOW_SECONDS

    @property
    def fixed(self) -> bool:
        """Whether all of it is free again at one moment."""
        return self.begins_at is not None

    def count(self, log: CallLog, at: float) -> int:
        """The calls in it just before that moment."""
        since = self.seconds if self.begins_at is None else (at - self.begins_at) % self.seconds
        return log.count(at, since)

    def count_when_full(self, log: CallLog, at: float) -> int:
        """The calls that filled it, where a call was refused at that moment: it cannot just have begun."""
        if self.begins_at is None:
            return self.count(log, at)
        since = (at - self.begins_at + self.unsure_seconds) % self.seconds
        return log.count(at, since + self.seconds if self._just_begun(at) else since)

    def _just_begun(self, at: float) -> bool:
        assert self.begins_at is not None
        since = (at - self.begins_at + self.unsure_seconds) % self.seconds
        return since <= 2 * self.unsure_seconds + 1.0

    def room_at(self, log: CallLog, now: float, per_second: float) -> float:
        """When a long sliding one has room: it is full after a burst, as at the end of a search."""
        if self.fixed or not self.long:
            return now
        return log.opens_at(now, math.ceil(per_second * self.seconds - 1e-6), self.seconds)

    def hurry(self, now: float, calls_under_way: float, *, rushed: bool) -> float:
        """How much faster than the pace calls go: in a long sliding one while it has room, more so after the
        rush of a search; in a fixed one before its end, where they go slowly."""
        if not self.long:
            return 1.0
        if self.begins_at is None:
            return CATCH_UP_SHARE if rushed else ROOM_SHARE
        if self.unsure_seconds > END_SHARE * self.seconds / 3:
            return 1.0
        end_pace = min(1.0, max(END_PACE_MIN, 1 / max(calls_under_way, 0.01)))
        if (now - self.begins_at) % self.seconds >= (1 - END_SHARE) * self.seconds:
            return end_pace
        return (1 - END_SHARE * end_pace) / (1 - END_SHARE)

    def contradicted(
        self, log: CallLog, at: float, per_second: float, full_at: float, seconds_since: float
    ) -> bool:
        """Whether, fixed, it would be full at that moment with far fewer calls than it is known for; or was
        full at `full_at`, so many seconds ago, and calls sent since were taken."""
        if seconds_since < self.seconds / 10:
            return self.fixed and log.taken_between(full_at, at) >= FULL_NO_MORE_CALLS
        few = CONTRADICTED_SHARE * per_second * self.seconds
        return self.fixed and self.count_when_full(log, at) < few

    def step(self, *, known: bool) -> float:
        """How far the pace may rise in one such window."""
        if not known:
            return UNKNOWN_STEP
        return FIXED_STEP if self.fixed else SLIDING_STEP

    def filled(self, log: CallLog, at: float, per_second: float) -> bool:
        """Whether a long one holds as many calls as the pace allows."""
        return self.long and log.count(at, self.seconds) >= FILLED_SHARE * per_second * self.seconds

    def left_by_others(self, log: CallLog, since: float, at: float, per_second: float) -> float | None:
        """Calls per second that a long sliding one takes of late, where that is far fewer than are sent."""
        taken = log.taken_while_refusing(since, at)
        return taken if not self.fixed and taken < SHARED_SHARE * per_second else None

    def slid(self, log: CallLog, seconds_known: float) -> LimitWindow | None:
        """The same as a fixed one, where the last refusals say that it does not slide."""
        if self.fixed or not self.long or seconds_known < SLID_SECONDS_MIN or not log.refusals:
            return None
        lately = bisect_left(log.refusals, log.refusals[-1] - self.seconds / 2)
        times = refusing_times(log.refusals[lately:], log.times)
        last = max(times, key=lambda each: each.last - each.first, default=None)
        if last is None:
            return None
        refused = bisect_right(log.refusals, last.last) - bisect_left(log.refusals, last.first)
        before = last.first - self.seconds
        grown_old = bisect_right(log.times, last.last - self.seconds) - bisect_left(log.times, before)
        if refused < SLID_REFUSED_MIN or grown_old < SLID_SHARE * refused:
            return None
        begins_at, unsure_seconds = last.end
        return replace(self, begins_at=begins_at, unsure_seconds=unsure_seconds)

    def empty_at(self, at: float) -> tuple[float, float]:
        """When a fixed one that is full at that moment may be empty again, and when it is for certain."""
        assert self.begins_at is not None
        if self._just_begun(at):  # so it was the one before, which goes on a little
            return at, at + 2 * self.unsure_seconds + 1.0
        certain = at + (self.begins_at + self.unsure_seconds - at) % self.seconds
        return certain - self.unsure_seconds, certain

    def sharpened(self, log: CallLog) -> LimitWindow:
        """The same, with what refusals of late say of its beginning."""
        if self.begins_at is None:
            return self
        known = log.answered()
        times = list(refusing_times(known.refusals, known.times))
        begins_at, unsure_seconds = narrowed(self.begins_at, self.unsure_seconds, times, self.seconds)
        return replace(self, begins_at=begins_at, unsure_seconds=unsure_seconds)

    def full_at(self, at: float) -> LimitWindow:
        """The same, with what it says of its beginning that it is full at that moment."""
        latest = self.empty_at(at)[1]
        if latest - at >= 2 * self.unsure_seconds:
            return self
        return replace(self, begins_at=(at + latest) / 2, unsure_seconds=(latest - at) / 2)
