"""Why calls and keywords fail, in plain words, with what to do about it.

The texts are messages: English here, other languages through the catalogue.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from crawler.engine.policy import NO_ANSWER, NOT_SENT, RULES
from crawler.engine.shutdown import DAY_CAP, OUTAGE, RATE_LIMIT, RESPONSE_DRIFT, RUN_CAP
from crawler.i18n import N_

_CODE = re.compile(r"code (\S+): ")
_CODE_OF_MEANING = {rule.meaning: str(code) for code, rule in RULES.items()}

UNDOCUMENTED = "undocumented"
IN_FLIGHT = "in flight"


@dataclass(frozen=True, slots=True)
class Cause:
    """What happened, and what it means for whoever reads of it."""

    title: str
    advice: str


_TOKEN = Cause(
    N_("The service does not accept the token."),
    N_("Check the token and set JUSTONEAPI_TOKEN again; the same command then goes on."),
)

CAUSES = {
    "100": _TOKEN,
    "101": _TOKEN,
    "301": Cause(
        N_("The service could not collect the data."),
        N_("This is free of charge and usually passes; the next run asks again."),
    ),
    "302": Cause(
        N_("The service asked for slower calls."),
        N_("This is free of charge; the crawler slowed down by itself."),
    ),
    "303": Cause(
        N_("The daily quota was used up."),
        N_("It is there again after midnight in Shanghai; the same command then goes on."),
    ),
    "400": Cause(
        N_("The service refused the keyword."),
        N_("Look at the keyword: the service may not take some of its characters or words."),
    ),
    "404": Cause(
        N_("The service does not know the address that was asked."),
        N_("Check --base-url; the same command then goes on."),
    ),
    "500": Cause(
        N_("The service had an internal error."),
        N_("This is free of charge; the next run asks again."),
    ),
    "503": Cause(
        N_("The service was unavailable for a while."),
        N_("This is free of charge; the next run asks again."),
    ),
    "600": Cause(
        N_("The token has no permission for this search."),
        N_("Have the vendor enable User Search V2 for the account; the same command then goes on."),
    ),
    "601": Cause(
        N_("The balance is used up."),
        N_("Top up the account; the same command then goes on."),
    ),
    "602": Cause(
        N_("The token has reached its spending cap."),
        N_("Raise the token's cap; the same command then goes on."),
    ),
    NOT_SENT.meaning: Cause(
        N_("There was no connection to the service."),
        N_("Nothing was charged. Check the network; the next run asks again."),
    ),
    NO_ANSWER.meaning: Cause(
        N_("No readable answer came back."),
        N_("Such calls may have been charged: compare with the vendor's bill. The next run asks again."),
    ),
    IN_FLIGHT: Cause(
        N_("Calls were under way when the process ended, or still are."),
        N_("Such calls may have been charged: compare with the vendor's bill."),
    ),
    OUTAGE: Cause(
        N_("The service was down: most calls failed, and so did the tries after pauses."),
        N_("Failed calls are mostly free. The same command goes on where it stopped."),
    ),
    RATE_LIMIT: Cause(
        N_("The service kept asking for slower calls, however slow they were."),
        N_("Another program may be using the same token. The same command goes on where it stopped."),
    ),
    RESPONSE_DRIFT: Cause(
        N_("Answer after answer was not understood or held no creator: the API may have changed."),
        N_("Such answers are charged and kept: `crawler query odd` and `crawler query failed` name them."),
    ),
    RUN_CAP: Cause(
        N_("The limit of calls for one run was reached (--max-calls)."),
        N_("The same command goes on where it stopped."),
    ),
    DAY_CAP: Cause(
        N_("The limit of calls for one day was reached (--max-calls-per-day)."),
        N_("The same command goes on tomorrow where it stopped."),
    ),
    UNDOCUMENTED: Cause(
        N_("The service answered with a code that is not documented."),
        N_("It was not asked again, for it may have charged; the vendor can say what the code means."),
    ),
}
"""By the API's code, by the meaning of a rule of `policy` that has no code, by a reason of the crawl itself
to stop, or by one of the names above."""


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
