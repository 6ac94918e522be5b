"""The values that cross module boundaries: frozen, slotted, without behaviour that could fail.

Times are UTC text `YYYY-MM-DDTHH:MM:SS.mmmZ` wherever they are stored, so that text order is time order.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from crawler.creator import Creator
from crawler.reasons import Reason, ReasonCode


class Charge(enum.StrEnum):
    """What a call cost: only `CHARGED` is certain to be on the bill, only `FREE` is certain not to be."""

    CHARGED = "charged"
    FREE = "free"
    UNKNOWN = "unknown"


class Keyword(NamedTuple):
    """One keyword as its file gives it.

    `text` is sent (trimmed, otherwise as written); `identity` decides what counts as the same keyword
    (NFKC, trimmed, inner white space folded, case-folded). `priority`: higher goes first. `pages_max` is
    this keyword's own page limit, `refresh_after` when it is due again, None for the run's. `source` is
    `file:line`.
    A tuple, because there may be a million of them: it is made in a third of a dataclass's time.
    """

    text: str
    identity: str
    priority: int = 0
    pages_max: int | None = None
    tags: tuple[str, ...] = ()
    source: str = ""
    refresh_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one line of a keyword file, or with a file or a column that is passed over.

    `source` is `file:line`, or the file alone; `message` is in the reader's language and quotes safely.
    `line_skipped` says that the line gives no keyword, where `message` leaves that open.
    """

    source: str
    message: str
    line_skipped: bool = True


@dataclass(frozen=True, slots=True)
class Work:
    """One keyword to crawl, at page `page`; `generation` counts the times it was started afresh. One that is
    not read `whole` may end as soon as reading on is not worthwhile."""

    keyword_id: int
    text: str
    generation: int
    page: int
    pages_max: int
    whole: bool = True


class DueKeyword(NamedTuple):
    """A keyword's work with what decides between equals: its priority and its place in the files.
    `stale_days` is its own `refresh_after`, `left_unread` says that its work is what a refresh left out."""

    work: Work
    priority: int
    position: int
    stale_days: float | None = None
    left_unread: bool = False


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What one call asks for; the client adds the token to `parameters`."""

    path: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with a readable envelope, at any HTTP status.

    `code` is the body's code: an int where it reads as one, else the text as it came. `data` is the decoded
    JSON below `data`. `body` is the answer as it came. `clock_ahead_seconds` is how far this machine's clock
    is ahead of the service's, None where that does not say.
    """

    http_status: int
    code: int | str
    message: str
    data: Any
    body: bytes
    milliseconds: int
    retry_after_seconds: float | None = None
    clock_ahead_seconds: float | None = None


class FailureKind(enum.StrEnum):
    """How a call ended without a readable envelope."""

    NOT_SENT = "not_sent"  # no connection was made: nothing can have been charged
    TIMEOUT = "timeout"
    DROPPED = "dropped"  # the connection broke after the request was sent
    UNREADABLE = "unreadable"  # HTML, cut or non-JSON text, a JSON value that is no envelope
    TOO_LARGE = "too_large"
    WORKER_LOST = (
        "worker_lost"  # the cluster worker that was to make it is gone or silent: nobody knows whether it did
    )
    NO_WORKER = "no_worker"  # it was given to nobody: nothing can have been charged


class NoConnection(enum.StrEnum):
    """Why no connection was made, for a call that was not sent."""

    INVALID_ADDRESS = "invalid_address"  # no host can have this name
    NO_SUCH_NAME = "no_such_name"
    REFUSED = "refused"  # the host is there and nobody listens
    TLS = "tls"  # another certificate, or no TLS at all
    UNREACHABLE = "unreachable"  # no way there, or no answer on the way


@dataclass(frozen=True, slots=True)
class CallFailed:
    """A call without a readable envelope; `detail` and `error` are safe to show (no token, no URL query).

    `detail` says what came or what the system says, `error` names the exception; either may be empty.
    `no_connection` is given exactly where `kind` is `NOT_SENT`.
    """

    kind: FailureKind
    detail: str
    milliseconds: int
    http_status: int | None = None
    retry_after_seconds: float | None = None
    no_connection: NoConnection | None = None
    error: str = ""


Outcome = Reply | CallFailed


@dataclass(frozen=True, slots=True)
class Reject:
    """An entry that could not be read, kept as JSON text as it came."""

    rank: int
    reason: Reason
    entry: str


@dataclass(frozen=True, slots=True)
class Page:
    """What one successful reply holds. `entries` counts all entries, readable or not.

    `has_more` is the API's own word when it gave a boolean. `oddity` says what was strange about the
    answer as a whole (no `users` list, say), or is None. `unreadable` is True where something came
    that cannot be read, so that the page may hold creators and is no end of anything.
    """

    creators: tuple[Creator, ...]
    rejects: tuple[Reject, ...] = ()
    entries: int = 0
    has_more: bool | None = None
    oddity: Reason | None = None
    unreadable: bool = False


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a call ended, as the ledger keeps it; `reason` is None where it brought what it was sent for."""

    charge: Charge
    code: str | None
    http_status: int | None
    milliseconds: int
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """All that commits together when page `work.page` has come: its creators, its settled call, the keyword's
    checkpoint.

    `end` is None while the keyword goes on, and then it does only if the page brings at least `new_needed`
    creators new to the database: else the rest of it is not worthwhile. `body` is the raw reply where it is
    to be kept.
    """

    call_id: int
    settlement: Settlement
    work: Work
    page: Page
    new_to_keyword: int
    end: ReasonCode | None
    body: bytes | None = None
    new_needed: int = 0


@dataclass(frozen=True, slots=True)
class CallWithoutPage:
    """All that commits together when a call brought no page.

    An answer that could not be understood is passed as `kept` and put among the rejects, with rank 0.
    `keyword_failure` is why its keyword is given up for this run by it, None where it is not.
    """

    call_id: int
    settlement: Settlement
    work: Work
    kept: bytes | None = None
    keyword_failure: Reason | None = None


@dataclass(frozen=True, slots=True)
class PageSaved:
    """What saving a page changed: creators never seen before, changed, and first met in this run. `end` is
    why its keyword ends with it, None while that goes on."""

    creators_new: int = 0
    creators_changed: int = 0
    creators_seen: int = 0
    end: ReasonCode | None = None
