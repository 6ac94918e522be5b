"""A folder of Parquet files by day that many machines fill together, each with files of its own."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from crawler.analysis.export.creators import Row
from crawler.analysis.export.destinations import Destination
from crawler.analysis.export.incremental import ExportState, read_export_state
from crawler.analysis.export.parquet import FirstFans, day_of, write_days
from crawler.analysis.filters import Filters
from crawler.clock import SHANGHAI, shanghai_day, shanghai_day_start, stamp
from crawler.errors import InputError
from crawler.i18n import _
from crawler.store.database_origin import origin

Read = Callable[[Filters], Iterable[Row]]
"""The creators that filters choose, by day."""

Watch = Callable[[Iterable[Row]], Iterable[Row]]

_FIRST_FANS = """
SELECT users.id, old_fans
  FROM users
  JOIN changes ON changes.user_key = users.key
 WHERE users.id IN (SELECT value FROM json_each(?)) AND field = 'fans_text' AND old_fans IS NOT NULL
 GROUP BY users.id
HAVING min(changed_at)
"""


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
    return f"creators-{origin(connection)}.parquet"


def first_fans(connection: sqlite3.Connection, ids: Sequence[str | None]) -> list[int | None]:
    """The follower numbers that creators were first known with; None where no other number followed."""
    found = dict(connection.execute(_FIRST_FANS, (json.dumps(ids),)).fetchall())
    return [None if each is None else found.get(each) for each in ids]


@dataclass(frozen=True, slots=True)
class History:
    """A history at its destination, and what of it is written.

    With a `mark`, which says what the files are made from, only those are written whose last such export was
    made from something else.
    """

    destination: Destination
    name: str
    filters: Filters
    mark: ExportState | None = None

    def write(self, read: Read, watch: Watch, fans: FirstFans) -> None:
        """Replaces the file of every day that the filters leave, `day=YYYY-MM-DD/NAME`.

        What `read` gives goes through `watch` as it is written. All files are made first and then put into
        place. A day that has no creator any more loses its file; files of other names are left alone. Last of
        all the mark is left for the next export: broken off before, that one writes the same days again.
        """
        kept = f"_since-last/{self.name}.json"
        with self.destination.workshop() as made:
            wanted = None if self.mark is None else self._changed(self.mark, kept)
            if wanted is None:
                self.destination.remove(kept)  # it will say nothing of these files
            days = dict(write_days(watch(self._creators(read, wanted)), made, fans))
            for day, path in days.items():
                self.destination.put(path, f"day={day}/{self.name}")
            there = set(days) if self.mark is None else set(self.mark.days)
            for day in self.destination.days(self.name) - there:
                if self._in_range(day):
                    self.destination.remove(f"day={day}/{self.name}")
            if self.mark is not None:
                written = made / "mark"
                written.write_bytes(self.mark.written)
                self.destination.put(written, kept)

    def _creators(self, read: Read, wanted: set[str] | None) -> Iterable[Row]:
        """Those of the wanted days, read from the first of these to the last."""
        if wanted is None:
            return read(self.filters)
        if not wanted:
            return ()
        first, last = (
            datetime.fromisoformat(day).replace(tzinfo=SHANGHAI) for day in (min(wanted), max(wanted))
        )
        span = replace(self.filters, since=stamp(first), until=stamp(last + timedelta(days=1)))
        return (creator for creator in read(span) if day_of(creator) in wanted)

    def _changed(self, mark: ExportState, kept: str) -> set[str]:
        changed = mark.changed_since(read_export_state(self.destination.read(kept)))
        return changed | (set(mark.days) - self.destination.days(self.name))

    def _in_range(self, day: str) -> bool:
        since, until = self.filters.since, self.filters.until
        first = "" if since is None else shanghai_day(datetime.fromisoformat(since))
        last = "9999" if until is None else shanghai_day(_last_moment(until))
        return first <= day <= last
