"""A database of any number of creators, made by the store's own statements without a network.

One night has found them all, about four of five entries of a page new and the rest met before; the search
index is there, as after a run. `crawler verify` finds nothing amiss.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from random import Random
from statistics import mean

from sqlite_utils import Database

from crawler.analysis.search import update_search_index
from crawler.clock import utc_now
from crawler.keywords import identity
from crawler.model import Charge, FetchedPage, Keyword, Settlement, Work
from crawler.reasons import Reason, ReasonCode
from crawler.settings.service_address import service_of
from crawler.store import runs
from crawler.store.database import open_database
from crawler.store.transactions import Store, Transaction, Write
from crawler.store.worklist import due_work, make_worklist
from crawler.summary import KeywordCounts, RunSummary
from crawler.vendor.search_user_v2 import SEARCH_USER_V2
from tests.bench.growth.world import PAGES, Page, page
from tests.bench.words import keyword_texts

NEW = range(12, 21)  # of the entries of a page
BATCH = 400  # pages of one transaction
LOOPBACK = "http://127.0.0.1:1"
CHARGED = Settlement(Charge.CHARGED, "0", 200, 900)
IN_A_HURRY = ("synchronous = OFF", "journal_mode = MEMORY", "cache_size = -2000000", "foreign_keys = OFF")


def build(db: Path, creators: int) -> None:
    """Makes the database at `db`, which appears when it is whole."""
    begun = time.monotonic()
    made = db.with_suffix(".making")
    for leftover in (made, *(Path(f"{made}{ending}") for ending in ("-wal", "-shm", "-journal"))):
        leftover.unlink(missing_ok=True)
    with closing(open_database(made)) as database:
        for pragma in IN_A_HURRY:
            database.conn.execute(f"PRAGMA {pragma}")
        _crawl(database, made, creators)
        update_search_index(database.conn, creators_min=1)
        database.conn.execute("PRAGMA journal_mode = WAL")
    made.rename(db)
    sys.stderr.write(f"{db}: built in {time.monotonic() - begun:.0f} s\n")


def _crawl(database: Database, path: Path, creators: int) -> None:
    keywords = (
        Keyword(text, identity(text), source="made")
        for text in keyword_texts(-(-creators // (round(mean(NEW)) * PAGES)))
    )
    with database.atomic():
        runs.claim_service(database.conn, service_of(LOOPBACK))
        run_id = runs.start_run(database.conn, version("creator-crawler"), utc_now)
        worklist = make_worklist(
            database.conn,
            keywords,
            endpoint_id=SEARCH_USER_V2.id,
            pages_max=PAGES,
            refresh_after=timedelta(days=1),
            now=utc_now,
        )
    store = Store(database, path, run_id, SEARCH_USER_V2.id, utc_now)
    pages = _pages(due_work(database.conn), creators)
    while batch := list(islice(pages, BATCH)):
        store.apply(batch)
    summary = RunSummary(
        Reason(ReasonCode.ALL_DONE),
        KeywordCounts(worklist.due, worklist.due),
        runs.count_calls(database.conn, run_id),
        runs.count_creators(database.conn, run_id),
        60.0,
        str(path),
    )
    with database.atomic():
        runs.end_run(database.conn, run_id, summary, 0, utc_now)


def _pages(due: Iterator[Work], creators: int) -> Iterator[Write]:
    """What the keywords' pages write, with so many creators among them, or nearly."""
    random, made = Random(7), 0
    for work in due:
        met: set[str] = set()
        for number in range(1, PAGES + 1):
            fresh = range(made, min(made + random.choice(NEW), creators))
            data = page(random, made, fresh, 0, last=number == PAGES)
            yield _write(replace(work, page=number), data, met)
            made = fresh.stop


def _write(work: Work, data: Page, met: set[str]) -> Write:
    read = SEARCH_USER_V2.read_page(data)
    new = {creator.identity for creator in read.creators} - met
    met |= new
    end = None if data["has_more"] else ReasonCode.NO_MORE

    def carry_out(transaction: Transaction) -> None:
        call_id = transaction.open_call(work, 1)
        transaction.save_page(FetchedPage(call_id, CHARGED, work, read, len(new), end))

    return Write(carry_out, read.creators)
