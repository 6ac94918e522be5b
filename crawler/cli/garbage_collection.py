"""How often Python looks for garbage that reference counts miss: crawls and exports leave next to none."""

from __future__ import annotations

import gc

OBJECTS_MORE = 10_000
"""So many new objects, more than have gone, have it look: a page alone brings hundreds that stay until it is
saved, and looking through them finds nothing."""


def collect_rarely() -> None:
    """For a process that crawls or exports from now on; what it has imported stays, and is not looked through
    again."""
    gc.freeze()
    gc.set_threshold(OBJECTS_MORE)
