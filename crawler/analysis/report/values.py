"""What a report says, as values: read once from the database, then only laid out.

Times are the database's UTC stamps, days are Asia/Shanghai's (the quota's calendar), texts are as the API or
the user sent them.
"""

from __future__ import annotations

from dataclasses import dataclass

from crawler.forecast import ForecastAccuracy
from crawler.money import Money
from crawler.reasons import Reason
from crawler.summary import CallCounts


@dataclass(frozen=True, slots=True)
class PricedCalls:
    """Charged calls of one price, None where their run was given none."""

    price: Money | None
    charged: int


Spent = tuple[PricedCalls, ...]


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run; `seconds` and `outcome` are None while it is going on. `forecast` is how far that was off,
    None where there was none; `price` is what a charged call cost, None where that is not known or differs
    by account."""

    started_at: str
    seconds: float | None
    outcome: str | None
    reason: Reason | None
    keywords_due: int
    keywords_done: int
    keywords_failed: int
    users_new: int
    users_changed: int
    users_seen: int
    rate_limited: int
    calls: CallCounts
    spent: Spent = ()
    price: Money | None = None
    forecast: ForecastAccuracy | None = None


@dataclass(frozen=True, slots=True)
class CreatorLine:
    """One creator. `fans_before` is the count at the start of the period, for those who grew; `keywords` are
    all that found them, the first finder first, and `tags` are theirs."""

    name: str | None
    red_id: str | None
    profile_url: str | None
    image: str | None
    verify_label: str | None
    fans: int | None
    fans_before: int | None
    bio: str | None
    keywords: tuple[str, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeywordLine:
    """What a keyword cost and brought in the period: `entries` counts all it showed, known or new."""

    text: str
    charged: int
    entries: int
    users_new: int


@dataclass(frozen=True, slots=True)
class KeywordGroup:
    """Some keywords of a kind, and the totals over all of that kind."""

    lines: tuple[KeywordLine, ...]
    keywords: int
    charged: int
    spent: Spent = ()


@dataclass(frozen=True, slots=True)
class BucketLine:
    """Creators with at least `fans_min` and fewer than `fans_below` followers; both None for unknown counts,
    `fans_below` None without an upper end. `users_new` are those of the period."""

    fans_min: int | None
    fans_below: int | None
    users: int
    users_new: int


@dataclass(frozen=True, slots=True)
class DayLine:
    """One calendar day; `quota_reached` where the service said so."""

    day: str
    calls: CallCounts
    users_new: int
    quota_reached: bool
    spent: Spent = ()


@dataclass(frozen=True, slots=True)
class FailureLine:
    """Keywords that failed for one cause, a few of them by name."""

    cause: str
    keywords: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """Calls of one cause that brought no page, by what they cost; `perhaps` are those with charge unknown."""

    cause: str
    calls: CallCounts
    spent: Spent = ()
    perhaps: Spent = ()


@dataclass(frozen=True, slots=True)
class InFull:
    """The charged calls of reading everything that was due last night to its end, known exactly only where
    that was done; `at_most` where there was no history to expect anything from."""

    calls: int
    at_most: bool
    spent: Spent


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One account of several: its calls, what they cost and may have cost, why it stopped, if it did."""

    account: str
    calls: CallCounts
    spent: Spent
    perhaps: Spent
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class Report:
    """All of a report. `since` is where its period begins, None for a database without a run.

    The totals hold for the whole period, the tuples only as many lines as are worth reading. `oddities` are
    what was strange about whole answers, each with its number of pages. `repeaters` are keywords that brought
    nobody new and all of whose creators other keywords find too. `in_full` is of a last night alone.
    """

    made_at: str
    since: str | None
    service: str | None
    users_total: int
    users_new: int
    users_grown: int
    rejects: int
    oddities: tuple[tuple[Reason, int], ...]
    runs_total: int
    keywords_done: int
    calls: CallCounts
    runs: tuple[RunLine, ...]
    newcomers: tuple[CreatorLine, ...]
    growers: tuple[CreatorLine, ...]
    fruitful: KeywordGroup
    barren: KeywordGroup
    repeaters: KeywordGroup
    buckets: tuple[BucketLine, ...]
    days: tuple[DayLine, ...]
    failures: tuple[FailureLine, ...]
    answers: tuple[AnswerLine, ...]
    spent: Spent = ()
    in_full: InFull | None = None
    accounts: tuple[AccountLine, ...] = ()

    @property
    def days_spent(self) -> Spent:
        """The charged calls of all its days."""
        return tuple(priced for day in self.days for priced in day.spent)
