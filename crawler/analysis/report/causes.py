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
    """What happened, and what it means for whoever reads of it."""

    title: str
    advice: str


_TOKEN = Cause(
    N_("The service does not accept the token."),
    N_("Check the token and set JUSTONEAPI_TOKEN again; the same command then goes on."),
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
        N_("It is there again after midnight in Shanghai; the same command then goes on."),
    ),
    ReasonCode.BAD_PARAMETER: Cause(
        N_("The service refused the keyword."),
        N_("Look at the keyword: the service may not take some of its characters or words."),
    ),
    ReasonCode.NO_SUCH_ROUTE: Cause(
        N_("The service does not know the address that was asked."),
        N_("Check --base-url; the same command then goes on."),
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
        N_("Have the vendor enable User Search V2 for the account; the same command then goes on."),
    ),
    ReasonCode.BALANCE: Cause(
        N_("The balance is used up."),
        N_("Top up the account; the same command then goes on."),
    ),
    ReasonCode.SPENDING_CAP: Cause(
        N_("The token has reached its spending cap."),
        N_("Raise the token's cap; the same command then goes on."),
    ),
    ReasonCode.NO_CONNECTION: Cause(
        N_("There was no connection to the service."),
        N_("Nothing was charged. Check the network; the next run asks again."),
    ),
    ReasonCode.NO_ANSWER: Cause(
        N_("No readable answer came back."),
        N_("Such calls may have been charged: compare with the vendor's bill. The next run asks again."),
    ),
    IN_FLIGHT: Cause(
        N_("Calls were under way when the process ended, or still are."),
        N_("Such calls may have been charged: compare with the vendor's bill."),
    ),
    ReasonCode.OUTAGE: Cause(
        N_("The service was down: most calls failed, and so did the tries after pauses."),
        N_("Failed calls are mostly free. The same command goes on where it stopped."),
    ),
    ReasonCode.RATE_LIMIT: Cause(
        N_("The service kept asking for slower calls, however slow they were."),
        N_("Another program may be using the same token. The same command goes on where it stopped."),
    ),
    ReasonCode.RESPONSE_DRIFT: Cause(
        N_("Answer after answer was not understood or held no creator: the API may have changed."),
        N_("Such answers are charged and kept: `crawler query odd` and `crawler query failed` name them."),
    ),
    ReasonCode.CALL_CAP: Cause(
        N_("The limit of calls for one run was reached (--max-calls)."),
        N_("The same command goes on where it stopped."),
    ),
    ReasonCode.DAY_CAP: Cause(
        N_("The limit of calls for one day was reached (--max-calls-per-day)."),
        N_("The same command goes on tomorrow where it stopped."),
    ),
    ReasonCode.UNREACHABLE: Cause(
        N_("The service could not be reached: not one call connected."),
        N_("Nothing was charged. Check the network and --base-url; the same command then goes on."),
    ),
    ReasonCode.UNREADABLE_PAGE: Cause(
        N_("A charged answer could not be read."),
        N_("It is kept as it came, and its keyword is asked for again next time."),
    ),
    ReasonCode.NO_CREATORS: Cause(
        N_("The answer held no creator, nor did those of many keywords in a row."),
        N_("Its keyword is asked for again next time; `crawler query odd` names such answers."),
    ),
    ReasonCode.FORBIDDEN: Cause(
        N_("Something before the service refused the keyword."),
        N_("Nothing was charged. Look at the keyword; the next run asks again."),
    ),
    ReasonCode.UNDOCUMENTED_CODE: Cause(
        N_("The service answered with a code that is not documented."),
        N_("It was not asked again, for it may have charged; the vendor can say what the code means."),
    ),
}
"""By the code of a reason, or `IN_FLIGHT`."""


def cause_of(code: str | None) -> str | None:
    """The key in `CAUSES` for the code of a reason; None where it says no more than how the run ended."""
    if code is None:
        return IN_FLIGHT
    return code if code in CAUSES else None
