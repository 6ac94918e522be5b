"""A real store on a real file, with the few methods that tests need."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlite_utils import Database

from crawler.creator import Creator
from crawler.model import Charge, FetchedPage, Keyword, Page, PageSaved, Reject, Settlement, Work
from crawler.reasons import ReasonCode
from crawler.store.runs import start_run
from crawler.store.transactions import Store
from crawler.store.worklist import make_worklist
from crawler.vendor.search_user_v2 import SEARCH_USER_V2
from tests.new_database import opened
from tests.store.writes import fetched, open_call, save_page

ENDPOINT_ID = SEARCH_USER_V2.id
OUTFITS, FOOD, CAMPING = (
    Work(number, text, 1, 1, 50) for number, text in enumerate(("穿搭", "美食", "露营"), 1)
)
WORKS = (OUTFITS, FOOD, CAMPING)
BEGINNING = datetime(2026, 11, 1, 18, 0, tzinfo=UTC)
CHARGED = Settlement(Charge.CHARGED, "0", 200, 1800)

# What a database holds, in words that do not depend on the numbers of rows.
CONTENTS = {
    "users": "SELECT * FROM users ORDER BY id",
    "sightings": """
        SELECT keyword_id, users.id, generation, sightings.first_seen_at, first_page, first_rank,
               sightings.last_seen_at, last_page, last_rank
          FROM sightings
          LEFT JOIN users ON users.key = user_key
         ORDER BY keyword_id, users.id""",
    "changes": """
        SELECT users.id, field, old, new, old_fans, new_fans, changed_at, run_id
          FROM changes
          LEFT JOIN users ON users.key = user_key
         ORDER BY users.id, field, old, new""",
    "calls": "SELECT * FROM calls ORDER BY id",
    "pages": "SELECT * FROM pages ORDER BY id",
    "replies": "SELECT * FROM replies ORDER BY page_id",
    "rejects": "SELECT * FROM rejects ORDER BY id",
    "checkpoints": "SELECT * FROM checkpoints ORDER BY keyword_id",
    "runs": "SELECT * FROM runs ORDER BY id",
    "forgotten": "SELECT * FROM forgotten ORDER BY fingerprint",
}


class StoreFixture:
    """A store of one run; its clock stands still until it is moved."""

    def __init__(self, path: Path, db: Database | None = None) -> None:
        self.path = path
        self.db = db or opened(path)
        self.connection: sqlite3.Connection = self.db.conn
        self.connection.execute("PRAGMA synchronous = OFF")  # nothing is killed here, and a disk is slow
        self.moment = BEGINNING
        self.run_id = self.connection.execute("SELECT max(id) FROM runs").fetchone()[0]
        self.store = self._store()

    @staticmethod
    def make(path: Path) -> None:
        """A database with one run and the keywords of `WORKS`."""
        with closing(opened(path)) as db, db.atomic():
            start_run(db.conn, "0.1.0", lambda: BEGINNING)
            make_worklist(
                db.conn,
                [Keyword(work.text, work.text) for work in WORKS],
                endpoint_id=ENDPOINT_ID,
                pages_max=50,
                refresh_after=timedelta(hours=20),
                now=lambda: BEGINNING,
            )

    def _store(self) -> Store:
        return Store(self.db, self.path, self.run_id, ENDPOINT_ID, self.now)

    def now(self) -> datetime:
        return self.moment

    def next_run(self) -> None:
        """The process ends and another begins, a day later."""
        self.moment += timedelta(days=1)
        with self.db.atomic():
            self.run_id = start_run(self.connection, "0.1.0", self.now)
        self.store = self._store()

    def call(self, work: Work = OUTFITS, page: int = 1, attempt: int = 1) -> int:
        """A call that was written down and sent."""
        call_id = self.store.apply([open_call(work, page, attempt)])[0]
        assert isinstance(call_id, int)
        return call_id

    def save(self, *creators: Creator, work: Work = OUTFITS, number: int = 1, **options: object) -> PageSaved:
        """A page with `creators` in the order of their ranks, saved a second after whatever was before."""
        self.moment += timedelta(seconds=1)
        saved = self.store.apply([save_page(self.page(*creators, work=work, number=number, **options))])[0]
        assert isinstance(saved, PageSaved)
        return saved

    def page(
        self,
        *creators: Creator,
        work: Work = OUTFITS,
        number: int = 1,
        stop: ReasonCode | None = None,
        rejects: Sequence[Reject] = (),
        body: bytes | None = None,
        new_needed: int = 0,
    ) -> FetchedPage:
        """A page to be saved, its call opened."""
        ranked = tuple(creator._replace(rank=rank) for rank, creator in enumerate(creators, 1))
        page = Page(ranked, tuple(rejects), len(ranked) + len(rejects))
        call_id = self.call(work, number)
        come = fetched(call_id, CHARGED, work, number, page, len(ranked), stop, body)
        return replace(come, new_needed=new_needed)

    def rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        return [tuple(row) for row in self.connection.execute(query, values)]

    def user(self, id_: str) -> dict[str, object]:
        """The row of a creator by its columns."""
        cursor = self.connection.execute("SELECT * FROM users WHERE id = ?", (id_,))
        names = [column[0] for column in cursor.description]
        return dict(zip(names, cursor.fetchone(), strict=True))

    def last_seen(self, id_: str) -> object:
        """When the creator was last found, as people are told."""
        return self.rows("SELECT last_seen_at FROM creators_with_keywords WHERE id = ?", id_)[0][0]

    def ids(self) -> set[object]:
        return {row[0] for row in self.rows("SELECT id FROM users")}

    def changes(self) -> list[tuple[object, ...]]:
        """Every change as (creator, field, old, new), in the order they were noted."""
        return self.rows(
            "SELECT users.id, field, old, new FROM changes JOIN users ON key = user_key ORDER BY changes.id"
        )

    def contents(self) -> dict[str, list[tuple[object, ...]]]:
        """Everything another connection finds, users without their row numbers."""
        with closing(sqlite3.connect(self.path)) as other:
            found = {name: other.execute(query).fetchall() for name, query in CONTENTS.items()}
            assert other.execute("PRAGMA foreign_key_check").fetchall() == []
        return found | {"users": [row[1:] for row in found["users"]]}

    def close(self) -> None:
        self.db.close()


def creator(id_: str | None, red_id: str | None = None, **columns: object) -> Creator:
    """A creator with the columns a test speaks of."""
    return Creator(rank=0, id=id_, red_id=red_id)._replace(**columns)
