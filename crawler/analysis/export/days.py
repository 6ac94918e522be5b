"""A folder of Parquet files by day that many machines fill together, each with files of its own."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from crawler.analysis.export.creators import Row
from crawler.analysis.export.parquet import write_days
from crawler.analysis.filters import Filters
from crawler.clock import shanghai_day, shanghai_day_start, stamp
from crawler.errors import InputError
from crawler.files import put_in_place, temporary_folder, write_errors
from crawler.i18n import _

_FIRST_RUN = "SELECT started_at, host, pid FROM runs ORDER BY id LIMIT 1"


def whole_days(filters: Filters) -> Filters:
    """`filters` with `since` moved back to the start of its day in Shanghai, and `until` forth to the end of
    its own: every day is written whole.

    Raises InputError for a limit, which would leave days in part.
    """
    if filters.limit is not None:
        raise InputError(_("--limit cannot be used with --partition-by: every day is written in full"))
    since, until = filters.since, filters.until
    if since is not None:
        since = stamp(shanghai_day_start(datetime.fromisoformat(since)))
    if until is not None:
        until = stamp(shanghai_day_start(_last_moment(until)) + timedelta(days=1))
    return replace(filters, since=since, until=until)


def _last_moment(until: str) -> datetime:
    return datetime.fromisoformat(until) - timedelta(milliseconds=1)


def file_name(connection: sqlite3.Connection) -> str:
    """The name of this database's files, the same for as long as it lives and no other's.

    It comes from the database's first run, so that it stays when the file is moved to another machine; two
    copies of one database that both go on crawling have the same.
    """
    first = tuple(connection.execute(_FIRST_RUN).fetchone() or ())
    return f"creators-{hashlib.sha256(repr(first).encode()).hexdigest()[:16]}.parquet"


def write_folder(creators: Iterable[Row], folder: Path, name: str, filters: Filters) -> None:
    """Replaces the file `name` in `folder/day=YYYY-MM-DD/` for every day that `filters` leave.

    All files are made first and then renamed into place. A day that has no creator any more loses its file;
    files of other names are left alone.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(_("%s is a file: --partition-by needs the name of a folder") % folder)
    if not folder.parent.is_dir():
        raise InputError(_("there is no folder %s") % folder.parent)
    with write_errors(folder):
        folder.mkdir(exist_ok=True)
        with temporary_folder(folder) as made:
            days = dict(write_days(creators, made))
            for day, path in days.items():
                place = folder / f"day={day}"
                place.mkdir(exist_ok=True)
                put_in_place(path, place / name)
        _remove_others(folder, name, set(days), filters)


def _remove_others(folder: Path, name: str, days: set[str], filters: Filters) -> None:
    first = "" if filters.since is None else shanghai_day(datetime.fromisoformat(filters.since))
    last = "9999" if filters.until is None else shanghai_day(_last_moment(filters.until))
    for old in folder.glob(f"day=*/{name}"):
        day = old.parent.name.removeprefix("day=")
        if day not in days and first <= day <= last:
            old.unlink()
            if not any(old.parent.iterdir()):
                old.parent.rmdir()
