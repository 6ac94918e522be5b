"""What a page costs in what can be counted: statements, rows, bytes. Times are for the benchmarks."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from random import Random

import pytest

from crawler.analysis.search import update_search_index
from crawler.creator import Creator
from crawler.model import Page, Work
from crawler.store.ledger import Ledger
from crawler.store.seen_creators import SeenCreators
from tests.store.fixture import CHARGED, FOOD, OUTFITS, StoreFixture, creator
from tests.store.writes import fetched, save_page

PAGE = 20
KNOWN = 20_000
PAGES_TOGETHER = 30


def people(count: int, seed: int) -> list[Creator]:
    """Creators as a page has them: names without any order, rows of the usual size."""
    random = Random(seed)
    made = []
    for _ in range(count):
        id_, red_id = f"{random.getrandbits(96):024x}", f"{random.randrange(10**11):011d}"
        urls = {"profile_url": f"https://profile/{id_}" * 2, "image": f"https://image/{id_}" * 3}
        made.append(creator(id_, red_id, name=f"达人{red_id}", fans_text="粉丝", extra=red_id * 12, **urls))
    return made


def pages(found: list[Creator]) -> list[list[Creator]]:
    return [found[at : at + PAGE] for at in range(0, len(found), PAGE)]


@pytest.fixture
def crowd(shelf: StoreFixture) -> list[Creator]:
    """So many creators that are known from an earlier run."""
    found = people(KNOWN, seed=1)
    save(shelf, found)
    shelf.next_run()
    return found


def save(shelf: StoreFixture, found: list[Creator], work: Work = OUTFITS, first: int = 1) -> None:
    """Page after page, as many together as a busy run has."""
    numbered = list(enumerate(pages(found), first))
    for at in range(0, len(numbered), PAGES_TOGETHER):
        group = numbered[at : at + PAGES_TOGETHER]
        shelf.store.apply([save_page(shelf.page(*page, work=work, number=number)) for number, page in group])


def statements(shelf: StoreFixture, *found: Creator, number: int) -> list[str]:
    """The statements that saving a page takes, once for each row."""
    page, heard = shelf.page(*found, number=number), list[str]()
    shelf.connection.set_trace_callback(heard.append)
    shelf.store.apply([save_page(page)])
    shelf.connection.set_trace_callback(None)
    return [" ".join(statement.split()[:3]) for statement in heard if not statement.startswith("--")]


def kilobytes_a_page(shelf: StoreFixture, found: list[Creator], first: int = 1) -> float:
    """What goes into the journal for each page that another keyword brings."""
    shelf.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    save(shelf, found, FOOD, first)
    journal = shelf.path.with_name(shelf.path.name + "-wal")
    return journal.stat().st_size / len(pages(found)) / 1024


def test_a_creator_who_is_only_seen_again_is_not_written(shelf):
    found = people(PAGE, seed=2)
    first = statements(shelf, *found, number=1)
    assert first.count("INSERT INTO users") == PAGE
    shelf.next_run()
    again = statements(shelf, *found, number=2)
    assert not [statement for statement in again if "users" in statement]
    assert len(again) <= PAGE + 10


def test_a_page_of_new_creators_takes_two_rows_for_each_and_few_more(shelf):
    assert len(statements(shelf, *people(PAGE, seed=3), number=1)) <= 2 * PAGE + 11


def test_the_bytes_of_a_page_of_known_creators(shelf, crowd):
    found = Random(4).sample(crowd, 60 * PAGE)
    save(shelf, found, FOOD)
    shelf.next_run()
    assert kilobytes_a_page(shelf, found, first=61) <= 14


def test_the_bytes_of_a_page_of_which_half_is_known(shelf, crowd):
    found = [*Random(5).sample(crowd, 30 * PAGE), *people(30 * PAGE, seed=6)]
    Random(7).shuffle(found)
    assert kilobytes_a_page(shelf, found) <= 66


async def test_workers_that_are_busy_together_share_their_transactions(shelf):
    transactions = []
    ledger = Ledger(shelf.store, before_commit=lambda: transactions.append(1))

    async def worker(number: int) -> None:
        """Keyword page by page, each call written down before and its page after it."""
        for at, page in enumerate(pages(people(3 * PAGE, seed=number)), 3 * number + 1):
            call_id = await ledger.open_call(replace(OUTFITS, page=at), 1)
            found = Page(tuple(page), (), PAGE)
            await ledger.save_page(fetched(call_id, CHARGED, OUTFITS, at, found, PAGE, None))

    await asyncio.gather(*(worker(number) for number in range(64)))
    assert shelf.rows("SELECT count(*) FROM pages") == [(3 * 64,)]
    assert len(transactions) == 2 * 3


def test_a_night_that_changed_nothing_has_no_document_written(shelf):
    found = people(10 * PAGE, seed=8)
    save(shelf, found)
    assert update_search_index(shelf.connection, creators_min=1) == len(found)
    shelf.next_run()
    save(shelf, found, first=5001)
    assert update_search_index(shelf.connection, creators_min=1) == 0


def test_a_creator_is_counted_once_a_run_though_nothing_is_written(shelf):
    found = people(2, seed=9)
    shelf.save(*found)
    shelf.next_run()
    assert shelf.save(*found, number=2).creators_seen == 2
    assert shelf.save(*found, work=FOOD).creators_seen == 0


def test_who_was_seen_in_a_transaction_that_failed_is_counted_by_the_next(shelf):
    found = people(2, seed=10)
    shelf.save(*found)
    shelf.next_run()
    page = save_page(shelf.page(*found, number=2))
    shelf.connection.execute("PRAGMA query_only = ON")
    with pytest.raises(Exception, match="readonly"):
        shelf.store.apply([page])
    shelf.connection.execute("PRAGMA query_only = OFF")
    assert shelf.store.apply([page])[0].creators_seen == 2
    assert shelf.rows("SELECT users_seen FROM runs WHERE id = ?", shelf.run_id) == [(2,)]


def test_creators_seen_take_a_bit_each():
    seen = SeenCreators()
    seen.add([3, 1_000_000])
    assert [key for key in (0, 2, 3, 4, 999_999, 1_000_000, 1_000_001, 5_000_000) if key in seen] == [
        3,
        1_000_000,
    ]
    assert len(seen._bits) <= 125_001
