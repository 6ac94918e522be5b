"""What happens during a run, as values; they are formatted where they are shown or logged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from crawler.model import Charge, PageSaved, Problem, Work
from crawler.money import Money
from crawler.reasons import Reason, ReasonCode


@dataclass(frozen=True, slots=True)
class LineSkipped:
    """A line of a keyword file that gives no keyword, or a file or column that is passed over."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run begins: `listed` keywords in the files, `repeated` lines that name one again, `due` ones."""

    run_id: int
    listed: int
    repeated: int
    due: int
    db: str
    service: str


@dataclass(frozen=True, slots=True)
class OrderChosen:
    """The order of calls that the run takes, `file` or `yield`; not `asked` for it follows from whether there
    is a night to learn from. `left_out` keywords are not asked for, as less than `stop_below` is expected."""

    order: str
    asked: bool
    left_out: int
    stop_below: float | None


@dataclass(frozen=True, slots=True)
class CallEnded:
    """One call was answered, or was not."""

    work: Work
    page: int
    attempt: int
    code: str | None
    http_status: int | None
    charge: Charge
    milliseconds: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class PageStored:
    """A page is durable, with what it brought."""

    work: Work
    page: int
    entries: int
    rejected: int
    saved: PageSaved
    oddity: Reason | None


@dataclass(frozen=True, slots=True)
class KeywordDone:
    """A keyword has been crawled to its end."""

    work: Work
    page: int
    reason: ReasonCode


@dataclass(frozen=True, slots=True)
class KeywordDeferred:
    """A keyword failed for now and gets one more chance at the end of the run."""

    work: Work
    reason: Reason


@dataclass(frozen=True, slots=True)
class KeywordFailed:
    """A keyword is given up for this run; it is due again next time."""

    work: Work
    reason: Reason


@dataclass(frozen=True, slots=True)
class RateLimited:
    """The API refused a call for its rate; `rate` is what all workers keep to after the pause."""

    rate: str
    lowered: bool
    pause_seconds: float


@dataclass(frozen=True, slots=True)
class RetryPause:
    """A keyword waits long before it is tried again; `asked`: because the API asks for it."""

    work: Work
    seconds: float
    asked: bool


@dataclass(frozen=True, slots=True)
class CircuitOpened:
    """Most of the last calls failed, the last one for `reason`: all workers wait, then one call is tried.
    `unreachable`: not one call of this run has ever connected."""

    seconds: float
    probe: int
    reason: Reason
    unreachable: bool


@dataclass(frozen=True, slots=True)
class CircuitClosed:
    """A call went well again."""


@dataclass(frozen=True, slots=True)
class SpendingAhead:
    """The first paid calls of a database are ahead, and no cap binds them: so many keywords are due, that
    take at most `calls_max` calls and `money_max`, None where no price is known."""

    keywords: int
    calls_max: int
    money_max: Money | None


@dataclass(frozen=True, slots=True)
class BalanceTold:
    """What the account holds before the run; `needed` is what it falls short of, None where it is enough or
    nobody knows."""

    balance: Money
    needed: Money | None


@dataclass(frozen=True, slots=True)
class ClockOff:
    """This machine's clock says `own`, the service's `service`: more than minutes apart."""

    own: datetime
    service: datetime


@dataclass(frozen=True, slots=True)
class FinishedInFuture:
    """So many keywords are asked for again because they were finished on a date in the future."""

    keywords: int


@dataclass(frozen=True, slots=True)
class ClusterWorkerJoined:
    """A cluster worker takes calls from now on, one of so many `workers`."""

    name: str
    workers: int


@dataclass(frozen=True, slots=True)
class ClusterWorkerLeft:
    """A cluster worker takes no more calls; `workers` are left."""

    name: str
    workers: int


@dataclass(frozen=True, slots=True)
class ClusterWorkerRefused:
    """A cluster worker that joined late is given no calls; `problem` says why, in the reader's language."""

    problem: str


@dataclass(frozen=True, slots=True)
class QuotaWait:
    """The day's quota is used up, and the run sleeps until it is back."""

    seconds: float
    returns_at: datetime


@dataclass(frozen=True, slots=True)
class QuotaBack:
    """The quota's wait is over: calls go again."""


@dataclass(frozen=True, slots=True)
class AccountParked:
    """One account of several makes no more calls in this run."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class OfAccount:
    """Something that happens to one account of several, by its name."""

    account: str
    event: Event


@dataclass(frozen=True, slots=True)
class Draining:
    """The run is ending before its work does; `in_flight` calls are still allowed to finish."""

    reason: Reason
    in_flight: int


Event = (
    LineSkipped
    | RunStarted
    | OrderChosen
    | CallEnded
    | PageStored
    | KeywordDone
    | KeywordDeferred
    | KeywordFailed
    | RateLimited
    | RetryPause
    | CircuitOpened
    | CircuitClosed
    | SpendingAhead
    | BalanceTold
    | ClockOff
    | FinishedInFuture
    | ClusterWorkerJoined
    | ClusterWorkerLeft
    | ClusterWorkerRefused
    | QuotaWait
    | QuotaBack
    | AccountParked
    | OfAccount
    | Draining
)
