"""Everything a night depends on, as one frozen value; options, environment and `.env` all end here."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from crawler.errors import InputError, TokenError
from crawler.i18n import N_, _

TOKEN_VARIABLE = "JUSTONEAPI_TOKEN"  # noqa: S105 - the name of a variable, as the vendor's examples have it
NAMED_URLS = {"global": "https://api.justoneapi.com", "cn": "http://47.117.133.51:30015"}
SERVICE_HOSTS = {"api.justoneapi.com", "47.117.133.51"}
LOOPBACK_SERVICE = N_("a simulator on this machine")


@dataclass(frozen=True, slots=True)
class NightSettings:
    """One night's settings. Caps that are None do not bind; `rate` is as `--rate` takes it."""

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

    def __repr__(self) -> str:
        """Without the token."""
        return f"NightSettings(db={str(self.db)!r}, base_url={self.base_url!r}, workers={self.workers})"


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
