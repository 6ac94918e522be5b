"""What the database keeps in English about runs and keywords, in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Callable

from crawler.engine.shutdown import INTERRUPTED
from crawler.errors import CANNOT_WRITE, FILE_GONE, NOT_USABLE
from crawler.i18n import N_, _

_OUTCOMES = {
    "done": N_("done"),
    "failed": N_("finished, with failures"),
    "stopped": N_("stopped"),
    "interrupted": N_("interrupted"),
    "crashed": N_("crashed"),
}
_WORDED = {
    re.compile(pattern, re.DOTALL): form
    for pattern, form in {
        r"code (?P<code>\S+): (?P<meaning>.+)": N_("code %(code)s: %(meaning)s"),
        r"(?P<meaning>[^()]+) \((?P<detail>.+)\)": N_("%(meaning)s (%(detail)s)"),
        r"HTTP (?P<code>\d+), (?P<detail>.+)": N_("HTTP %(code)s, %(detail)s"),
        r"(?P<kind>\w+): (?P<detail>.+)": N_("%(kind)s: %(detail)s"),
        r"data is (?P<kind>.+), not an object": N_("data is %(kind)s, not an object"),
        r"users is (?P<kind>.+), not a list": N_("users is %(kind)s, not a list"),
    }.items()
}
"""Texts made of others, which are put into the reader's language one by one, all but a code."""

_WITH_VALUES = {
    re.compile(re.escape(form).replace("%s", "(.+)"), re.DOTALL): form
    for form in (INTERRUPTED, CANNOT_WRITE, NOT_USABLE, FILE_GONE, N_("more than %s bytes"))
}
"""Texts around values, which stay as they are."""

_WORDS = (
    *(N_("not_sent"), N_("timeout"), N_("dropped"), N_("unreadable"), N_("too_large")),
    *(N_("a redirect"), N_("an empty answer"), N_("an HTML page"), N_("cut or unknown JSON"), N_("no JSON")),
    *(N_("Connect call failed"), N_("Connection reset by peer"), N_("Name or service not known")),
    *(N_("Temporary failure in name resolution"), N_("Network is unreachable"), N_("TLS failed")),
    *(N_("an object"), N_("a list"), N_("a text"), N_("a boolean"), N_("null"), N_("a number")),
    *(N_("data has no users"), N_("no entry could be read")),
)
"""What `FailureKind`, `api`, the system, `parse` and the question `odd` say, listed for the catalogues."""


def outcome_text(outcome: str) -> str:
    """How a run ended, for people; an outcome that is none as it stands."""
    return _(_OUTCOMES[outcome]) if outcome in _OUTCOMES else outcome


def reason_text(reason: str, translate: Callable[[str], str] = _) -> str:
    """A stored reason in the reader's language, or that of `translate`; any other text as it stands.

    Reasons are those of `stopping`, those that `policy.decide` composes, errors of the database, and the
    oddities of `parse`.
    """
    for pattern, form in _WITH_VALUES.items():
        if match := pattern.fullmatch(reason):
            return translate(form) % match.groups()
    for pattern, form in _WORDED.items():
        if match := pattern.fullmatch(reason):
            parts = match.groupdict().items()
            return translate(form) % {
                name: part if name == "code" else reason_text(part, translate) for name, part in parts
            }
    return translate(reason) if reason else reason
