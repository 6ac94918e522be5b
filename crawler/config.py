"""Everything a night depends on, as one frozen value; options, environment and `.env` all end here."""

from __future__ import annotations

import ipaddress
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from crawler.clock import SPAN_MAX
from crawler.errors import InputError, TokenError
from crawler.i18n import N_, _

TOKEN_VARIABLE = "JUSTONEAPI_TOKEN"  # noqa: S105 - the name of a variable, as the vendor's examples have it
NAMED_URLS = {"global": "https://api.justoneapi.com", "cn": "http://47.117.133.51:30015"}
SERVICE_HOSTS = {"api.justoneapi.com", "47.117.133.51"}
LOOPBACK_SERVICE = N_("a simulator on this machine")

WORKERS_MAX = 1000
PAGES_MAX = 10**6


@dataclass(frozen=True, slots=True)
class RunSettings:
    """One night's settings. Caps that are None do not bind; `rate` and `base_url` are as their options take
    them, and `base_url` is kept as a URL. Raises InputError for what no option would take.
    """

    token: str
    db: Path = Path("data/creators.db")
    base_url: str = NAMED_URLS["global"]
    workers: int = 16
    rate: str = "auto"
    pages_max: int = 50
    calls_max: int | None = None
    calls_max_per_day: int | None = None
    refresh_after: timedelta = timedelta(hours=20)
    timeout_seconds: float = 120.0
    keep_replies: bool = False

    def __post_init__(self) -> None:
        """Checks all but the token, which comes last, and the words of `rate`, which the throttle reads."""
        object.__setattr__(self, "base_url", resolve_base_url(self.base_url))
        check_whole_number("workers", self.workers, 1, WORKERS_MAX)
        check_whole_number("pages_max", self.pages_max, 1, PAGES_MAX)
        for cap in ("calls_max", "calls_max_per_day"):
            if getattr(self, cap) is not None:
                check_whole_number(cap, getattr(self, cap), 0)
        if not isinstance(self.rate, str):
            raise InputError(_("--rate takes auto, unlimited, 50/s or 40/m, not %s") % (self.rate,))
        seconds, seconds_max = self.timeout_seconds, SPAN_MAX.total_seconds()
        if not isinstance(seconds, int | float) or not 0 < seconds <= seconds_max:
            message = _("--timeout takes more than nothing and at most a hundred years, not %s")
            raise InputError(message % (seconds,))
        span = self.refresh_after
        if not isinstance(span, timedelta) or not timedelta(0) <= span <= SPAN_MAX:
            message = _("--refresh-after takes a span of at most a hundred years, as a timedelta, not %r")
            raise InputError(message % (span,))

    def __repr__(self) -> str:
        """Without the token."""
        return f"RunSettings(db={str(self.db)!r}, base_url={self.base_url!r}, workers={self.workers})"


def check_whole_number(name: str, value: object, least: int, most: int = sys.maxsize) -> None:
    """Raises InputError unless `value` is a whole number from `least` to `most`; a boolean is none."""
    if type(value) is not int or not least <= value <= most:
        raise InputError(
            _("%(field)s must be a whole number from %(least)d to %(most)d, not %(value)s")
            % {"field": name, "least": least, "most": most, "value": repr(value)}
        )


def resolve_base_url(text: str) -> str:
    """The base URL that `global`, `cn` or an http(s) URL names; raises InputError for anything else."""
    url = NAMED_URLS.get(text.strip().lower(), text.strip())
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise InputError(_("--base-url takes global, cn, or an http:// or https:// URL, not %s") % text)
    if parts.username or parts.query or parts.fragment:
        raise InputError(_("--base-url takes a plain address, without user, query or fragment"))
    return url.rstrip("/")


def service_of(base_url: str) -> str:
    """Which service a base URL belongs to, so that a database is filled from one only.

    Both of the vendor's addresses are one service; so is every port of this machine, for a simulator seldom
    gets the same one twice.
    """
    host = (urlsplit(base_url).hostname or "").lower()
    if host in SERVICE_HOSTS:
        return "justoneapi"
    return LOOPBACK_SERVICE if is_loopback(base_url) else host


def is_loopback(base_url: str) -> bool:
    """Whether the URL names this machine."""
    host = (urlsplit(base_url).hostname or "").lower()
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def sends_token_in_clear(base_url: str) -> bool:
    """Whether the token would cross a network unencrypted."""
    return urlsplit(base_url).scheme == "http" and not is_loopback(base_url)


def check_token(token: str) -> str:
    """The token, trimmed; raises TokenError where there is none or it cannot be one."""
    token = token.strip()
    if not token:
        raise TokenError(
            _(
                "no token: set JUSTONEAPI_TOKEN, put it into .env, or give --token-file; "
                "`crawler demo` needs none"
            )
        )
    if not token.isascii() or not token.isprintable() or " " in token:
        raise TokenError(_("the token holds characters that no token has: was something else pasted?"))
    return token


def read_token_file(path: Path) -> str:
    """The token in the first line of `path`; raises TokenError where it cannot be read."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n", 1)
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "not UTF-8 text"
        raise TokenError(_("cannot read the token file %s: %s") % (path, reason)) from exc
    return check_token(lines[0])
