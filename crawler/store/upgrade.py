"""Bringing a database of an older version up to date, whoever opens it first, if only to read."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from crawler.errors import AlreadyRunning, CrawlerError, InputError
from crawler.i18n import _
from crawler.store.database import open_database
from crawler.store.lock import hold


def bring_up_to_date(path: Path) -> None:
    """Applies what migrations the database at `path` lacks.

    Raises InputError where that cannot be done now: a run of the older version is writing it, or it cannot be
    written at all.
    """
    try:
        with hold(path), closing(open_database(path)):
            pass
    except AlreadyRunning as exc:
        message = _("%s is of an older version, and another command is writing it: wait until it has ended")
        raise InputError(message % path) from exc
    except CrawlerError as exc:
        message = _("%s is of an older version and cannot be brought up to date: %s")
        raise InputError(message % (path, exc)) from exc
