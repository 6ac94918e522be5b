"""Running totals of a run, from its events: what a progress display and a log show."""

from __future__ import annotations

from crawler.engine.events import (
    CallEnded,
    Draining,
    Event,
    KeywordDone,
    KeywordFailed,
    PageStored,
    RateLimited,
    RunStarted,
)
from crawler.model import Charge


class Tally:
    """Counts of the events it has taken in; `started_at` and `now` are seconds of one clock."""

    def __init__(self, started_at: float) -> None:
        self._started_at = started_at
        self.keywords_due = 0
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
            case Draining():
                self.stopping = True

    @property
    def calls_sent(self) -> int:
        """Calls that have ended."""
        return sum(self.calls.values())

    def calls_per_minute(self, now: float) -> float:
        """The pace so far."""
        elapsed = now - self._started_at
        return self.calls_sent * 60 / elapsed if elapsed > 0 else 0.0

    def seconds_left(self, now: float) -> float | None:
        """About how long the rest takes at the pace so far; None before a keyword has ended."""
        ended = self.keywords_done + self.keywords_failed
        if not ended:
            return None
        return (now - self._started_at) * (self.keywords_due - ended) / ended
