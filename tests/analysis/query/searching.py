"""What a search must answer, said once more in the plainest way; and a database to search, page by page."""

from __future__ import annotations

import sqlite3
import unicodedata
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from crawler.analysis.filters import Filters
from crawler.analysis.search import search_creators, update_search_index
from crawler.creator import Creator
from crawler.model import Keyword, Page, Work
from crawler.store.runs import start_run
from crawler.store.transactions import Store
from crawler.store.worklist import make_worklist
from tests.filled import CHARGED, Clock, page
from tests.new_database import opened
from tests.store.writes import fetched, open_call, save_page

KEYWORDS = ("穿搭", "美食 探店", "Amy", "搭")
EVERYBODY = Filters(limit=10_000)
LEVELS = ("exact name", "name begins", "name", "red_id", "keyword", "bio")


def same(text: str | None) -> str:
    folded = unicodedata.normalize("NFKC", text or "").casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())


def expected(connection: sqlite3.Connection, text: str) -> list[tuple[int, str]]:
    """Key and reason of every creator that `text` finds, the best first."""
    whole = same(text)
    found = []
    for key, raw_name, raw_red_id, raw_bio, fans in connection.execute(
        "SELECT key, name, red_id, bio, fans FROM users"
    ).fetchall():
        keywords = connection.execute(
            "SELECT identity FROM keywords WHERE id IN (SELECT keyword_id FROM sightings WHERE user_key = ?)",
            (key,),
        ).fetchall()
        name, red_id, bio = same(raw_name), same(raw_red_id), same(raw_bio)
        levels = [
            min(
                [2] * (word in name)
                + [3] * (word == red_id or (len(word) >= 4 and red_id.startswith(word)))
                + [4] * any(word in keyword for (keyword,) in keywords)
                + [5] * (word in bio)
                + [99]
            )
            for word in whole.split()
        ]
        level = 0 if name == whole else 1 if name.startswith(whole) else max(levels)
        if level < 99:
            found.append((level, -1 if fans is None else fans, key))
    found.sort(key=lambda one: (one[0], -one[1], one[2]))
    return [(key, LEVELS[level]) for level, _fans, key in found]


def found(connection: sqlite3.Connection, text: str, filters: Filters = EVERYBODY) -> list[tuple[int, str]]:
    return [(one.key, one.found_by) for one in search_creators(connection, text, filters)]


def documents(connection: sqlite3.Connection) -> tuple[list[tuple], list[tuple]]:
    """The whole index."""
    read = "SELECT rowid, name, whole_name, red_id, keywords, bio FROM search_documents ORDER BY rowid"
    rows = "SELECT user_key, position FROM search_rows ORDER BY user_key"
    return connection.execute(read).fetchall(), connection.execute(rows).fetchall()


def rebuilt(connection: sqlite3.Connection) -> tuple[list[tuple], list[tuple]]:
    """The index as it would be if it were made anew."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as copy:
        connection.backup(copy)
        copy.execute("DROP TABLE search_state")
        update_search_index(copy, creators_min=0)
        return documents(copy)


class Crawled:
    """A database that pages of creators are saved into, as a run saves them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.db = opened(path)
        self.connection: sqlite3.Connection = self.db.conn
        self.connection.execute("PRAGMA synchronous = OFF")
        self.clock = Clock(datetime(2026, 11, 1, 18, 30, tzinfo=UTC))
        self.pages = 0
        self.next_run()

    def next_run(self) -> None:
        keywords = [Keyword(text, same(text)) for text in KEYWORDS]
        with self.db.atomic():
            run_id = start_run(self.connection, "0.1.0", self.clock)
            make_worklist(
                self.connection,
                keywords,
                endpoint_id=1,
                pages_max=3,
                refresh_after=timedelta(0),
                now=self.clock,
            )
        self.store = Store(self.db, self.path, run_id, 1, self.clock)

    def save(self, keyword: int, *creators: Creator) -> None:
        """Saves a page of `creators` that the keyword of this number, from 1, has found."""
        self.pages += 1
        work = Work(keyword, KEYWORDS[keyword - 1], 1, self.pages, 10**6)
        self._apply(work, page(*creators))

    def _apply(self, work: Work, saved: Page) -> None:
        call_id = self.store.apply([open_call(work, work.page, 1)])[0]
        assert isinstance(call_id, int)
        self.store.apply([save_page(fetched(call_id, CHARGED, work, work.page, saved, 0, None, None))])

    def close(self) -> None:
        self.db.close()
