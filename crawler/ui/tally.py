"""Running totals of a run, from its events: what a progress display and a log show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from crawler.engine.events import (
    CallEnded,
    Draining,
    Event,
    KeywordDone,
    KeywordFailed,
    OfAccount,
    PageStored,
    QuotaBack,
    QuotaWait,
    RateLimited,
    RunStarted,
)
from crawler.i18n import _
from crawler.model import Charge
from crawler.money import Money
from crawler.rate import parse_rate

PER_SECOND_FROM = 5
"""Calls a second from which a limit, and every pace beside it, is told by the second, else by the minute."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How a run's figures are told: its limit of calls as text, and what a charged call costs, if known."""

    limit: str = "unlimited"
    price: Money | None = None

    def pace(self, per_second: float | None) -> str:
        """Calls in a span of time, in the unit of the limit; None is no limit."""
        if per_second is None:
            return _("unlimited")
        limit = parse_rate(self.limit).per_second
        if limit is not None and limit < PER_SECOND_FROM:
            return _("%s a minute") % _three_digits(per_second * 60)
        return _("%s a second") % _three_digits(per_second)

    def rate(self, text: str) -> str:
        """A rate that was written as an option takes it, such as `40/m`, as a pace; a learnt one as it is."""
        rate = parse_rate(text)
        return text if rate.learns else self.pace(rate.per_second)

    def money(self, calls: int) -> str | None:
        """What `calls` charged calls cost; None where no price is known."""
        return None if self.price is None else str(self.price.times(calls))


def _three_digits(number: float) -> str:
    """As precise as a pace deserves: `0.5`, `4.2`, `39.8`, `6,000`."""
    rounded = float(f"{number:.3g}")
    return f"{rounded:,.0f}" if rounded >= 100 else f"{rounded:g}"


class Tally:
    """Counts of the events it has taken in; `clock` tells seconds, and every `now` is one of its readings.

    `keywords_due` is None until the keywords are read, which with many of them takes a while: the pace counts
    from then. What a run sleeps until the quota is back is no part of it.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._started_at = clock()
        self._asleep_since: float | None = None
        self.keywords_due: int | None = None
        self.keywords_done = 0
        self.keywords_failed = 0
        self.creators_new = 0
        self.creators_seen = 0
        self.pages = 0
        self.calls = {charge: 0 for charge in Charge}
        self.rate_limited = 0
        self.rate: str | None = None
        self.stopping = False

    def take(self, event: Event) -> None:
        """Takes in one event."""
        match event:
            case RunStarted():
                self.keywords_due = event.due
                self._started_at = self._clock()
            case CallEnded():
                self.calls[event.charge] += 1
            case PageStored():
                self.pages += 1
                self.creators_new += event.saved.creators_new
                self.creators_seen += event.saved.creators_seen
            case KeywordDone():
                self.keywords_done += 1
            case KeywordFailed():
                self.keywords_failed += 1
            case RateLimited():
                self.rate_limited += 1
                self.rate = event.rate
            case QuotaWait():
                self._asleep_since = self._clock()
            case QuotaBack() if self._asleep_since is not None:
                self._started_at += self._clock() - self._asleep_since
                self._asleep_since = None
            case OfAccount(event=QuotaWait() | QuotaBack()):
                pass  # others go on
            case OfAccount():
                self.take(event.event)
                self.rate = None  # of one account of several
            case Draining():
                self.stopping = True

    @property
    def calls_sent(self) -> int:
        """Calls that have ended."""
        return sum(self.calls.values())

    @property
    def keywords_ended(self) -> int:
        """Keywords of which nothing more comes in this run."""
        return self.keywords_done + self.keywords_failed

    def calls_per_second(self, now: float) -> float:
        """The pace so far."""
        elapsed = self._elapsed(now)
        return self.calls_sent / elapsed if elapsed > 0 else 0.0

    def seconds_left(self, now: float) -> float | None:
        """About how long the rest takes at the pace so far; None before a keyword has ended."""
        if not self.keywords_ended or self.keywords_due is None:
            return None
        return self._elapsed(now) * (self.keywords_due - self.keywords_ended) / self.keywords_ended

    def _elapsed(self, now: float) -> float:
        return (now if self._asleep_since is None else self._asleep_since) - self._started_at
