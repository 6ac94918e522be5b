"""The limit of the whole crawl: the loop, and the bare statements for the rows that a crawl writes.

Same client, same tables, same transactions, every call written down before it is sent; but no reading of
entries, no looking for what is known already, no retries, no events: values go in as they come.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from sqlite3 import Connection
from typing import Any

from crawler.model import PageRequest, Reply
from crawler.store import sql, worklist_sql
from crawler.store.database import open_database
from crawler.store.group_commit import GroupCommit
from crawler.vendor.client import Api
from crawler.vendor.search_user_v2 import SEARCH_USER_V2

MOMENT = "2026-11-25T13:40:08.036Z"
RUN_ID = 1
ENDPOINT_ID = SEARCH_USER_V2.id


@dataclass(frozen=True, slots=True)
class Call:
    """A call about to be sent."""

    keyword_id: int
    page: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call brought."""

    call_id: int
    keyword_id: int
    page: int
    users: list[dict[str, Any]]


class BareStore:
    """Writes calls and answers, each group in one transaction."""

    def __init__(self, path: Path, keywords: Sequence[str]) -> None:
        self._db = open_database(path)
        self._connection: Connection = self._db.conn
        self._connection.execute(
            "INSERT INTO runs (id, started_at, pid, host, version) VALUES (?, ?, 1, 'bench', '')",
            (RUN_ID, MOMENT),
        )
        self._connection.execute(worklist_sql.INCOMING_TABLE)
        rows = [(text, text, "bench", MOMENT) for text in keywords]
        self._connection.executemany(worklist_sql.MERGE_PLAIN_KEYWORD, rows)
        self._new_keys = count(1)
        self._keys: dict[str, int] = {}

    def apply(self, writes: Sequence[Call | Answer]) -> list[int | None]:
        """The id of each call, None for each answer, once all are durable."""
        with self._db.atomic():
            opened = [self._open(write) if isinstance(write, Call) else None for write in writes]
            self._save([write for write in writes if isinstance(write, Answer)])
        return opened

    def _open(self, call: Call) -> int | None:
        row = (RUN_ID, ENDPOINT_ID, call.keyword_id, 1, call.page, 1, None, MOMENT)
        return self._connection.execute(sql.OPEN_CALL, row).lastrowid

    def _save(self, answers: list[Answer]) -> None:
        users, sightings = [], []
        for answer in answers:
            for rank, user in enumerate(answer.users, 1):
                key = self._keys.get(user["id"])
                if key is None:
                    key = self._keys[user["id"]] = next(self._new_keys)
                    users.append(_row(key, user))
                seen = (MOMENT, answer.page, rank)
                sightings.append((ENDPOINT_ID, answer.keyword_id, key, 1, *seen, *seen))
        many = self._connection.executemany
        many(sql.INSERT_USER, users)
        many(sql.SAVE_SIGHTING, sightings)
        many(sql.SETTLE_CALL, [("charged", "0", 200, 1, None, None, MOMENT, a.call_id) for a in answers])
        many(sql.INSERT_PAGE, [_page_row(answer) for answer in answers])
        many(sql.SAVE_CHECKPOINT, [_checkpoint_row(answer) for answer in answers])


def _row(key: int, user: dict[str, Any]) -> tuple[object, ...]:
    texts = (user["sub_title"], False, False, 0, None, user["desc"], user["image"], user["link"], None)
    return (key, user["id"], user.get("red_id"), user["name"], None, *texts, RUN_ID, RUN_ID, MOMENT, MOMENT)


def _page_row(answer: Answer) -> tuple[object, ...]:
    found = len(answer.users)
    where = (ENDPOINT_ID, answer.keyword_id, 1, answer.page, answer.call_id, RUN_ID)
    return (*where, found, found, found, 0, 0, None, None, MOMENT)


def _checkpoint_row(answer: Answer) -> tuple[object, ...]:
    state = "open" if answer.users else "done"
    finished_at = None if answer.users else MOMENT
    where = (ENDPOINT_ID, answer.keyword_id, 1)
    return (*where, answer.page + 1, state, None, None, MOMENT, MOMENT, finished_at, finished_at, RUN_ID)


async def fetch_and_write(api: Api, keywords: Sequence[str], workers: int, pages_max: int, db: Path) -> int:
    """The number of pages fetched and written."""
    store = BareStore(db, keywords)
    journal: GroupCommit[Any] = GroupCommit(store.apply)
    numbered = iter(enumerate(keywords, 1))
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_worker(api, journal, numbered, pages_max)) for _ in range(workers)]
    return sum(task.result() for task in tasks)


async def _worker(
    api: Api, journal: GroupCommit[Any], numbered: Iterator[tuple[int, str]], pages_max: int
) -> int:
    pages = 0
    for keyword_id, text in numbered:
        for page in range(1, pages_max + 1):
            call_id = await journal.commit(Call(keyword_id, page))
            reply = await api.call(PageRequest(SEARCH_USER_V2.path, {"keyword": text, "page": str(page)}))
            assert isinstance(reply, Reply) and reply.code == 0, reply
            await journal.commit(Answer(call_id, keyword_id, page, reply.data["users"]))
            pages += 1
            if not reply.data["users"]:
                break
    return pages
