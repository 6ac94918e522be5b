"""Why calls and keywords fail, in plain words, with what to do about it.

The texts are messages: English here, other languages through the catalogue.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from crawler.policy import NO_ANSWER, NOT_SENT, RULES

_CODE = re.compile(r"code (\S+): ")
_CODE_OF_MEANING = {rule.meaning: str(code) for code, rule in RULES.items()}

UNDOCUMENTED = "undocumented"
IN_FLIGHT = "in flight"
OUTAGE = "the service is out: most calls failed, and so did the probes after pauses"
RATE_LIMIT = "the rate limit does not let up, however slow the calls"
RUN_CAP = "--max-calls is reached"
DAY_CAP = "--max-calls-per-day is reached"
"""The last four are the crawl's own words for why it stopped."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What happened, and what it means for whoever reads of it."""

    title: str
    advice: str


def _N(message: str) -> str:
    """Marks a message that is translated where it is shown."""
    return message


_TOKEN = Cause(
    _N("The service does not accept the token."),
    _N("Check the token and set JUSTONEAPI_TOKEN again; the same command then goes on."),
)

CAUSES = {
    "100": _TOKEN,
    "101": _TOKEN,
    "301": Cause(
        _N("The service could not collect the data."),
        _N("This is free of charge and usually passes; the next run asks again."),
    ),
    "302": Cause(
        _N("The service asked for slower calls."),
        _N("This is free of charge; the crawler slowed down by itself."),
    ),
    "303": Cause(
        _N("The daily quota was used up."),
        _N("It is there again after midnight in Shanghai; the same command then goes on."),
    ),
    "400": Cause(
        _N("The service refused the keyword."),
        _N("Look at the keyword: the service may not take some of its characters or words."),
    ),
    "404": Cause(
        _N("The service does not know the address that was asked."),
        _N("Check --base-url; the same command then goes on."),
    ),
    "500": Cause(
        _N("The service had an internal error."),
        _N("This is free of charge; the next run asks again."),
    ),
    "503": Cause(
        _N("The service was unavailable for a while."),
        _N("This is free of charge; the next run asks again."),
    ),
    "600": Cause(
        _N("The token has no permission for this search."),
        _N("Have the vendor enable User Search V2 for the account; the same command then goes on."),
    ),
    "601": Cause(
        _N("The balance is used up."),
        _N("Top up the account; the same command then goes on."),
    ),
    "602": Cause(
        _N("The token has reached its spending cap."),
        _N("Raise the token's cap; the same command then goes on."),
    ),
    NOT_SENT.meaning: Cause(
        _N("There was no connection to the service."),
        _N("Nothing was charged. Check the network; the next run asks again."),
    ),
    NO_ANSWER.meaning: Cause(
        _N("No readable answer came back."),
        _N("Such calls may have been charged: compare with the vendor's bill. The next run asks again."),
    ),
    IN_FLIGHT: Cause(
        _N("Calls were under way when the process ended, or still are."),
        _N("Such calls may have been charged: compare with the vendor's bill."),
    ),
    OUTAGE: Cause(
        _N("The service was down: most calls failed, and so did the tries after pauses."),
        _N("Failed calls are mostly free. The same command goes on where it stopped."),
    ),
    RATE_LIMIT: Cause(
        _N("The service kept asking for slower calls, however slow they were."),
        _N("Another program may be using the same token. The same command goes on where it stopped."),
    ),
    RUN_CAP: Cause(
        _N("The limit of calls for one run was reached (--max-calls)."),
        _N("The same command goes on where it stopped."),
    ),
    DAY_CAP: Cause(
        _N("The limit of calls for one day was reached (--max-calls-per-day)."),
        _N("The same command goes on tomorrow where it stopped."),
    ),
    UNDOCUMENTED: Cause(
        _N("The service answered with a code that is not documented."),
        _N("It was not asked again, for it may have charged; the vendor can say what the code means."),
    ),
}
"""By the API's code, by the meaning of a rule of `policy` that has no code, or by one of the names above."""


def cause_of(reason: str | None, code: str | None = None) -> str | None:
    """The key in `CAUSES` for a reason as `policy.decide` writes it, with or without its bracketed detail.

    None for a reason that says no more than how the run ended.
    """
    if reason is None and code is None:
        return IN_FLIGHT
    head = (reason or "").partition(" (")[0]
    found = _CODE.match(head)
    key = code or (found[1] if found else _CODE_OF_MEANING.get(head, head))
    if key in CAUSES:
        return key
    return UNDOCUMENTED if code or found else None
