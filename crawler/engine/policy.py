"""What to do with each outcome of a call: pure decisions over the endpoint's table of rules.

The body's code decides at any HTTP status; the status decides only where there is no readable envelope.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from crawler.endpoint import Action, Blame, Endpoint, Rule
from crawler.model import CallFailed, Charge, FailureKind, Outcome, Page, Reply, Work
from crawler.reasons import Reason, ReasonCode

UNKNOWN_CODE = Rule(Action.FAIL_KEYWORD, Charge.UNKNOWN, Blame.KEYWORD, ReasonCode.UNDOCUMENTED_CODE)
"""Asked once and never looped on: each try might cost money."""

UNREADABLE_PAGE = Rule(Action.FAIL_KEYWORD, Charge.CHARGED, Blame.KEYWORD, ReasonCode.UNREADABLE_PAGE)
"""The page may hold creators: its keyword is asked for it again next time."""

FORBIDDEN = Rule(Action.FAIL_KEYWORD, Charge.FREE, Blame.KEYWORD, ReasonCode.FORBIDDEN)
"""A gateway's word against one keyword, where others are answered."""

NOT_UNDERSTOOD = (UNKNOWN_CODE, UNREADABLE_PAGE, FORBIDDEN)
"""One of them is a keyword's misfortune; many in a row mean that the API has changed."""


NOT_SENT = Rule(Action.RETRY, Charge.FREE, Blame.SERVICE, ReasonCode.NO_CONNECTION)
NO_ANSWER = Rule(Action.RETRY, Charge.UNKNOWN, Blame.SERVICE, ReasonCode.NO_ANSWER)
"""The request went out and what came back does not say whether it was charged."""

WORKER_LOST = Rule(Action.RETRY, Charge.UNKNOWN, Blame.NOBODY, ReasonCode.WORKER_LOST)
"""It may have been sent before its worker died; the service has nothing to do with it."""

CLUSTER_LOST = Rule(Action.STOP_RUN, Charge.FREE, Blame.NOBODY, ReasonCode.CLUSTER_LOST)
"""There is nobody left to make calls."""


@dataclass(frozen=True, slots=True)
class WireRules:
    """The rules for calls that brought no answer at all."""

    not_sent: Rule = NOT_SENT
    no_answer: Rule = NO_ANSWER
    worker_lost: Rule = WORKER_LOST
    no_worker: Rule = CLUSTER_LOST


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a page is asked for before its keyword is deferred to the end of the run, and again there;
    how long the pauses between are at first and at most."""

    attempts_max: int = 5
    backoff_first_seconds: float = 1.0
    backoff_max_seconds: float = 60.0
    retry_after_max_seconds: float = 300.0


CODE_MAX = 40
"""Characters of a code that are kept."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The rule that applies and why; `code` is the body's, as the ledger keeps it."""

    rule: Rule
    reason: Reason
    code: str | None = None
    retry_after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """Decides by an endpoint's rules."""

    endpoint: Endpoint
    wire: WireRules = field(default_factory=WireRules)
    retries: Retries = field(default_factory=Retries)

    def decide(self, outcome: Outcome, *, answered: bool = False) -> Decision:
        """The decision for one outcome of a call. `answered`: the API answers others with pages, so that a
        gateway's bare status says nothing about token and address."""
        if isinstance(outcome, Reply):
            known = self.endpoint.codes.get(outcome.code) if isinstance(outcome.code, int) else None
            rule, code = known or UNKNOWN_CODE, str(outcome.code)[:CODE_MAX]
            return Decision(rule, Reason(rule.reason, {"api_code": code}), code, outcome.retry_after_seconds)
        rule = self._rule_for_failure(outcome, answered)
        details: dict[str, str | int] = {"failure": outcome.kind.value}
        seen = {"error": outcome.error, "detail": outcome.detail}
        if outcome.no_connection is not None:  # says more than the system does, and the same everywhere
            seen = {"cause": outcome.no_connection.value}
        details |= {name: told for name, told in seen.items() if told}
        if outcome.http_status is not None:
            details["http_status"] = outcome.http_status
        return Decision(rule, Reason(rule.reason, details), None, outcome.retry_after_seconds)

    def page_in(self, outcome: Outcome, decision: Decision) -> Page | None:
        """The page in an answer that has one, empty where it says that there is no more."""
        action = decision.rule.action
        if action is Action.USE and isinstance(outcome, Reply):
            return self.endpoint.read_page(outcome.data)
        return Page(()) if action is Action.END_KEYWORD else None

    def _rule_for_failure(self, failure: CallFailed, answered: bool) -> Rule:
        match failure.kind:
            case FailureKind.NOT_SENT:
                return self.wire.not_sent
            case FailureKind.WORKER_LOST:
                return self.wire.worker_lost
            case FailureKind.NO_WORKER:
                return self.wire.no_worker
            case FailureKind.UNREADABLE if failure.http_status is not None:
                rule = self.endpoint.statuses.get(failure.http_status, self.wire.no_answer)
                return FORBIDDEN if answered and rule.action is Action.STOP_RUN else rule
        return self.wire.no_answer

    def backoff_seconds(self, attempt: int, retry_after_seconds: float | None, rng: random.Random) -> float:
        """How long to wait after the failed attempt number `attempt` (from 1): drawn from the upper half of
        an exponentially growing span ("equal jitter"), never less than the server asked for, within
        limits."""
        retries = self.retries
        ceiling = min(retries.backoff_max_seconds, retries.backoff_first_seconds * 2.0 ** (attempt - 1))
        asked = min(retry_after_seconds or 0.0, retries.retry_after_max_seconds)
        return max(rng.uniform(ceiling / 2, ceiling), asked)

    def end_of_keyword(
        self, page: Page, work: Work, new_to_keyword: int, action: Action
    ) -> ReasonCode | None:
        """Why the keyword ends with this page; None where it goes on."""
        if action is Action.END_KEYWORD:
            return ReasonCode.NO_CONTENT
        if page.entries == 0:
            return ReasonCode.EMPTY_PAGE
        if page.has_more is False:
            return ReasonCode.NO_MORE
        if new_to_keyword == 0:
            return ReasonCode.NOTHING_NEW
        if work.page >= work.pages_max:
            return ReasonCode.PAGE_LIMIT
        return None


def unreadable(oddity: Reason | None) -> Decision:
    """The decision for an answer of code 0 whose page cannot be read."""
    details: dict[str, str | int] = {"api_code": "0"}
    if oddity is not None:
        details |= {"oddity": oddity.code.value, **oddity.details}
    return Decision(UNREADABLE_PAGE, Reason(UNREADABLE_PAGE.reason, details), "0")
