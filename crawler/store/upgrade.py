"""Bringing a database of an older version up to date, whoever opens it first, if only to read."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

from crawler.errors import AlreadyRunning, CrawlerError, InputError
from crawler.i18n import _
from crawler.store.database import open_database
from crawler.store.lock import hold

PATIENCE_SECONDS = 5.0
"""How long another reader may take to do the same."""

RETRY_SECONDS = 0.1


def bring_up_to_date(path: Path) -> None:
    """Applies what migrations the database at `path` lacks.

    Raises InputError where that cannot be done now: a run of the older version is writing it, or it cannot be
    written at all.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with hold(path), closing(open_database(path)):
                return
        except AlreadyRunning as exc:
            if time.monotonic() >= deadline:
                message = _(
                    "%s is of an older version, and another command is writing it: wait until it has ended"
                )
                raise InputError(message % path) from exc
        except CrawlerError as exc:
            message = _("%s is of an older version and cannot be brought up to date: %s")
            raise InputError(message % (path, exc)) from exc
        time.sleep(RETRY_SECONDS)
