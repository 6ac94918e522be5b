"""Why calls and keywords fail, in plain words, with what to do about it.

The texts are messages: English here, other languages through the catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass

from crawler.i18n import N_
from crawler.reasons import ReasonCode

IN_FLIGHT = "in flight"
"""Stands for a call that was sent and never settled."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What happened, and what it means for the reader."""

    title: str
    advice: str


_TOKEN = Cause(
    N_("The service does not accept the token."),
    N_("Check the token and set JUSTONEAPI_TOKEN again; then run the same command again."),
)

CAUSES: dict[str, Cause] = {
    ReasonCode.TOKEN_INVALID: _TOKEN,
    ReasonCode.COLLECTION_FAILED: Cause(
        N_("The service could not collect the data."),
        N_("This is free of charge and usually passes; the next run asks again."),
    ),
    ReasonCode.CALLS_TOO_FAST: Cause(
        N_("The service asked for slower calls."),
        N_("This is free of charge; the crawler slowed down by itself."),
    ),
    ReasonCode.DAILY_QUOTA: Cause(
        N_("The daily quota was used up."),
        N_("It resets at midnight in Shanghai; then run the same command again."),
    ),
    ReasonCode.BAD_PARAMETER: Cause(
        N_("The service refused the keyword."),
        N_("Check the keyword: the service may not accept some of its characters or words."),
    ),
    ReasonCode.NO_SUCH_ROUTE: Cause(
        N_("The service does not know the address that was asked."),
        N_("Check --base-url; then run the same command again."),
    ),
    ReasonCode.INTERNAL_ERROR: Cause(
        N_("The service had an internal error."),
        N_("This is free of charge; the next run asks again."),
    ),
    ReasonCode.UNAVAILABLE: Cause(
        N_("The service was unavailable for a while."),
        N_("This is free of charge; the next run asks again."),
    ),
    ReasonCode.NO_PERMISSION: Cause(
        N_("The token has no permission for this search."),
        N_("Have the vendor enable User Search V2 for the account; then run the same command again."),
    ),
    ReasonCode.BALANCE: Cause(
        N_("The balance is used up."),
        N_("Top up the account; then run the same command again."),
    ),
    ReasonCode.SPENDING_CAP: Cause(
        N_("The token has reached its spending cap."),
        N_("Raise the token's cap; then run the same command again."),
    ),
    ReasonCode.NO_CONNECTION: Cause(
        N_("There was no connection to the service."),
        N_("Nothing was charged. Check the network; the next run asks again."),
    ),
    ReasonCode.NO_ANSWER: Cause(
        N_("No readable answer came back."),
        N_("Such calls may have been charged: compare with the vendor's bill. The next run asks again."),
    ),
    ReasonCode.WORKER_LOST: Cause(
        N_("The cluster worker that had the call was lost."),
        N_("Such calls may have been charged: compare with the vendor's bill. The next run asks again."),
    ),
    ReasonCode.CLUSTER_LOST: Cause(
        N_("Nobody was left on the cluster to make calls."),
        N_("See to the scheduler and its workers (`crawler doctor`); then run the same command again."),
    ),
    IN_FLIGHT: Cause(
        N_("Calls were under way when the process ended, or still are."),
        N_("Such calls may have been charged: compare with the vendor's bill."),
    ),
    ReasonCode.OUTAGE: Cause(
        N_("The service was down: most calls failed, and so did the probes after each pause."),
        N_("Failed calls are mostly free. The same command continues where it stopped."),
    ),
    ReasonCode.RATE_LIMIT: Cause(
        N_("The service kept asking for slower calls, however slow they were."),
        N_("Another program may be using the same token. The same command continues where it stopped."),
    ),
    ReasonCode.RESPONSE_DRIFT: Cause(
        N_("Many answers in a row could not be understood or held no creator: the API may have changed."),
        N_("Such answers are charged and kept: `crawler query odd` and `crawler query failed` list them."),
    ),
    ReasonCode.CALL_CAP: Cause(
        N_("The limit of calls for one run was reached (--max-calls)."),
        N_("The same command continues where it stopped."),
    ),
    ReasonCode.DAY_CAP: Cause(
        N_("The limit of calls for one day was reached (--max-calls-per-day)."),
        N_("The same command continues tomorrow where it stopped."),
    ),
    ReasonCode.UNREACHABLE: Cause(
        N_("The service could not be reached: not one call connected."),
        N_("Nothing was charged. Check the network and --base-url; then run the same command again."),
    ),
    ReasonCode.UNREADABLE_PAGE: Cause(
        N_("A charged answer could not be read."),
        N_("It is kept as it came, and its keyword is asked for again next time."),
    ),
    ReasonCode.NO_CREATORS: Cause(
        N_("The answer held no creator, nor did those of many keywords in a row."),
        N_("Its keyword is asked for again next time; `crawler query odd` lists such answers."),
    ),
    ReasonCode.FORBIDDEN: Cause(
        N_("The keyword was refused before it reached the service."),
        N_("Nothing was charged. Check the keyword; the next run asks again."),
    ),
    ReasonCode.UNDOCUMENTED_CODE: Cause(
        N_("The service answered with a code that is not documented."),
        N_(
            "The call was not repeated, because it may have been charged; ask the vendor what the code means."
        ),
    ),
}
"""By the code of a reason, or `IN_FLIGHT`."""


def cause_of(code: str | None) -> str | None:
    """The key in `CAUSES` for the code of a reason; None where it says no more than how the run ended."""
    if code is None:
        return IN_FLIGHT
    return code if code in CAUSES else None
