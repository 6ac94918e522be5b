"""What the codes of Just One API mean, and what HTTP statuses mean where no code can be read.

Source: the vendor's API page and error list, both the edition in which every business answer came under
HTTP 200 and that of July 2026 with its own statuses.
"""

from __future__ import annotations

from crawler.endpoint import Action, Blame, Rule
from crawler.model import Charge
from crawler.reasons import ReasonCode

_TOKEN = Rule(Action.STOP_RUN, Charge.FREE, Blame.ACCOUNT, ReasonCode.TOKEN_INVALID)
_PERMISSION = Rule(Action.STOP_RUN, Charge.FREE, Blame.ACCOUNT, ReasonCode.NO_PERMISSION)
_ROUTE = Rule(Action.STOP_RUN, Charge.FREE, Blame.ACCOUNT, ReasonCode.NO_SUCH_ROUTE)
_TOO_FAST = Rule(Action.SLOW_DOWN, Charge.FREE, Blame.NOBODY, ReasonCode.CALLS_TOO_FAST)

CODES: dict[int, Rule] = {
    0: Rule(Action.USE, Charge.CHARGED, Blame.NOBODY, ReasonCode.SUCCESS),
    201: Rule(Action.END_KEYWORD, Charge.CHARGED, Blame.NOBODY, ReasonCode.NO_CONTENT),
    301: Rule(Action.RETRY, Charge.FREE, Blame.SERVICE, ReasonCode.COLLECTION_FAILED),
    302: _TOO_FAST,
    303: Rule(Action.STOP_RUN, Charge.FREE, Blame.ACCOUNT, ReasonCode.DAILY_QUOTA),
    400: Rule(Action.FAIL_KEYWORD, Charge.FREE, Blame.KEYWORD, ReasonCode.BAD_PARAMETER),
    500: Rule(Action.RETRY, Charge.FREE, Blame.SERVICE, ReasonCode.INTERNAL_ERROR),
    503: Rule(Action.RETRY, Charge.FREE, Blame.SERVICE, ReasonCode.UNAVAILABLE),
    404: _ROUTE,
    100: _TOKEN,
    101: _TOKEN,
    600: _PERMISSION,
    601: Rule(Action.STOP_RUN, Charge.FREE, Blame.ACCOUNT, ReasonCode.BALANCE),
    602: Rule(Action.STOP_RUN, Charge.FREE, Blame.ACCOUNT, ReasonCode.SPENDING_CAP),
}

STATUSES: dict[int, Rule] = {401: _TOKEN, 403: _PERMISSION, 404: _ROUTE, 429: _TOO_FAST}
"""Only for answers without a readable envelope."""
