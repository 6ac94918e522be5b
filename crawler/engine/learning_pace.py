"""A pace that finds the account's limit: a search, then small steps that refusals have to be earned for.

Values in, values out: time is passed in, nothing waits here. The formula, with reasons, is in docs/pace.md.
- **searching**: the pace rises with the third power of the time until a refusal.
- **probing**: single calls go after waits that double; the first that is taken ends it, and the window that
  explains all answers best gives the limit.
- **steady**: a refusal lowers the pace to STEP below where it was met; `calls_that_pay` good answers bring
  that back, twice as many four times as much.
"""

from __future__ import annotations

from collections.abc import Iterable

from crawler.engine.call_log import HORIZON_SECONDS, CallLog
from crawler.engine.limit_window import LimitWindow
from crawler.engine.pace_search import Phase, Search, first_pace
from crawler.engine.pace_steps import STEP, calls_that_pay, rise
from crawler.engine.probe_backoff import ProbeWaits
from crawler.engine.rate_limit_inference import WINDOWS_SECONDS, limit_from
from crawler.rate import LearntLimit

SLOWEST_PER_SECOND = 1 / 60
CUT_MAX = 0.5
HOLD_SHARE = 0.02
"""Most of the time that may be spent on waiting after refusals."""

RETRY_AFTER_MAX_SECONDS = 300.0
UNSURE_SHARE = 0.05
"""More than this share of a fixed window's calls may be wrong, and the limit is looked for further up."""

CALM_CALLS = 12
"""Good answers after a cut that show it was enough."""

NOTHING_SECONDS, NOTHING_CALLS_MIN = 1.5, 12
"""Nothing taken for so long, and of so many calls: that is no short window."""

AS_KNOWN_SHARE = 0.8
CATCH_UP_WINDOWS = 10
"""After the rush of a search; what does not go as soon as there is room is lost to the minute."""


