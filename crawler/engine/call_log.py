"""The calls of the last minutes: which were taken, which refused, and what is not known yet."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import compress

HORIZON_SECONDS = 180.0
"""How old what explains a limit may be: it may have been another before."""

KEPT_SECONDS = 900.0
SLACK_SECONDS_MAX = 0.25
SLACK_SHARE = 0.02
TAKING_SPAN_MIN_SECONDS = 0.5
TAKEN_CALLS_MIN, REFUSED_CALLS_MIN, REFUSED_SHARE_MIN = 4, 4, 0.1
"""For how long calls must be taken and refused, and how many, to say how many of them are taken."""

SECOND_SHARE_MIN = 0.4
"""A window of a second that is met again with each of its last calls takes half of them: where fewer than
this share of one a second are taken, it is none."""


def slack_seconds(seconds: float) -> float:
    """How much longer a window may seem than it is."""
    return min(SLACK_SECONDS_MAX, SLACK_SHARE * seconds)


class CallLog:
    """The calls of the last minutes that were not refused, and the moments of those that were."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self._paces: list[float] = []
        self._known: list[bool] = []
        self.refusals: list[float] = []

    def sent(self, now: float, pace: float) -> None:
        """Takes in a call and the pace it was sent at."""
        self.times.append(now)
        self._paces.append(pace)
        self._known.append(False)
        old = bisect_left(self.times, now - KEPT_SECONDS)
        if old > len(self.times) / 2:
            del self.times[:old], self._paces[:old], self._known[:old]
        if self.refusals and self.refusals[0] < now - HORIZON_SECONDS:
            del self.refusals[: bisect_left(self.refusals, now - HORIZON_SECONDS)]

    def take(self, sent_at: float) -> None:
        """Takes in that a call was not refused; until then it may still be."""
        number = bisect_right(self.times, sent_at) - 1
        if number >= 0:
            self._known[number] = True

    def taken_between(self, since: float, until: float) -> int:
        """Calls sent in that time that are known to be taken."""
        return sum(self._known[bisect_right(self.times, since) : bisect_left(self.times, until)])

    def under_way(self, at: float, latency_seconds: float) -> bool:
        """Whether calls sent until then are still to be answered, but for those that seem lost."""
        first = bisect_left(self.times, at - 2 * latency_seconds)
        return False in self._known[first : bisect_right(self.times, at)]

    def answered(self) -> CallLog:
        """What is known for certain: without the calls under way."""
        log = CallLog()
        log.times, log.refusals = list(compress(self.times, self._known)), self.refusals
        return log

    def refuse(self, sent_at: float) -> float | None:
        """Takes a call out as refused; the pace it was sent at, None where it is not known any more."""
        number = bisect_right(self.times, sent_at) - 1
        if number < 0:
            return None
        self.refusals.insert(bisect_left(self.refusals, sent_at), self.times.pop(number))
        del self._known[number]
        return self._paces.pop(number)

    def count(self, at: float, seconds: float) -> int:
        """Calls within `seconds` before `at`, and a little longer: not all take equally long to arrive."""
        return bisect_left(self.times, at) - bisect_right(self.times, at - seconds - slack_seconds(seconds))

    def opens_at(self, now: float, calls: int, seconds: float) -> float:
        """When a sliding window of so many calls has room for one more."""
        if len(self.times) < calls:
            return now
        return max(now, self.times[-calls] + seconds + slack_seconds(seconds))

    def taken_while_refusing(self, since: float, until: float) -> float:
        """What is taken while others are refused, in calls per second: a short window or bucket allows that.

        Infinite where it is not known, as few were refused or for too short a time.
        """
        first, last = bisect_left(self.refusals, since), bisect_right(self.refusals, until)
        if last - first < REFUSED_CALLS_MIN:
            return float("inf")
        begun, ended = self.refusals[first], self.refusals[last - 1]
        sent = slice(bisect_left(self.times, begun), bisect_right(self.times, ended))
        taken = sum(self._known[sent])
        if (
            taken < TAKEN_CALLS_MIN
            or ended - begun < TAKING_SPAN_MIN_SECONDS
            or last - first < REFUSED_SHARE_MIN * taken
        ):
            return float("inf")
        share = taken / (taken + last - first)  # those under way will be answered like the others
        per_second = share * (sent.stop - sent.start + last - first) / (ended - begun)
        no_second = per_second < SECOND_SHARE_MIN and taken >= 2 * TAKEN_CALLS_MIN
        return per_second + (1 / (ended - begun) if no_second else 1.0)

    def used(self, now: float, per_second: float, share: float) -> bool:
        """Whether calls come as fast as the pace lets them: what is not used cannot be learnt from."""
        seconds = max(2.0, 10 / per_second)
        return self.count(now, seconds) >= share * per_second * seconds - 1

    def average(self, now: float) -> float:
        """Calls per second over all that is remembered."""
        return len(self.times) / max(1.0, now - self.times[0]) if self.times else 0.0
