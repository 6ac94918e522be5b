"""Why a run, a keyword or a call ended, as data: a stable code and its details.

Words for people are made where a reason is shown, by `crawler.i18n.reasons`. How a run ends, with which exit
code and with what advice, follows from the code by the table `ENDINGS`.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

Details = Mapping[str, str | int]


class ReasonCode(enum.StrEnum):
    """A stable word, as the database, `--json` and the library have it."""

    # how a keyword ends well
    EMPTY_PAGE = "empty_page"
    NO_CONTENT = "no_content"
    NO_MORE = "no_more"
    NOTHING_NEW = "nothing_new"
    PAGE_LIMIT = "page_limit"
    NOT_WORTHWHILE = "not_worthwhile"  # a refresh that leaves the rest unread: done for now, not complete

    # what the service answers to a call: details `api_code`, or `failure`, `http_status`, `detail`
    SUCCESS = "success"
    COLLECTION_FAILED = "collection_failed"
    CALLS_TOO_FAST = "calls_too_fast"
    DAILY_QUOTA = "daily_quota"
    BAD_PARAMETER = "bad_parameter"
    INTERNAL_ERROR = "internal_error"
    UNAVAILABLE = "unavailable"
    NO_SUCH_ROUTE = "no_such_route"
    TOKEN_INVALID = "token_invalid"  # noqa: S105 - a word, not a token
    NO_PERMISSION = "no_permission"
    BALANCE = "balance"
    SPENDING_CAP = "spending_cap"
    UNDOCUMENTED_CODE = "undocumented_code"
    UNREADABLE_PAGE = "unreadable_page"
    FORBIDDEN = "forbidden"
    NO_CONNECTION = "no_connection"
    NO_ANSWER = "no_answer"
    WORKER_LOST = "worker_lost"

    # found by `crawler verify`
    PAGE_LOST = "page_lost"

    # why a keyword is asked for again
    NO_CREATORS = "no_creators"

    # how a run ends
    ALL_DONE = "all_done"
    NOTHING_DUE = "nothing_due"
    SOME_FAILED = "some_failed"
    CALL_CAP = "call_cap"
    DAY_CAP = "day_cap"
    BUDGET = "budget"
    BUDGET_PER_DAY = "budget_per_day"
    UNTIL = "until"
    OUTAGE = "outage"
    UNREACHABLE = "unreachable"
    CLUSTER_LOST = "cluster_lost"
    WRONG_CLOCK = "wrong_clock"  # details `own` and `service`: what the clocks say
    RATE_LIMIT = "rate_limit"
    RESPONSE_DRIFT = "response_drift"
    INTERRUPTED = "interrupted"
    CRASHED = "crashed"
    CANNOT_WRITE = "cannot_write"
    NOT_USABLE = "not_usable"
    FILE_REPLACED = "file_replaced"
    REFUSED = "refused"

    # what is odd about an answer as a whole: detail `kind`
    DATA_IS_LIST = "data_is_list"
    DATA_NOT_OBJECT = "data_not_object"
    NO_USERS = "no_users"
    USERS_NOT_LIST = "users_not_list"
    NO_ENTRY_READ = "no_entry_read"

    # why an entry is kept as it came
    ENTRY_NOT_OBJECT = "entry_not_object"
    NO_IDENTITY = "no_identity"
    NOT_UNDERSTOOD = "not_understood"

    OTHER = "other"  # a text of an older version that no code fits: detail `text`


@dataclass(frozen=True, slots=True)
class Reason:
    """A code and what belongs to it: values that JSON can hold, without token or URL."""

    code: ReasonCode
    details: Details = field(default_factory=dict)

    @property
    def details_json(self) -> str | None:
        """The details as a JSON object, None where there are none: as the database keeps them."""
        return json.dumps(dict(self.details), ensure_ascii=False) if self.details else None


def read_reason(code: str | None, details: str | None) -> Reason | None:
    """The reason in two columns of the database, None where there is none; a code of a newer version is told
    as it stands."""
    if code is None:
        return None
    try:
        read = json.loads(details) if details else {}
    except ValueError:
        read = {}
    try:
        return Reason(ReasonCode(code), read if isinstance(read, dict) else {})
    except ValueError:
        return Reason(ReasonCode.OTHER, {"text": code})


class Outcome(enum.StrEnum):
    """How a run ended, as `runs.outcome` keeps it."""

    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"
    CRASHED = "crashed"


class Advice(enum.Enum):
    """What to do after a run."""

    LOOK = enum.auto()  # see what came
    ASK_ANYWAY = enum.auto()  # nothing was due
    TRY_FAILED_AGAIN = enum.auto()
    GO_ON = enum.auto()
    GO_ON_TOMORROW = enum.auto()  # after midnight in Shanghai
    GO_ON_ONCE_MENDED = enum.auto()
    LOOK_AT_ANSWERS = enum.auto()  # the API may have changed: trying again pays for the same


EXIT_DONE = 0
EXIT_SOME_FAILED = 1
EXIT_USAGE = 2
EXIT_STOPPED = 75
EXIT_TOKEN = 77
EXIT_SIGNAL = 128  # plus the signal's number


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run that ends for a reason ends: its outcome, its exit code, what to do next."""

    outcome: Outcome
    exit_code: int
    advice: Advice


