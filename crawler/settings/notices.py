"""Settings of notices: where they go, what they tell, how an address is shown without its secrets."""

from __future__ import annotations

import re
from enum import StrEnum
from urllib.parse import urlsplit

from crawler.errors import InputError
from crawler.i18n import N_, _
from crawler.settings.kinds import optional, several, span, text, text_needed
from crawler.settings.setting import Kind, Setting

ADDRESS_LENGTH_MAX = 2000
MASK = "***"

_END_OF_HOST = re.compile(r"[/?#]")
_BETWEEN_PARTS = re.compile(r"[/:?&=@#%,\s]+")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]{0,30}://[^\s/?#]\S*", re.IGNORECASE)


class NoticeKind(StrEnum):
    """What a notice is about: a night that is done, one that stopped and goes on by itself, one that somebody
    has to look at, and a night of which nothing was heard."""

    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"
    SILENT = "silent"


def check_channel(written: object) -> str:
    """An address that a notice can go to; the message of an InputError never shows it."""
    address = text_needed(written).strip()
    if not _ADDRESS.fullmatch(address) or not address.isprintable() or len(address) > ADDRESS_LENGTH_MAX:
        raise InputError(_("a channel is an address such as feishu://…, mailto://… or a robot's https://…"))
    return address


def check_heartbeat(written: object) -> str:
    """An http(s) address; the message of an InputError never shows it."""
    address = text_needed(written).strip()
    try:
        usable = urlsplit(address).scheme in ("http", "https") and bool(urlsplit(address).hostname)
    except ValueError:
        usable = False
    if (
        not usable
        or not _ADDRESS.fullmatch(address)
        or not address.isascii()
        or len(address) > ADDRESS_LENGTH_MAX
    ):
        raise InputError(_("a heartbeat is an http:// or https:// address"))
    return address


def check_notice_kinds(written: object) -> tuple[NoticeKind, ...]:
    """`done,failed` as what notices are about."""
    words = written if isinstance(written, tuple | list) else text_needed(written).replace(",", " ").split()
    try:
        return tuple(NoticeKind(word) for word in words)
    except ValueError:
        raise InputError(_("must be one or more of %s") % ",".join(NoticeKind)) from None


def masked(address: str) -> str:
    """As much of an address as says which one it is: whatever follows may be a key."""
    scheme, _colon, rest = address.partition("://")
    if scheme.lower() in ("http", "https"):
        host = _END_OF_HOST.split(rest, maxsplit=1)[0].rpartition("@")[2]
        return f"{scheme}://{host}/{MASK}"
    return f"{scheme}://{MASK}"


def hide(words: str, address: str) -> str:
    """`words` without any part of the address that may be a key."""
    words = words.replace(address, masked(address))
    shown = masked(address)
    for part in sorted(set(_BETWEEN_PARTS.split(address)), key=len, reverse=True):
        if len(part) >= 4 and part not in shown:
            words = words.replace(part, MASK)
    return words


NOTIFY = Setting(
    "notify",
    "--notify",
    several(text(check_channel, "URL")),
    N_("Send a notice of how the run ended; can be repeated. Better set by its variable: it holds keys."),
    secret=True,
)
NOTIFY_ON: Setting[tuple[NoticeKind, ...]] = Setting(
    "notify_on",
    "--notify-on",
    Kind(str, check_notice_kinds, metavar="WORDS"),
    N_("What notices are sent about: some of done,stopped,failed,silent."),
    ",".join(NoticeKind),
)
HEARTBEAT = Setting(
    "heartbeat",
    "--heartbeat",
    optional(text(check_heartbeat, "URL")),
    N_("Ping this address: /start, then as it is, or /fail where somebody has to look."),
    secret=True,
)
OVERDUE_AFTER = Setting(
    "overdue_after",
    "--overdue-after",
    span(),
    N_("How long after the last night began the next is overdue."),
    "26h",
)
NOTICE_SETTINGS = (NOTIFY, NOTIFY_ON, HEARTBEAT)
