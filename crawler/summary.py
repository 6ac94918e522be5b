"""What a run did and how it ended, as values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import timedelta
from decimal import Decimal

from crawler.forecast import ForecastAccuracy
from crawler.money import Money
from crawler.reasons import GOES_ON_BY_ITSELF, Ending, Reason, ending_of


@dataclass(frozen=True, slots=True)
class CallCounts:
    """Calls by what they cost; `sent` is their sum."""

    sent: int = 0
    charged: int = 0
    free: int = 0
    unknown: int = 0

    @classmethod
    def of(cls, charged: int, free: int, unknown: int) -> CallCounts:
        """The counts with their sum."""
        return cls(charged + free + unknown, charged, free, unknown)


@dataclass(frozen=True, slots=True)
class KeywordCounts:
    """Keywords of a run: `left` are those due and neither done nor failed."""

    due: int = 0
    done: int = 0
    failed: int = 0
    left: int = 0


@dataclass(frozen=True, slots=True)
class CreatorCounts:
    """Creators of a run: never seen before, changed, met at all; and how many the database holds."""

    new: int = 0
    changed: int = 0
    seen: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class FailedKeyword:
    """A keyword that failed, the page it failed at and why."""

    text: str
    page: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class NotAsked:
    """A keyword that a run left out, and the new creators expected of a call for it."""

    text: str
    expected: float


@dataclass(frozen=True, slots=True)
class ChosenOrder:
    """The order of calls that a run took, `file` or `yield`, and whether it was `asked` for; else earlier
    nights decided."""

    order: str
    asked: bool


@dataclass(frozen=True, slots=True)
class Removed:
    """Rows that went by age; `reply_bytes` are those of the replies as they were kept."""

    replies: int = 0
    reply_bytes: int = 0
    calls: int = 0
    pages: int = 0
    rejects: int = 0
    changes: int = 0

    def __add__(self, other: Removed) -> Removed:
        """Both together."""
        return Removed(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))

    def __bool__(self) -> bool:
        """Whether anything went."""
        return self != Removed()


@dataclass(frozen=True, slots=True)
class Sweep:
    """What retention removed after a run, and the room for new rows in the file of `file_bytes`. `problem` is
    what ended it before it was done, in words; the next one goes on from there."""

    removed: Removed
    free_bytes: int = 0
    file_bytes: int = 0
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class RunStatistics:
    """What a run did, as the engine counted it: keywords done and failed, calls by their charge, answers of
    the rate limit, pages that name no creator and are not plainly empty."""

    keywords_done: int = 0
    failures: tuple[FailedKeyword, ...] = ()
    calls: CallCounts = CallCounts()
    rate_limited: int = 0
    strange_answers: int = 0


@dataclass(frozen=True, slots=True)
class AccountSummary:
    """One account of several in a run: its calls, what a charged one costs, and why it made no more of them,
    None where it could have gone on."""

    name: str
    calls: CallCounts
    price: Money | None = None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class RunSummary:
    """How a run ended and what it brought; outcome and exit code follow from `reason`.

    `strange_answers` counts pages that were saved, name no creator and are not plainly empty. `price` is what
    a charged call cost. `forecast` is how far that was off, None where there was none. `not_asked` are the
    keywords left out by `--stop-below`. `accounts` are those of a run that has several. `sweep` is what
    retention did, None where nothing was to go by age. `clock_ahead` is how far this machine's clock is ahead
    of the service's, less than nothing where it is behind, None where it is off by minutes at most.
    """

    reason: Reason
    keywords: KeywordCounts
    calls: CallCounts
    creators: CreatorCounts
    seconds: float
    db: str
    failures: tuple[FailedKeyword, ...] = field(default=())
    strange_answers: int = 0
    price: Money | None = None
    order: ChosenOrder | None = None
    not_asked: tuple[NotAsked, ...] = field(default=())
    forecast: ForecastAccuracy | None = None
    accounts: tuple[AccountSummary, ...] = field(default=())
    sweep: Sweep | None = None
    clock_ahead: timedelta | None = None

    @property
    def spent(self) -> Money | None:
        """What the charged calls cost, None where no price is known."""
        return self._cost(lambda calls: calls.charged)

    @property
    def spent_at_most(self) -> Money | None:
        """The same with the calls of which nobody knows whether they were charged."""
        return self._cost(lambda calls: calls.charged + calls.unknown)

    def _cost(self, paid: Callable[[CallCounts], int]) -> Money | None:
        """What these calls cost together, each at its account's price; None where one is not known, and where
        accounts are paid in several currencies."""
        if not self.accounts:
            return None if self.price is None else self.price.times(paid(self.calls))
        costs = [each.price and each.price.times(paid(each.calls)) for each in self.accounts]
        known = [cost for cost in costs if cost is not None]
        if len(known) < len(costs) or len({cost.currency for cost in known}) > 1:
            return None
        return Money(sum((cost.amount for cost in known), start=Decimal(0)), known[0].currency)

    @property
    def accounts_lost(self) -> tuple[str, ...]:
        """The accounts that ended before the run by what somebody has to see to."""
        by_themselves = {*GOES_ON_BY_ITSELF, self.reason.code}
        return tuple(
            each.name for each in self.accounts if each.reason and each.reason.code not in by_themselves
        )

    @property
    def ending(self) -> Ending:
        """The outcome, the exit code and the advice that follow from the reason."""
        return ending_of(self.reason)

    @property
    def outcome(self) -> str:
        """How it ended: `done`, `failed`, `stopped` or `interrupted`."""
        return self.ending.outcome.value

    @property
    def exit_code(self) -> int:
        """What `crawler run` exits with."""
        return self.ending.exit_code
