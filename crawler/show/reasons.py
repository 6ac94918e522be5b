"""What the database keeps in English about runs and keywords, in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Callable

from crawler.errors import CANNOT_WRITE, NOT_USABLE
from crawler.i18n import N_, _
from crawler.stopping import INTERRUPTED

_OUTCOMES = {
    "done": N_("done"),
    "failed": N_("finished, with failures"),
    "stopped": N_("stopped"),
    "interrupted": N_("interrupted"),
    "crashed": N_("crashed"),
}
_CODE = re.compile(r"code (\S+): (.+)")
_DETAILED = re.compile(r"([^()]+) \((.+)\)", re.DOTALL)
_WITH_VALUES = {
    re.compile(re.escape(form).replace("%s", "(.+)"), re.DOTALL): form
    for form in (INTERRUPTED, CANNOT_WRITE, NOT_USABLE)
}


def outcome_text(outcome: str) -> str:
    """How a run ended, for people; an outcome that is none as it stands."""
    return _(_OUTCOMES[outcome]) if outcome in _OUTCOMES else outcome


def reason_text(reason: str, translate: Callable[[str], str] = _) -> str:
    """A stored reason in the reader's language, or that of `translate`; any other text as it stands.

    Reasons are those of `stopping`, those that `policy.decide` composes, and errors of the database.
    """
    if match := _CODE.fullmatch(reason):
        code, meaning = match.groups()
        return translate(N_("code %(code)s: %(meaning)s")) % {"code": code, "meaning": translate(meaning)}
    for pattern, form in _WITH_VALUES.items():
        if match := pattern.fullmatch(reason):
            return translate(form) % match.groups()
    if match := _DETAILED.fullmatch(reason):
        meaning, detail = match.groups()
        return translate(N_("%(meaning)s (%(detail)s)")) % {"meaning": translate(meaning), "detail": detail}
    return translate(reason) if reason else reason
