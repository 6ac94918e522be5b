"""Chooses the format, reads one snapshot, and puts the finished file in its place."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from crawler.analysis.export.creators import Row, as_creator, count_creators, read_rows
from crawler.analysis.export.database import check_replaceable, copy_database
from crawler.analysis.export.destinations import Destination, destination_of, is_url, local_name
from crawler.analysis.export.headers import NAMES
from crawler.analysis.export.incremental import export_state_of
from crawler.analysis.export.parquet import write_parquet
from crawler.analysis.export.partitions import History, file_name, first_fans, whole_days
from crawler.analysis.export.text import write_csv, write_jsonl
from crawler.analysis.export.xlsx import write_xlsx
from crawler.analysis.filters import Filters
from crawler.atomic_files import replacing
from crawler.errors import InputError, StoreError
from crawler.i18n import _
from crawler.store.readonly import reading

Writer = Callable[..., None]
"""Writes creators to a path; of a table the `headers` can be chosen."""

Progress = Callable[[int, int], None]
"""Hears now and then how many creators are written, of how many."""

_WRITERS: dict[str, Writer] = {
    ".csv": partial(write_csv, gzipped=False, plain=False),
    ".csv.gz": partial(write_csv, gzipped=True, plain=False),
    ".xlsx": lambda rows, path, headers: write_xlsx(map(as_creator, rows), path, headers=headers),
    ".jsonl": partial(write_jsonl, gzipped=False),
    ".jsonl.gz": partial(write_jsonl, gzipped=True),
    ".parquet": write_parquet,
}
_PLAIN: dict[str, Writer] = {
    ".csv": partial(write_csv, gzipped=False, plain=True),
    ".csv.gz": partial(write_csv, gzipped=True, plain=True),
}
_HEADED = (*_PLAIN, ".xlsx")
"""Tables that people open, and whose headings can be in their language."""

_DATABASE = ".db"
ENDINGS = (*_WRITERS, _DATABASE)
"""What the name of a file can end with."""

_PORTION = 1000


@dataclass(frozen=True, slots=True)
class Options:
    """How to write: `plain` is CSV for programs, `by_day` a folder of Parquet files, of which `since_last`
    writes only what has changed, `headers` one of `HEADERS` for the headings of a table."""

    plain: bool = False
    by_day: bool = False
    since_last: bool = False
    headers: str = NAMES


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: `ending` names the format, `replaced` says that something stood there before."""

    creators: int
    ending: str
    replaced: bool


class _Tally:
    """Counts creators as they pass, and reports every portion to `progress`."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self.creators = 0
        self._progress = progress
        self._total = total

    def add(self, creators: int) -> None:
        self.creators += creators
        if self._progress is not None:
            self._progress(self.creators, self._total)

    def watch(self, rows: Iterable[Row]) -> Iterator[Row]:
        waiting = 0
        for row in rows:
            yield row
            waiting += 1
            if waiting == _PORTION:
                self.add(waiting)
                waiting = 0
        self.add(waiting)


def export(
    db: Path,
    target: Path | str,
    filters: Filters,
    options: Options = Options(),
    progress: Progress | None = None,
) -> Exported:
    """Writes the creators that `filters` choose from the database at `db` to `target`.

    All rows are of one moment, also while a run goes on. A folder of files by day may be the address of one
    in an object store. Raises InputError, MissingExtra and StoreError; then `target` is as it was before.
    """
    ending = ending_of(target, options)
    if options.by_day:
        return _export_history(db, destination_of(target), filters, options, progress)
    target = Path(target)
    with reading(db) as connection:
        connection.isolation_level = None
        _check_target(db, target, ending)
        replaced = target.is_file()
        try:
            tally = _Tally(progress, count_creators(connection, filters) if progress else 0)
            if ending == _DATABASE:
                with replacing(target) as path:
                    copy_database(connection, filters, path, tally.add)
            else:
                connection.execute("BEGIN")
                _write(connection, target, ending, filters, options, tally)
        except sqlite3.Error as exc:
            raise StoreError(_("cannot export %s to %s: %s") % (db, target, exc)) from exc
    return Exported(tally.creators, ending, replaced)


def _export_history(
    db: Path, destination: Destination, filters: Filters, options: Options, progress: Progress | None
) -> Exported:
    """The same for a folder of files by day."""
    if options.since_last and filters != Filters():
        raise InputError(_("--since-last writes whatever changed: it goes with no other choice of creators"))
    filters = whole_days(filters)
    with reading(db) as connection:
        connection.isolation_level = None
        tally = _Tally(progress, count_creators(connection, filters) if progress else 0)
        try:
            connection.execute("BEGIN")
            mark = export_state_of(connection) if options.since_last else None
            history = History(destination, file_name(connection), filters, mark)
            read = partial(read_rows, connection, by_day=True)
            history.write(read, tally.watch, partial(first_fans, connection))
        except sqlite3.Error as exc:
            raise StoreError(_("cannot export %s: %s") % (db, exc)) from exc
    return Exported(tally.creators, ".parquet", replaced=False)


def ending_of(target: Path | str, options: Options) -> str:
    """The ending that decides the format; InputError where it is unknown or does not go with `options`."""
    name = local_name(target).lower()
    ending = max((known for known in ENDINGS if name.endswith(known)), key=len, default=None)
    if ending is None or name == ending:
        raise InputError(
            _("%(file)s: the name of an export ends with %(endings)s")
            % {"file": target, "endings": ", ".join(ENDINGS)}
        )
    if options.by_day and ending != ".parquet":
        raise InputError(_("--partition-by makes a folder of Parquet files: give it a name with .parquet"))
    if is_url(str(target)) and not options.by_day:
        raise InputError(_("only --partition-by day writes to an address: export to a file, and copy that"))
    if options.since_last and not options.by_day:
        raise InputError(_("--since-last goes with --partition-by day"))
    if options.plain and ending not in _PLAIN:
        raise InputError(_("--plain is for CSV: %s files need no such option") % ending)
    if options.headers != NAMES and ending not in _HEADED:
        raise InputError(_("--headers is for CSV and XLSX: %s files keep the names of columns") % ending)
    return ending


def _check_target(db: Path, target: Path, ending: str) -> None:
    if target.exists() and target.samefile(db):
        raise InputError(_("%s is the database itself: give another name") % target)
    if ending == _DATABASE:
        check_replaceable(target)


def _write(
    connection: sqlite3.Connection,
    target: Path,
    ending: str,
    filters: Filters,
    options: Options,
    tally: _Tally,
) -> None:
    rows = tally.watch(read_rows(connection, filters))
    writer = _PLAIN[ending] if options.plain else _WRITERS[ending]
    if ending in _HEADED:
        writer = partial(writer, headers=options.headers)
    with replacing(target) as path:
        writer(rows, path)
