"""The address of a cluster as `--cluster` takes it, read without loading the library that talks to it."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from crawler.errors import InputError
from crawler.i18n import _

LOCAL = "local:"
LOCAL_WORKERS_MAX = 64


def check_cluster(written: object) -> str:
    """`written`, where it is `local:N` or the address of a scheduler to which a token may go; raises
    InputError."""
    if not isinstance(written, str):
        raise InputError(_("must be a text, not %r") % (written,))
    address = written.strip().rstrip("/")
    if address.startswith(LOCAL):
        if not 1 <= (local_workers(address) or 0) <= LOCAL_WORKERS_MAX:
            message = _("local:N starts from 1 to %d cluster workers, not %s")
            raise InputError(message % (LOCAL_WORKERS_MAX, written))
        return address
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("tcp", "tls") and parts.hostname and parts.port
    except ValueError:
        usable = False
    if not usable or parts.path or parts.query or parts.fragment or parts.username:
        raise InputError(
            _("a cluster is local:4, or a scheduler such as tls://scheduler:8786, not %s") % written
        )
    if not is_private(address):
        raise InputError(
            _(
                "the token would cross the network unencrypted to %s: give the cluster TLS and write tls:// "
                "(docs/scale.md), or keep it on this machine"
            )
            % address
        )
    return address


def local_workers(address: str) -> int | None:
    """How many workers `local:N` asks for, None where an address is that of a scheduler."""
    number = address.removeprefix(LOCAL)
    if number == address:
        return None
    return int(number) if number.isascii() and number.isdecimal() and len(number) < 4 else 0


def is_private(address: str) -> bool:
    """Whether nobody on the way can read what is sent there: it is encrypted, or never leaves the machine."""
    parts = urlsplit(address)
    if parts.scheme in ("tls", "inproc"):
        return True
    host = parts.hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
