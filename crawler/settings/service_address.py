"""The address of a service: read as people give it, and what follows from it."""

from __future__ import annotations

import ipaddress
import string
from urllib.parse import urlsplit

from crawler.errors import InputError
from crawler.i18n import N_, _
from crawler.settings.kinds import text_needed

NAMED_URLS = {"global": "https://api.justoneapi.com", "cn": "http://47.117.133.51:30015"}
SERVICE_HOSTS = {"api.justoneapi.com", "47.117.133.51"}
LOOPBACK_SERVICE = N_("a simulator on this machine")
HOST_LENGTH_MAX = 253
_HOST_CHARACTERS = {*string.ascii_letters, *string.digits, *"._-"}


def _can_be_host(host: str) -> bool:
    """Whether a host can have this name, or whether no call could ever leave this machine."""
    if len(host) > HOST_LENGTH_MAX:
        return False
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        name = host.encode("idna").decode().removesuffix(".")
    except UnicodeError:  # an empty part, or one that is too long, or no characters of names
        return False
    # What ends in a number is an IP address, and this one cannot be read.
    return set(name) <= _HOST_CHARACTERS and not (name.rpartition(".")[2] or "0").isdigit()


def resolve_base_url(named: object) -> str:
    """The base URL that `global`, `cn` or an http(s) URL names; raises InputError for anything else."""
    wanted = text_needed(named).strip()
    url = NAMED_URLS.get(wanted.lower(), wanted)
    try:
        parts = urlsplit(url)
        usable = (
            parts.scheme in ("http", "https")
            and parts.port != 0
            and url.isprintable()
            and _can_be_host(parts.hostname or "")
        )
    except ValueError:
        usable = False
    if not usable:
        raise InputError(_("an address is global, cn, or an http:// or https:// URL, not %s") % wanted)
    if parts.username or parts.query or parts.fragment:
        raise InputError(_("an address is plain, without user, query or fragment"))
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
