"""What to do with each outcome of a call: one table, pure.

The body's code decides at any HTTP status; the status decides only where there is no readable envelope.
Source of codes, meanings and charges: the vendor's API page and error list, both the edition in which every
business answer came under HTTP 200 and that of July 2026 with its own statuses.
"""

from __future__ import annotations

import enum
import random
from dataclasses import dataclass

from crawler.i18n import N_
from crawler.model import CallFailed, Charge, FailureKind, Outcome, Page, Reply, StopReason, Work


class Action(enum.Enum):
    """What the conductor does next."""

    USE = enum.auto()  # read the page
    END_KEYWORD = enum.auto()  # nothing (more) for this keyword
    RETRY = enum.auto()  # the same page again, after a pause, a bounded number of times
    SLOW_DOWN = enum.auto()  # all workers slower, then the same page again
    FAIL_KEYWORD = enum.auto()  # this keyword is given up for this run
    STOP_RUN = enum.auto()  # no new call; what is in flight comes home


class Blame(enum.Enum):
    """Whose fault a failure is; only the service's count towards an outage."""

    NOBODY = enum.auto()
    KEYWORD = enum.auto()
    SERVICE = enum.auto()
    ACCOUNT = enum.auto()


EXIT_DONE = 0
EXIT_SOME_FAILED = 1
EXIT_USAGE = 2
EXIT_STOPPED = 75
EXIT_TOKEN = 77


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table. `meaning` is English, translated where it is shown; `exit_code` counts only where
    the run stops."""

    action: Action
    charge: Charge
    blame: Blame
    meaning: str
    exit_code: int = EXIT_STOPPED


RULES: dict[int, Rule] = {
    0: Rule(Action.USE, Charge.CHARGED, Blame.NOBODY, N_("success")),
    201: Rule(Action.END_KEYWORD, Charge.CHARGED, Blame.NOBODY, N_("no content")),
    301: Rule(Action.RETRY, Charge.FREE, Blame.SERVICE, N_("collection failed")),
    302: Rule(Action.SLOW_DOWN, Charge.FREE, Blame.NOBODY, N_("rate limit")),
    303: Rule(Action.STOP_RUN, Charge.FREE, Blame.ACCOUNT, N_("daily quota used up")),
    400: Rule(Action.FAIL_KEYWORD, Charge.FREE, Blame.KEYWORD, N_("bad parameter")),
    500: Rule(Action.RETRY, Charge.FREE, Blame.SERVICE, N_("internal server error")),
    503: Rule(Action.RETRY, Charge.FREE, Blame.SERVICE, N_("temporarily unavailable")),
    404: Rule(Action.STOP_RUN, Charge.FREE, Blame.ACCOUNT, N_("no such route: check --base-url"), EXIT_USAGE),
    100: Rule(Action.STOP_RUN, Charge.FREE, Blame.ACCOUNT, N_("token invalid or expired"), EXIT_TOKEN),
    101: Rule(
        Action.STOP_RUN, Charge.FREE, Blame.ACCOUNT, N_("token invalid, expired or missing"), EXIT_TOKEN
    ),
    600: Rule(Action.STOP_RUN, Charge.FREE, Blame.ACCOUNT, N_("no permission for this endpoint"), EXIT_TOKEN),
    601: Rule(Action.STOP_RUN, Charge.FREE, Blame.ACCOUNT, N_("balance used up")),
    602: Rule(Action.STOP_RUN, Charge.FREE, Blame.ACCOUNT, N_("this token's spending cap is reached")),
}

UNKNOWN_CODE = Rule(Action.FAIL_KEYWORD, Charge.UNKNOWN, Blame.KEYWORD, N_("undocumented code"))
"""Asked once and never looped on: each try might cost money."""

STATUS_RULES: dict[int, Rule] = {
    401: RULES[100],
    403: RULES[600],
    404: RULES[404],
    429: RULES[302],
}
"""Only for answers without a readable envelope."""

UNREADABLE_PAGE = Rule(
    Action.FAIL_KEYWORD, Charge.CHARGED, Blame.KEYWORD, N_("success, with an answer that cannot be read")
)
"""The page may hold creators: its keyword is asked for it again next time."""

FORBIDDEN = Rule(Action.FAIL_KEYWORD, Charge.FREE, Blame.KEYWORD, N_("refused before it reached the API"))
"""A gateway's word against one keyword, where others are answered."""

