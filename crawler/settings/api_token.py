"""The token: what can be one, and the file it may stand in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from crawler.errors import TokenError
from crawler.i18n import N_, _
from crawler.i18n.system_errors import system_reason

TOKEN_SHOWN = "***"  # noqa: S105 - what stands in its place

LINE_CHARACTERS_MAX = 64 * 1024
"""More than any token has."""

_READ: set[str] = set()
"""Every token that was read in this process, so that none is shown whatever goes wrong."""

NO_TOKEN = N_(
    "no token: set JUSTONEAPI_TOKEN, put it into .env, or give --token-file; `crawler demo` needs none"
)
NO_TOKEN_IN_PYTHON = N_("no token: give token=…, set JUSTONEAPI_TOKEN, or put it into .env")


def check_token(token: str, missing: str = NO_TOKEN) -> str:
    """The token, trimmed; raises TokenError where it cannot be one, with `missing` where there is none."""
    token = token.strip()
    if not token:
        raise TokenError(_(missing))
    if not token.isascii() or not token.isprintable() or " " in token:
        raise TokenError(
            _("the token contains characters that no token can have: was something else pasted?")
        )
    _READ.add(token)
    return token


def masked_tokens(told: str) -> str:
    """`told` without any token that was read in this process."""
    for token in sorted(_READ, key=len, reverse=True):
        told = told.replace(token, TOKEN_SHOWN)
    return told


def without_tokens(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables that hold no token that was read in this process."""
    return {name: value for name, value in variables.items() if value.strip() not in _READ}


def read_token_file(path: Path) -> str:
    """The token in the first line of `path`; raises TokenError where it cannot be read."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            line = file.readline(LINE_CHARACTERS_MAX)  # a device may have no end
    except (OSError, UnicodeDecodeError) as exc:
        reason = system_reason(exc) if isinstance(exc, OSError) else "not UTF-8 text"
        raise TokenError(_("cannot read the token file %s: %s") % (path, reason)) from exc
    return check_token(line.removesuffix("\n"))
