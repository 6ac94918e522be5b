"""Why the operating system refused something, in the reader's language."""

from __future__ import annotations

from crawler.i18n import N_, _

SYSTEM_WORDS = (
    N_("No such file or directory"),
    N_("Permission denied"),
    N_("Operation not permitted"),
    N_("File exists"),
    N_("Is a directory"),
    N_("Not a directory"),
    N_("File name too long"),
    N_("Too many open files"),
    N_("No space left on device"),
    N_("Read-only file system"),
    N_("Input/output error"),
    N_("Address already in use"),
)
"""What systems say most often, listed so that the catalogues hold it."""


def system_reason(error: Exception) -> str:
    """What the system said, as it stands where no catalogue has it; of an error of another kind its text."""
    told = getattr(error, "strerror", None)
    return _(told) if told else str(error)
