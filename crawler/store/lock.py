"""One writer at a time: a lock beside the database that ends with its process."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from crawler.errors import AlreadyRunning, CrawlerError, InputError, StoreError
from crawler.i18n import _
from crawler.store.readonly import open_readonly
from crawler.store.runs import running_process


@contextmanager
def hold(path: Path) -> Iterator[None]:
    """The sole right to write the database at `path`, for as long as the block runs.

    Every way to write a path, symbolic links included, leads to the same lock. The operating system drops it
    with its process, so a lock file left behind by a dead one is no obstacle. Readers need no lock.
    Raises AlreadyRunning at once where another process has it, StoreError where no lock can be made.
    """
    resolved = path.resolve()
    lock = FileLock(f"{resolved}.lock", timeout=0)
    try:
        resolved.parent.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise InputError(_("cannot make the folder of %s: %s") % (path, exc.strerror)) from exc
    try:
        lock.acquire()
    except Timeout as exc:
        raise AlreadyRunning(_describe_holder(path)) from exc
    except OSError as exc:
        raise StoreError(_("cannot lock %s: %s") % (path, exc.strerror)) from exc
    try:
        yield
    finally:
        lock.release()


def _describe_holder(path: Path) -> str:
    """Who has the lock, as far as the database says; one that is just being made says nothing yet."""
    try:
        with closing(open_readonly(path)) as connection:
            holder = running_process(connection)
    except (CrawlerError, sqlite3.Error):
        holder = None
    if holder is None:
        return _("another command is writing %s: try again when it has ended") % path
    pid, started_at = holder
    return _(
        "a run is writing %(path)s already (process %(pid)d, since %(started_at)s): "
        "give the same command again once it has ended"
    ) % {"path": path, "pid": pid, "started_at": started_at}
