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


@dataclass(frozen=True, slots=True)
class Cause:
    """What happened, and what it means for whoever reads of it."""

    title: str
    advice: str


def _N(message: str) -> str:  # noqa: N802 - gettext's usual name for a message that is translated later
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
    UNDOCUMENTED: Cause(
        _N("The service answered with a code that is not documented."),
        _N("It was not asked again, for it may have charged; the vendor can say what the code means."),
    ),
}
"""By the API's code, by the meaning of a rule of `policy` that has no code, or by one of the two names above."""


def cause_of(reason: str | None, code: str | None = None) -> str | None:
    """The key in `CAUSES` for a reason as `policy.decide` writes it, with or without its bracketed detail.

    None for a reason that is not about an answer, such as a cap of the user's own.
    """
    if reason is None and code is None:
        return IN_FLIGHT
    head = (reason or "").partition(" (")[0]
    found = _CODE.match(head)
    key = code or (found[1] if found else _CODE_OF_MEANING.get(head, head))
    if key in CAUSES:
        return key
    return UNDOCUMENTED if code or found else None