NOT_UNDERSTOOD = (UNKNOWN_CODE, UNREADABLE_PAGE, FORBIDDEN)
"""One of them is a keyword's misfortune; many in a row mean that the API has changed."""

NOT_SENT = Rule(Action.RETRY, Charge.FREE, Blame.SERVICE, N_("no connection"))
NO_ANSWER = Rule(Action.RETRY, Charge.UNKNOWN, Blame.SERVICE, N_("no readable answer"))
"""The request went out and what came back does not say whether it was charged."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The rule that applies and, in words for people, why (without token or URL)."""

    rule: Rule
    reason: str
    code: str | None = None
    retry_after_seconds: float | None = None


def decide(outcome: Outcome, *, answered: bool = False) -> Decision:
    """The decision for one outcome of a call. `answered`: the API answers others with pages, so that a
    gateway's bare status says nothing about token and address."""
    if isinstance(outcome, Reply):
        rule = RULES.get(outcome.code, UNKNOWN_CODE) if isinstance(outcome.code, int) else UNKNOWN_CODE
        reason = f"code {str(outcome.code)[:40]}: {rule.meaning}"
        return Decision(rule, reason, str(outcome.code)[:40], outcome.retry_after_seconds)
    rule = _rule_for_failure(outcome)
    if answered and rule.action is Action.STOP_RUN:
        rule = FORBIDDEN
    status = f"HTTP {outcome.http_status}, " if outcome.http_status is not None else ""
    reason = f"{rule.meaning} ({status}{outcome.kind}: {outcome.detail})"
    return Decision(rule, reason, None, outcome.retry_after_seconds)


def stop_reason(page: Page, work: Work, new_to_keyword: int, action: Action) -> StopReason | None:
    """Why the keyword ends with this page; None where it goes on."""
    if action is Action.END_KEYWORD:
        return StopReason.NO_CONTENT
    if page.entries == 0:
        return StopReason.EMPTY_PAGE
    if page.has_more is False:
        return StopReason.NO_MORE
    if new_to_keyword == 0:
        return StopReason.NOTHING_NEW
    if work.page >= work.pages_max:
        return StopReason.PAGE_LIMIT
    return None


def unreadable(oddity: str | None) -> Decision:
    """The decision for an answer of code 0 whose page cannot be read."""
    return Decision(UNREADABLE_PAGE, f"code 0: {UNREADABLE_PAGE.meaning} ({oddity})", "0")


def _rule_for_failure(failure: CallFailed) -> Rule:
    if failure.kind is FailureKind.NOT_SENT:
        return NOT_SENT
    if failure.kind is FailureKind.UNREADABLE and failure.http_status in STATUS_RULES:
        return STATUS_RULES[failure.http_status]
    return NO_ANSWER


ATTEMPTS_MAX = 5
"""Attempts at one page before its keyword is put off to the end of the run, and again there."""

BACKOFF_FIRST_SECONDS = 1.0
BACKOFF_MAX_SECONDS = 60.0
RETRY_AFTER_MAX_SECONDS = 300.0


def backoff_seconds(attempt: int, retry_after_seconds: float | None, rng: random.Random) -> float:
    """How long to wait after the failed attempt number `attempt` (from 1): exponential with full jitter above
    half, never less than what the server asked for, within limits."""
    ceiling: float = min(BACKOFF_MAX_SECONDS, BACKOFF_FIRST_SECONDS * 2 ** (attempt - 1))
    drawn = rng.uniform(ceiling / 2, ceiling)
    asked = min(retry_after_seconds or 0.0, RETRY_AFTER_MAX_SECONDS)
    return max(drawn, asked)