class LearningPace:
    """When the next call may go, from how the calls before it were answered."""

    def __init__(
        self, ceiling_per_second: float, learnt: LearntLimit | None = None, sent_before: Iterable[float] = ()
    ) -> None:
        self._ceiling = ceiling_per_second
        self._log = CallLog()
        self._phase = Phase.SEARCHING
        self._window: LimitWindow | None = None
        self._limit = 0.0
        """Where the last refusal was met, in calls per second; 0 where there was none."""
        if learnt is not None and learnt.found:
            self._phase, self._limit = Phase.STEADY, learnt.per_second
            self._window = LimitWindow.learnt(learnt)
        self._set(first_pace(learnt))
        self._search = Search(self.per_second)
        self._asked_until = float("-inf")
        """When the API wants to be asked again."""
        for at in sorted(sent_before):
            self._log.sent(at, self.per_second)
            self._log.take(at)
        self._next_at = self._log.times[-1] + 1 / self.per_second if self._log.times else float("-inf")
        self._latency_seconds = 0.0
        self._answered_at = float("-inf")
        self._cut_at = self._settled_at = float("-inf")
        self._cuts = self._good_since_cut = self._refused_in_a_row = self._only_refused = 0
        self._quiet_calls = 0
        """Good answers since the last refusal; negative as long as refused calls are not paid for."""
        self._held_calls = 0.0
        self._refused_pace = self.per_second
        self._waits, self._taken_at = ProbeWaits(0.0, 0.0), float("inf")
        """When the first of the probes that were taken was sent."""
        self._retry_seconds = 0.0
        self._full_at = float("-inf")
        """When a fixed window was full."""
        self._single_until = float("-inf")
        """Until when calls go singly, as a fixed window may still be full."""
        self._as_known = False
        """Whether the last refusal came where the limit was known to be."""
        self._catch_up_until = self._contradicted_at = self._shared_at = float("-inf")

    @property
    def paused_until(self) -> float:
        """Until when all calls are held back."""
        return max(self._asked_until, self._next_at) if self._phase is Phase.PROBING else self._asked_until

    def opens_at(self, now: float, ahead: int = 0) -> float:
        """When a call may go that has `ahead` others before it."""
        at = max(now, self._asked_until, self._next_at)
        if self._phase is Phase.STEADY and self._window is not None:
            at = max(at, self._window.room_at(self._log, now, self.per_second))
        if ahead == 0:
            return at
        return at + ahead * (self._waits.seconds if self._phase is Phase.PROBING else 1 / self.per_second)

    def sent(self, now: float) -> None:
        """Takes in that a call was sent."""
        if self._phase is Phase.SEARCHING:
            fresh = now - self._answered_at < 2 * self._latency_seconds + 3
            used = fresh and self._log.used(now, self.per_second, 0.7)
            self._set(self._search.raised(self.per_second, now, self._latency_seconds, used=used))
        self._log.sent(now, self.per_second)
        if self._phase is Phase.PROBING:
            self._waits.lengthen(now)
            self._next_at = self._waits.ends_at(now, self._log)
            return
        step = 1 / (self.per_second * self._catching_up(now))
        if now < self._single_until and self._window is not None:
            step = max(step, self._window.unsure_seconds / 2)
        # Lateness is made up for as long as it is no more than one step.
        self._next_at = (self._next_at if now - self._next_at < step else now) + step

    def _catching_up(self, now: float) -> float:
        if self._window is None or self._phase is not Phase.STEADY:
            return 1.0
        rushed = now < self._catch_up_until and self._good_since_cut > 0
        return self._window.hurry(now, self._latency_seconds * self.per_second, rushed=rushed)

    def went_well(self, sent_at: float, now: float) -> None:
        """Takes in an answer that was not a refusal."""
        latency = max(0.0, now - sent_at)
        self._latency_seconds += (latency - self._latency_seconds) * (0.1 if self._answered_at > 0 else 1.0)
        self._answered_at = now
        self._log.take(sent_at)
        self._only_refused = 0
        if sent_at <= self._cut_at:
            return
        self._refused_in_a_row = 0
        self._good_since_cut += 1
        if self._good_since_cut == 1 and self._phase is Phase.STEADY:
            self._count_again(now)
            if now < self._single_until:
                self._single_until, self._next_at = now, now
        if self._good_since_cut >= CALM_CALLS:
            self._cuts = 0
        if self._phase is Phase.PROBING:
            self._taken_at = min(self._taken_at, sent_at)
            self._settle(now)
        elif self._phase is Phase.STEADY:
            self._raise_a_little(sent_at, now)

    def refused(self, sent_at: float, now: float, retry_after_seconds: float | None) -> bool:
        """Takes in a rate-limit answer to a call sent at `sent_at`; True where it lowered the pace.

        Answers to calls that were under way when it was lowered last say nothing new.
        """
        pace = self._log.refuse(sent_at)
        if retry_after_seconds:
            until = now + min(retry_after_seconds, RETRY_AFTER_MAX_SECONDS)
            self._asked_until = max(self._asked_until, until)
            # All calls wait for it: what they lose has to be earned as well.
            self._held_calls = (until - now) * self.per_second / HOLD_SHARE
        self._only_refused += 1
        nothing = max(NOTHING_CALLS_MIN, NOTHING_SECONDS * self.per_second)
        if self._phase is not Phase.STEADY or (self._only_refused >= nothing and not self._long):
            return self._probe(sent_at, now, pace)
        if sent_at <= self._cut_at:
            self._quiet_calls = -int(calls_that_pay(self.per_second))
            return False
        self._refused_in_a_row += 1
        window = self._window
        answers = sent_at, self._limit, self._cut_at, now - self._cut_at
        if window is not None and window.contradicted(self._log, *answers):
            self._as_known, self._contradicted_at = False, now
            return self._probe(sent_at, now, pace)
        if self._refused_in_a_row >= max(4.0, 0.15 * self.per_second * self._catching_up(now)):
            return self._probe(sent_at, now, pace)
        self._cut(sent_at, now, pace or self.per_second)
        return True

    def _probe(self, sent_at: float, now: float, pace: float | None) -> bool:
        if self._phase is Phase.PROBING:
            self._settle(now)
            return sent_at > self._cut_at and not self._waits.flat
        self._taken_at = float("inf")
        self._phase, self._cut_at, self._good_since_cut = Phase.PROBING, now, 0
        self._catch_up_until = now
        self._refused_pace = pace or self.per_second
        self._waits = ProbeWaits(now, self._log.count(now, WINDOWS_SECONDS[-1]) / WINDOWS_SECONDS[-1])
        self._next_at = self._waits.ends_at(now, self._log)
        return True

    def _settle(self, now: float) -> None:
        """Once a probe was taken and the calls before are answered: from here on at what all answers say."""
        in_time = now < self._cut_at + 2 * self._latency_seconds
        if self._taken_at > now or (in_time and self._log.under_way(self._cut_at, self._latency_seconds)):
            return
        sent_at = self._taken_at
        self._phase = Phase.STEADY
        self._good_since_cut, self._settled_at, self._next_at = 0, now, now
        if self._as_known and self._window is not None and sent_at - self._cut_at < self._window.seconds / 4:
            return  # a window was full near its end, and the pace has been lowered for that
        fixed = now - self._contradicted_at > HORIZON_SECONDS
        window, limit = limit_from(self._log, self._refused_pace, self._cut_at, sent_at, now, fixed_too=fixed)
        self._window = window
        self._limit = max(SLOWEST_PER_SECOND, limit)
        self._set(self._limit * (1 - STEP))
        # Where a window begins, and so how many calls it holds, may only be known about.
        if window is None or window.unsure_seconds * self._refused_pace > UNSURE_SHARE * window.calls:
            one_less = self.per_second - (1 / window.seconds if window is not None else 0.0)
            self._limit = max(SLOWEST_PER_SECOND, min(self.per_second / (1 + 2 * STEP), one_less))
        self._quiet_calls, self._cuts = 0, 0
        if self._long and window is not None and not window.fixed:
            self._catch_up_until = now + CATCH_UP_WINDOWS * window.seconds

    @property
    def _long(self) -> bool:
        return self._window is not None and self._window.long

    def _cut(self, sent_at: float, now: float, pace: float) -> None:
        """Lowers the pace below where it was refused; further each time, until that is enough."""
        met, before, cut_before = min(pace, self.per_second), self._limit, self._cut_at
        self._cut_at, self._good_since_cut, self._as_known = now, 0, False
        self._quiet_calls = min(0, self._quiet_calls)
        since = max(self._settled_at, sent_at - max(2.0, self._latency_seconds, 30 / self.per_second))
        if self._long:
            full = self._cut_window(sent_at, now, max(since, self._shared_at), before, now - cut_before)
            if full is None:
                return
            met = min(met, max(met / 2, full))
        else:
            met = min(met, self._log.taken_while_refusing(since, sent_at))
        self._limit = met
        self._cuts += 1
        self._set(met * (1 - min(CUT_MAX, STEP * 2 ** max(0, self._cuts - 2))))
        self._next_at = max(self._next_at, now + 1 / self.per_second)

    def _cut_window(
        self, sent_at: float, now: float, since: float, before: float, seconds_since_cut: float
    ) -> float | None:
        """What a long window was full with, in calls per second; None where that has set the pace already."""
        window = self._window
        assert window is not None
        left = window.left_by_others(self._log, since, sent_at, self.per_second)
        if left is not None:
            self._limit, self._shared_at = left, now
            self._set(left)
            return None
        if seconds_since_cut < window.seconds / 10:  # full, which says no more than just before
            self._retry_seconds *= 2
            self._next_at = max(self._next_at, now + self._retry_seconds)
            return None
        full = window.count_when_full(self._log, sent_at) / window.seconds
        self._retry_seconds, self._as_known = 1 / self.per_second, full > AS_KNOWN_SHARE * before
        if window.begins_at is not None:
            self._full_at = sent_at if self._as_known else float("-inf")
            self._window = window = window.full_at(sent_at)
            may_be, self._single_until = window.empty_at(sent_at)
            self._next_at = max(self._next_at, may_be)
        if full <= before * (1 - STEP):
            return full
        self._limit = full  # a burst of before has filled it, not the pace
        self._set(min(self.per_second, full * (1 - STEP)))
        return None

    def _count_again(self, now: float) -> None:
        """After a cut: where a fixed window begins is known better, and so is what has filled it."""
        window = self._window
        if window is not None and (fixed := window.slid(self._log, now - self._settled_at)):
            self._window = fixed
            return
        if not self._long or window is None or window.begins_at is None or self._full_at < 0:
            return
        self._window = window = window.sharpened(self._log)
        full = window.count_when_full(self._log, self._full_at) / window.seconds
        self._limit, self._full_at = full, float("-inf")
        self._set(full * (1 - STEP))

    def _raise_a_little(self, sent_at: float, now: float) -> None:
        """One good answer's worth: the more, the longer there was no refusal."""
        self._quiet_calls += 1
        window = self._window or LimitWindow(1.0, 1)
        lately = self._log.count(sent_at, window.seconds) / window.seconds if self._long else None
        slowed = self.per_second * min(1.0, self._catching_up(now))
        if not (self._log.used(now, slowed, 0.85) or window.filled(self._log, sent_at, self.per_second)):
            return
        price = max(calls_that_pay(self.per_second), self._held_calls)
        share = rise(
            self.per_second, self._limit, self._quiet_calls, price, self._latency_seconds, window.seconds,
            lately, window.step(known=self._settled_at > 0),
        )  # fmt: skip
        self._set(self.per_second * (1 + share))

    def _set(self, per_second: float) -> None:
        self.per_second = min(self._ceiling, max(SLOWEST_PER_SECOND, per_second))

    @property
    def learnt(self) -> LearntLimit | None:
        """The limit as known by now; None before the first answer."""
        if self._answered_at < 0:
            return None
        if self._phase is not Phase.STEADY:
            return LearntLimit(self.per_second, found=False) if self._phase is Phase.SEARCHING else None
        window, limit = self._window, max(self._limit, self.per_second)
        if window is None:
            return LearntLimit(limit, found=True)
        return LearntLimit(limit, found=True, window_seconds=window.seconds, fixed=window.fixed)
