"""Files that are either whole or not there: written beside their place and renamed into it."""

from __future__ import annotations

import errno
import importlib
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from crawler.errors import InputError, OutputError, StoreError
from crawler.i18n import _
from crawler.i18n.system_errors import system_reason

NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_PASSING = (
    *NO_ROOM,
    errno.EFBIG,  # more than the user may write
)


def real_path(path: Path) -> Path:
    """The absolute path with all links followed; a loop of links ends where it begins.

    `Path.resolve` raises RuntimeError for such a loop, up to Python 3.12.
    """
    return Path(os.path.realpath(path))


def database_uri(path: Path, options: str) -> str:
    """The address of the database at `path` for SQLite, with `options` such as `mode=ro`.

    `Path.as_uri` loads the modules of the network for it, from Python 3.14 on.
    """
    place = real_path(path).as_posix()
    return f"file://{'' if place.startswith('/') else '/'}{quote(os.fsencode(place), safe='/:')}?{options}"


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A free name in the folder of `target`, for a file that takes its place when the block ends well.

    The old file stays as it is until then; where the block ends otherwise, nothing of the new one is left.
    Raises InputError for a place that cannot hold a file, and what `write_errors` has where writing fails.
    """
    target = real_path(target)
    if not target.parent.is_dir():
        raise InputError(_("there is no folder %s") % target.parent)
    if target.exists() and not target.is_file():
        raise InputError(_("%s is not a file") % target)
    with write_errors(target), temporary_folder(target.parent) as folder:
        made = folder / "file"
        yield made
        put_in_place(made, target)


@contextmanager
def temporary_folder(parent: Path) -> Iterator[Path]:
    """A hidden folder in `parent` that is gone with all it holds after the block.

    Those that processes left here which were killed in theirs go first.
    """
    for left in parent.glob(".crawler-export-*.tmp"):
        with suppress(OSError), _owned(left) as ours:
            if ours:
                shutil.rmtree(left, ignore_errors=True)
    folder = parent / f".crawler-export-{secrets.token_hex(8)}.tmp"
    made = folder.with_suffix(".new")  # nobody looks for it before it is owned
    made.mkdir()
    try:
        with _owned(made):
            made.rename(folder)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _owned(folder: Path) -> Iterator[bool]:
    """Whether this process has the folder for itself during the block; the system ends that with a process.

    Where it knows no such locks the answer is no.
    """
    try:
        locks = importlib.import_module("fcntl")
    except ImportError:  # Windows
        yield False
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            locks.flock(handle, locks.LOCK_EX | locks.LOCK_NB)
            ours = True
        except OSError:
            ours = False
        yield ours
    finally:
        os.close(handle)


def put_in_place(made: Path, target: Path) -> None:
    """Renames `made` to `target` once it is on the disk; a file that was there hands on its permissions."""
    with suppress(FileNotFoundError):
        made.chmod(stat.S_IMODE(target.stat().st_mode))
    sync(made)
    made.replace(target)
    sync(target.parent)


def sync(path: Path) -> None:
    """Returns when the file or folder at `path` is on the disk, where the system can say so."""
    if path.is_dir() and os.name == "nt":
        return  # Windows opens no folders.
    handle = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def write_errors(target: Path) -> Iterator[None]:
    """Turns what the operating system says about writing `target` into a StoreError where the same command
    may get over it, as over a full disk, and into an OutputError otherwise."""
    try:
        yield
    except OSError as exc:
        raise write_error(_("cannot write %s: %s") % (target, system_reason(exc)), exc) from exc


def write_error(message: str, error: OSError) -> StoreError:
    """The error that says `message`: an OutputError where the same command cannot get over `error`."""
    # Only errors of Windows have that number: there a file that another program has open is refused so too.
    may_be_open = error.errno == errno.EACCES and hasattr(error, "winerror")
    return (StoreError if error.errno in _PASSING or may_be_open else OutputError)(message)
