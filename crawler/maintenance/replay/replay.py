"""What a replay does, from a database to what came of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.atomic_files import real_path, replacing, temporary_folder, write_errors
from crawler.clock import Now, stamp, utc_now
from crawler.endpoint import Endpoint
from crawler.errors import InputError
from crawler.i18n import _
from crawler.maintenance.replay import merge_sql as sql
from crawler.maintenance.replay import page_sql
from crawler.maintenance.replay.reading import ENDPOINTS
from crawler.maintenance.replay.rebuild import DROP_NOTES, NewPage, Rebuilt, rebuild
from crawler.store.database import open_database, store_errors
from crawler.store.erased import Forgotten
from crawler.store.lock import hold
from crawler.store.readonly import file_at, open_readonly
from crawler.store.reply_compression import pack

if TYPE_CHECKING:
    from sqlite_utils import Database

_NOT_COPIED = (
    "users", "sightings", "changes", "rejects", "older_facts", "lost_red_ids", "archive",
    "_sqlite_migrations",
)  # fmt: skip
"""What is read from the replies, what triggers keep, and what the new database has already."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay read and what came of it: in a new database all that it holds, else what was not there
    before.

    `unreadable` replies nobody can read yet; `missing` pages have no reply. `reread` replies were unreadable
    when they came, and `pages_new` of them are the page their keyword waited for, which now goes on there.
    """

    replies: int
    unreadable: int
    missing: int
    creators: int
    creators_changed: int
    sightings: int
    changes: int
    reread: int
    pages_new: int

    @property
    def found(self) -> bool:
        """Whether anything was not there before."""
        found = (self.creators, self.creators_changed, self.sightings, self.changes, self.pages_new)
        return any(found)


def replay(path: Path, *, endpoints: Mapping[int, Endpoint] = ENDPOINTS, now: Now = utc_now) -> Replayed:
    """Reads the raw replies of the database at `path` again; what is found in them is added, in one
    transaction, and nothing is taken away.

    It is no run, and asks for nothing. A second replay by the same reader changes no byte of any table.
    Raises AlreadyRunning while a run writes the database.
    """
    with hold(path), closing(open_database(path)) as db, store_errors(path), write_errors(path):
        connection: sqlite3.Connection = db.conn
        with temporary_folder(real_path(path).parent) as folder:
            work = folder / "replayed.db"
            with closing(_new(work)) as made:
                gaps = _missing(connection) or connection.execute(page_sql.ANYBODY_ERASED).fetchone()[0]
                rebuilt = rebuild(connection, made.conn, endpoints, with_gaps=bool(gaps))
            with _attached(connection, work, "replayed"):
                whole = not gaps and not rebuilt.pages_unreadable
                return _merge(db, rebuilt, stamp(now()), whole=whole)


def replay_into(
    path: Path, target: Path, *, endpoints: Mapping[int, Endpoint] = ENDPOINTS, now: Now = utc_now
) -> Replayed:
    """Makes a new database at `target` of all that the one at `path` was told, with creators, sightings and
    changes as today's reader finds them; it can be crawled on.

    It is there when it is whole, and not before. Raises InputError where `target` exists, AlreadyRunning
    while a run writes the database.
    """
    if file_at(target) is not None:
        raise InputError(_("%s is there already: give the name of a new database") % target)
    open_readonly(path).close()
    with hold(path), hold(target), store_errors(path), replacing(target) as work:
        with closing(_new(work)) as db, closing(open_readonly(path)) as source:
            made: sqlite3.Connection = db.conn
            with _attached(made, path, "source"):
                _copy(made)
                source.row_factory = None
                rebuilt = rebuild(source, made, endpoints)
                with db.atomic():
                    _save_new_pages(made, rebuilt.new_pages, stamp(now()))
                    made.execute(page_sql.BETTER_PAGES.format(replayed="main"))
                    made.execute(page_sql.UPDATE_PAGES.format(replayed="main"))
                    made.execute(page_sql.COPY_REJECTS)
                made.executescript(DROP_NOTES)
            missing = _missing(source)
            creators, sightings, changes = (
                made.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                for table in ("users", "sightings", "changes")
            )
            made.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        found = (rebuilt.reread, len(rebuilt.new_pages))
        return Replayed(rebuilt.read, rebuilt.unreadable, missing, creators, 0, sightings, changes, *found)


def _new(path: Path) -> Database:
    """A new database that is not to last unless it gets done."""
    db = open_database(path)
    db.conn.execute("PRAGMA synchronous = OFF")
    db.conn.execute("PRAGMA foreign_keys = OFF")
    return db


@contextmanager
def _attached(connection: sqlite3.Connection, path: Path, name: str) -> Iterator[None]:
    connection.execute(f"ATTACH ? AS {name}", (str(real_path(path)),))
    try:
        yield
    finally:
        connection.execute(f"DETACH {name}")


def _copy(made: sqlite3.Connection) -> None:
    """Takes over from `source` what is not read from replies, and the replies themselves."""
    tables = (
        "SELECT name FROM {}.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    )
    here, there = ({row[0] for row in made.execute(tables.format(each))} for each in ("main", "source"))
    made.execute("BEGIN")
    for table in sorted(here & there - {*_NOT_COPIED}):
        if not table.startswith("search_"):
            columns = ", ".join(row[1] for row in made.execute(f"PRAGMA source.table_info({table})"))
            made.execute(
                f"INSERT OR REPLACE INTO main.{table} ({columns}) SELECT {columns} FROM source.{table}"
            )
    made.execute("INSERT INTO main.rejects SELECT * FROM source.rejects WHERE rank = 0")
    made.execute("COMMIT")


def _missing(connection: sqlite3.Connection) -> int:
    """How many pages with creators have no reply."""
    return int(connection.execute(page_sql.PAGES_WITHOUT_REPLY).fetchone()[0])


def _merge(db: Database, rebuilt: Rebuilt, moment: str, *, whole: bool) -> Replayed:
    connection: sqlite3.Connection = db.conn
    with db.atomic():
        before = connection.total_changes
        for unmasked in (sql.UNMASKED, sql.UNMASKED_OF_WHOLE) if whole else (sql.UNMASKED,):
            _join_provisional(connection, unmasked)
        joined = connection.total_changes - before
        connection.execute(sql.MATCH)
        creators = connection.execute(sql.INSERT_USERS).rowcount
        connection.execute(sql.MATCH_NEW)
        changed, red_ids, sightings = (
            connection.execute(statement).rowcount
            for statement in (sql.FOR_WHOLE if whole else sql.FOR_PARTS)
        )
        changes = connection.execute(sql.SAVE_CHANGES, {"whole": whole}).rowcount
        connection.execute(page_sql.BETTER_PAGES.format(replayed="replayed"))
        pages = connection.execute(page_sql.UPDATE_PAGES.format(replayed="replayed")).rowcount
        connection.execute(page_sql.DELETE_REJECTS)
        connection.execute(page_sql.INSERT_REJECTS)
        _save_new_pages(connection, rebuilt.new_pages, moment)
        for new_page in rebuilt.new_pages:
            connection.execute(page_sql.INSERT_REJECTS_OF_CALL, (new_page.reply.call_id,))
        found = (creators, max(changed, red_ids), sightings, changes, rebuilt.reread)
        if any((joined, red_ids, pages, *found[:-1], rebuilt.new_pages)):
            record = (moment, version("creator-crawler"), rebuilt.read, *found)
            connection.execute(page_sql.RECORD, record)
        connection.execute("DROP TABLE temp.matched")
        connection.execute("DROP TABLE temp.better_pages")
    return Replayed(rebuilt.read, rebuilt.unreadable, _missing(connection), *found, len(rebuilt.new_pages))


def _join_provisional(connection: sqlite3.Connection, unmasked: str) -> None:
    """Makes one row of a creator known by `red_id` alone and who that turns out to be."""
    for provisional, _real, id_ in connection.execute(unmasked).fetchall():
        real = connection.execute("SELECT key FROM main.users WHERE id = ?", (id_,)).fetchone()
        if real is None:
            connection.execute(sql.NAME, (id_, provisional))
            continue
        for statement in sql.JOIN:
            connection.execute(statement, (real[0], provisional))
        connection.execute("DELETE FROM main.users WHERE key = ?", (provisional,))


def _save_new_pages(connection: sqlite3.Connection, pages: Sequence[NewPage], moment: str) -> None:
    """Puts replies that are read at last where their keywords wait for them: these go on behind them."""
    erased = Forgotten.read(connection)
    for page in pages:
        reply, oddity = page.reply, page.oddity
        place = (reply.keyword_id, reply.endpoint_id, reply.generation, reply.page)
        told = (None, None) if oddity is None else (oddity.code.value, oddity.details_json)
        row = (
            reply.endpoint_id, reply.keyword_id, reply.generation, reply.page, reply.call_id, reply.run_id,
            page.entries, page.new_to_keyword, page.rejected, *told, reply.moment, moment,
        )  # fmt: skip
        page_id = connection.execute(page_sql.INSERT_PAGE, row).lastrowid
        body = reply.body
        if body is not None and not erased.named_in(body):
            connection.execute(page_sql.INSERT_REPLY, (page_id, pack(body)))
        connection.execute(page_sql.DELETE_REJECT, (reply.reject_id,))
        connection.execute(page_sql.SETTLE_CALL, (reply.call_id,))
        end = page.end
        state = ("open", None, None) if end is None else ("done", end.code.value, end.details_json)
        finished_at = None if end is None else reply.moment
        connection.execute(page_sql.GO_ON, (*state, moment, finished_at, finished_at, *place))
