"""Reasons in the reader's language: here a code becomes words, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from crawler.i18n import N_, _, as_it_stands
from crawler.i18n.formatting import shanghai_time
from crawler.reasons import Outcome, Reason, ReasonCode, read_reason

_OUTCOMES = {
    Outcome.DONE: N_("done"),
    Outcome.FAILED: N_("finished, with failures"),
    Outcome.STOPPED: N_("stopped"),
    Outcome.INTERRUPTED: N_("interrupted"),
    Outcome.CRASHED: N_("crashed"),
}

_FORMS: dict[ReasonCode, str] = {
    ReasonCode.EMPTY_PAGE: N_("the page was empty"),
    ReasonCode.NO_CONTENT: N_("the API has no more"),
    ReasonCode.NO_MORE: N_("the API says there is no more"),
    ReasonCode.NOTHING_NEW: N_("the page brought no creator new to the keyword"),
    ReasonCode.PAGE_LIMIT: N_("its page limit was reached"),
    ReasonCode.NOT_WORTHWHILE: N_("reading on was not worthwhile"),
    ReasonCode.SUCCESS: N_("success"),
    ReasonCode.COLLECTION_FAILED: N_("collection failed"),
    ReasonCode.CALLS_TOO_FAST: N_("rate limit"),
    ReasonCode.DAILY_QUOTA: N_("daily quota used up"),
    ReasonCode.BAD_PARAMETER: N_("bad parameter"),
    ReasonCode.INTERNAL_ERROR: N_("internal server error"),
    ReasonCode.UNAVAILABLE: N_("temporarily unavailable"),
    ReasonCode.NO_SUCH_ROUTE: N_("no such route: check --base-url"),
    ReasonCode.TOKEN_INVALID: N_("token invalid, expired or missing"),
    ReasonCode.NO_PERMISSION: N_("no permission for this endpoint"),
    ReasonCode.BALANCE: N_("balance used up"),
    ReasonCode.SPENDING_CAP: N_("this token's spending cap is reached"),
    ReasonCode.UNDOCUMENTED_CODE: N_("undocumented code"),
    ReasonCode.UNREADABLE_PAGE: N_("success, with an answer that cannot be read"),
    ReasonCode.FORBIDDEN: N_("refused before it reached the API"),
    ReasonCode.NO_CONNECTION: N_("no connection"),
    ReasonCode.NO_ANSWER: N_("no readable answer"),
    ReasonCode.WORKER_LOST: N_("the cluster worker that had the call was lost"),
    ReasonCode.PAGE_LOST: N_("its page is lost: found by crawler verify"),
    ReasonCode.NO_CREATORS: N_("its answer held no creator, nor did those of many keywords in a row"),
    ReasonCode.ALL_DONE: N_("all due keywords are done"),
    ReasonCode.NOTHING_DUE: N_("nothing is due"),
    ReasonCode.SOME_FAILED: N_("some keywords failed"),
    ReasonCode.CALL_CAP: N_("the limit of calls for one run is reached (--max-calls)"),
    ReasonCode.DAY_CAP: N_("the limit of calls for one day is reached (--max-calls-per-day)"),
    ReasonCode.BUDGET: N_("the money for one run is spent (--budget)"),
    ReasonCode.BUDGET_PER_DAY: N_("the money for one day is spent (--budget-per-day)"),
    ReasonCode.UNTIL: N_("the time for calls is over (--until)"),
    ReasonCode.OUTAGE: N_("outage: most calls failed, and so did the probes after each pause"),
    ReasonCode.UNREACHABLE: N_("the service cannot be reached: not one call connected"),
    ReasonCode.CLUSTER_LOST: N_("nobody is left on the cluster to make calls (--cluster)"),
    ReasonCode.WRONG_CLOCK: N_(
        "this machine's clock says %(own)s, the service's %(service)s (in Shanghai): finished keywords would "
        "be paid for again"
    ),
    ReasonCode.RATE_LIMIT: N_("the rate limit persists, however slow the calls"),
    ReasonCode.RESPONSE_DRIFT: N_(
        "many answers in a row could not be understood or held no creator: the API may have changed"
    ),
    ReasonCode.INTERRUPTED: N_("interrupted by %(signal)s"),
    ReasonCode.CRASHED: N_("the process ended abruptly"),
    ReasonCode.CANNOT_WRITE: N_("cannot write %(path)s: %(error)s"),
    ReasonCode.NOT_USABLE: N_("%(path)s is not a usable SQLite database: %(error)s"),
    ReasonCode.FILE_REPLACED: N_("%(path)s was deleted, renamed or replaced while the run was writing it"),
    ReasonCode.REFUSED: N_("%(text)s"),
    ReasonCode.DATA_IS_LIST: N_("data is a list, not an object"),
    ReasonCode.DATA_NOT_OBJECT: N_("data is %(kind)s, not an object"),
    ReasonCode.NO_USERS: N_("data has no users"),
    ReasonCode.USERS_NOT_LIST: N_("users is %(kind)s, not a list"),
    ReasonCode.NO_ENTRY_READ: N_("no entry could be read"),
    ReasonCode.ENTRY_NOT_OBJECT: N_("entry is %(kind)s, not an object"),
    ReasonCode.NO_IDENTITY: N_("entry has neither id nor red_id"),
    ReasonCode.NOT_UNDERSTOOD: N_("the answer was not understood"),
    ReasonCode.OTHER: N_("%(text)s"),
}

_KINDS = {
    "object": N_("an object"),
    "list": N_("a list"),
    "text": N_("a text"),
    "boolean": N_("a boolean"),
    "null": N_("null"),
    "number": N_("a number"),
}

CAUSES = {
    "invalid_address": N_("no host can have this address"),
    "no_such_name": N_("no such host"),
    "refused": N_("nobody listens at this address"),
    "tls": N_("TLS failed"),
    "unreachable": N_("no way to this address"),
}
"""Why there was no connection."""

_FAILURES = {
    "not_sent": N_("not sent"),
    "too_large": N_("too large"),
    "worker_lost": N_("cluster worker lost"),
    "no_worker": N_("no cluster worker"),
}
"""Kinds of failures whose names are no words."""

_DETAILS = (
    *(N_("timeout"), N_("dropped"), N_("unreadable")),
    *(N_("the scheduler is gone"), N_("no cluster worker has come back in time"), N_("the run is ending")),
    *(N_("a redirect"), N_("an empty answer"), N_("an HTML page"), N_("cut or unknown JSON"), N_("no JSON")),
    *(N_("Connect call failed"), N_("Connection reset by peer"), N_("Name or service not known")),
    *(N_("Temporary failure in name resolution"), N_("Network is unreachable"), N_("TLS failed")),
    N_("an answer that is too large"),
)
"""What failures, the client and the system say, listed for the catalogues."""


def outcome_text(outcome: str) -> str:
    """How a run ended, for people; an outcome that is none as it stands."""
    return _(_OUTCOMES[Outcome(outcome)]) if outcome in _OUTCOMES else outcome


def reason_text(reason: Reason, translate: Callable[[str], str] = _) -> str:
    """A reason in words: in the reader's language, or that of `translate`; a code and what was seen of a
    failure come with it."""
    details = reason.details
    values = {name: str(value) for name, value in details.items()}
    if reason.code is ReasonCode.WRONG_CLOCK:
        values |= {name: _moment(values[name]) for name in ("own", "service") if name in values}
    if "kind" in values:
        values["kind"] = translate(_KINDS.get(values["kind"], values["kind"]))
    text = translate(_FORMS[reason.code]) % _Tolerant(values)
    if "api_code" in details:
        text = translate(N_("code %(code)s: %(text)s")) % {"code": details["api_code"], "text": text}
    if "later_calls" in details:
        more = translate(
            N_("calls dated in the future, by a clock that was ahead, count too until %(day)s: %(calls)s")
        )
        shown = {"day": details.get("later_until", "?"), "calls": details["later_calls"]}
        text = translate(N_("%(text)s (%(more)s)")) % {"text": text, "more": more % shown}
    if "oddity" in details:
        kind = {"kind": details["kind"]} if "kind" in details else {}
        oddity = read_reason(str(details["oddity"]), None) or reason
        more = reason_text(Reason(oddity.code, {**oddity.details, **kind}), translate)
        text = translate(N_("%(text)s (%(more)s)")) % {"text": text, "more": more}
    if "failure" in details:
        text = translate(N_("%(text)s (%(more)s)")) % {"text": text, "more": _failure(details, translate)}
    return text


def _moment(stamp: str) -> str:
    """A stamp as people read it; what is none, as it stands."""
    try:
        return shanghai_time(stamp)
    except (ValueError, OverflowError):
        return stamp


def words(code: str | None, details: str | None, translate: Callable[[str], str] = _) -> str | None:
    """The words of a reason as two columns of the database keep it; None where there is none."""
    reason = read_reason(code, details)
    return None if reason is None else reason_text(reason, translate)


def english_text(reason: Reason) -> str:
    """The words of a reason as programs take them."""
    return reason_text(reason, lambda text: text)


def told(name: str, reason: Reason) -> dict[str, object]:
    """A reason as programs take it: the words under `name`, beside them its code and its details."""
    words = english_text(reason)
    return {name: words, f"{name}_code": reason.code.value, f"{name}_details": dict(reason.details)}


def _failure(details: Mapping[str, str | int], translate: Callable[[str], str]) -> str:
    """What was seen of a call that failed: `HTTP 502, unreadable: an HTML page`."""
    error = str(details.get("error", ""))
    what = str(details.get("detail", ""))
    what = translate(what) if what else ""
    if "cause" in details:
        what = translate(CAUSES.get(str(details["cause"]), str(details["cause"])))
    told = as_it_stands("%s: %s") % (error, what) if error and what else error or what
    failure = str(details["failure"])
    text = translate(_FAILURES.get(failure, failure))
    if told:
        text = translate(N_("%(kind)s: %(detail)s")) % {"kind": text, "detail": told}
    if "http_status" in details:
        shown = {"code": details["http_status"], "detail": text}
        text = translate(N_("HTTP %(code)s, %(detail)s")) % shown
    return text


class _Tolerant(dict[str, str]):
    """Details that an older version left out are shown as a question mark."""

    def __missing__(self, name: str) -> str:
        return "?"
