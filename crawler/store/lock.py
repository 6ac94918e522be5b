"""One writer at a time: a lock beside the database that ends with its process."""

from __future__ import annotations

import os
import platform
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from crawler.atomic_files import real_path, write_error
from crawler.errors import AlreadyRunning, CrawlerError, InputError
from crawler.i18n import _
from crawler.i18n.system_errors import system_reason
from crawler.store.other_processes import age_seconds
from crawler.store.readonly import file_at, open_as_it_is
from crawler.store.runs import running_process

OPEN_RUN = "SELECT pid, host, started_at FROM runs WHERE ended_at IS NULL ORDER BY id DESC LIMIT 1"


@contextmanager
def hold(path: Path) -> Iterator[None]:
    """The sole right to write the database at `path`, for as long as the block runs.

    Every way to write a path, symbolic links included, leads to the same lock. The operating system drops it
    with its process, so a lock file left behind by a dead one is no obstacle. Readers need no lock.
    A lock file can be deleted, so the database is asked as well who is writing it; a second name of the file
    (a hard link) has a journal of its own, which nobody can ask.
    Raises AlreadyRunning at once where another process has it, StoreError where no lock can be made, and
    InputError for what is no file and for a file of several names.
    """
    found = file_at(path)
    if found is not None and found.st_nlink > 1:
        message = _(
            "%s has a second name (a hard link), under which another command could write it unseen: "
            "copy it to a file of its own, and use that"
        )
        raise InputError(message % path)
    resolved = real_path(path)
    lock = FileLock(f"{resolved}.lock", timeout=0)
    try:
        resolved.parent.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise InputError(_("cannot make the folder of %s: %s") % (path, system_reason(exc))) from exc
    try:
        lock.acquire()
    except Timeout as exc:
        raise AlreadyRunning(_describe_holder(path)) from exc
    except OSError as exc:
        # Where another user has left the lock file, that file is what to look at.
        named = lock.lock_file if os.path.exists(lock.lock_file) else path
        raise write_error(_("cannot lock %s: %s") % (named, system_reason(exc)), exc) from exc
    try:
        if _is_being_written(path):
            raise AlreadyRunning(_describe_holder(path))
        yield
    finally:
        lock.release()


def _is_being_written(path: Path) -> bool:
    """Whether a run of another process of this machine, by the database's own word, is writing it still."""
    try:
        with closing(open_as_it_is(path)) as connection:
            row = connection.execute(OPEN_RUN).fetchone()
    except (CrawlerError, sqlite3.Error):
        return False  # there is none yet, or whoever opens it next says what is wrong
    if row is None or row["host"] != platform.node() or row["pid"] == os.getpid():
        return False
    seconds = age_seconds(row["pid"])
    # A process that is younger than the run has only got its number.
    return (
        seconds is not None and time.time() - seconds <= datetime.fromisoformat(row["started_at"]).timestamp()
    )


def _describe_holder(path: Path) -> str:
    """Who has the lock, as far as the database says; one that is just being made says nothing yet."""
    try:
        with closing(open_as_it_is(path)) as connection:
            holder = running_process(connection)
    except (CrawlerError, sqlite3.Error):
        holder = None
    if holder is None:
        return _("another command is writing %s: try again when it has ended") % path
    pid, started_at = holder
    return _(
        "a run is already writing %(path)s (process %(pid)d, since %(started_at)s): "
        "run the same command again when it has ended"
    ) % {"path": path, "pid": pid, "started_at": started_at}