_STOPPED = Ending(Outcome.STOPPED, EXIT_STOPPED, Advice.GO_ON)
_TOMORROW = Ending(Outcome.STOPPED, EXIT_STOPPED, Advice.GO_ON_TOMORROW)
_TOKEN = Ending(Outcome.STOPPED, EXIT_TOKEN, Advice.GO_ON_ONCE_MENDED)
_USAGE = Ending(Outcome.STOPPED, EXIT_USAGE, Advice.GO_ON_ONCE_MENDED)

ENDINGS: dict[ReasonCode, Ending] = {
    ReasonCode.ALL_DONE: Ending(Outcome.DONE, EXIT_DONE, Advice.LOOK),
    ReasonCode.NOTHING_DUE: Ending(Outcome.DONE, EXIT_DONE, Advice.ASK_ANYWAY),
    ReasonCode.SOME_FAILED: Ending(Outcome.FAILED, EXIT_SOME_FAILED, Advice.TRY_FAILED_AGAIN),
    ReasonCode.RESPONSE_DRIFT: Ending(Outcome.STOPPED, EXIT_SOME_FAILED, Advice.LOOK_AT_ANSWERS),
    ReasonCode.CALL_CAP: _STOPPED,
    ReasonCode.DAY_CAP: _TOMORROW,
    ReasonCode.BUDGET: _STOPPED,
    ReasonCode.BUDGET_PER_DAY: _TOMORROW,
    ReasonCode.UNTIL: _STOPPED,
    ReasonCode.DAILY_QUOTA: _TOMORROW,
    ReasonCode.BALANCE: _STOPPED,
    ReasonCode.SPENDING_CAP: _STOPPED,
    ReasonCode.OUTAGE: _STOPPED,
    ReasonCode.UNREACHABLE: _STOPPED,
    ReasonCode.CLUSTER_LOST: Ending(Outcome.STOPPED, EXIT_STOPPED, Advice.GO_ON_ONCE_MENDED),
    ReasonCode.WRONG_CLOCK: Ending(Outcome.STOPPED, EXIT_STOPPED, Advice.GO_ON_ONCE_MENDED),
    ReasonCode.RATE_LIMIT: _STOPPED,
    ReasonCode.TOKEN_INVALID: _TOKEN,
    ReasonCode.NO_PERMISSION: _TOKEN,
    ReasonCode.NO_SUCH_ROUTE: _USAGE,
    ReasonCode.CANNOT_WRITE: _STOPPED,
    ReasonCode.NOT_USABLE: _STOPPED,
    ReasonCode.FILE_REPLACED: _STOPPED,
    ReasonCode.INTERRUPTED: Ending(Outcome.INTERRUPTED, EXIT_SIGNAL, Advice.GO_ON),
    ReasonCode.CRASHED: Ending(Outcome.CRASHED, EXIT_STOPPED, Advice.GO_ON),
}
"""For every reason that can end a run."""


GOES_ON_BY_ITSELF = frozenset(
    {
        ReasonCode.CALL_CAP,
        ReasonCode.DAY_CAP,
        ReasonCode.BUDGET,
        ReasonCode.BUDGET_PER_DAY,
        ReasonCode.UNTIL,
        ReasonCode.DAILY_QUOTA,
        ReasonCode.INTERRUPTED,
    }
)
"""Why a run stops that was meant to: the next night continues, and nobody has to do anything."""


_ADVICE_BY_EFFORT = (Advice.GO_ON, Advice.GO_ON_TOMORROW, Advice.GO_ON_ONCE_MENDED)


def soonest(reasons: Iterable[Reason]) -> Reason:
    """Of the reasons why several accounts stopped, that of the run: what goes on by itself, and soonest,
    counts before what somebody has to see to."""
    return min(
        reasons,
        key=lambda reason: (
            reason.code not in GOES_ON_BY_ITSELF,
            _ADVICE_BY_EFFORT.index(ending_of(reason).advice),
        ),
    )


def ending_of(reason: Reason) -> Ending:
    """How a run ends for this reason; a run that was interrupted ends with the number of its signal."""
    ending = ENDINGS.get(reason.code, _STOPPED)
    if reason.code is ReasonCode.INTERRUPTED:
        number = reason.details.get("signal_number", 0)
        return Ending(ending.outcome, EXIT_SIGNAL + int(number), ending.advice)
    return ending
