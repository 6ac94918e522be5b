"""What saving a page, settling a call and failing a keyword write down."""

from __future__ import annotations

import pytest

from crawler.model import Charge, Reject, Settlement
from crawler.reasons import Reason, ReasonCode
from crawler.store.reply_compression import unpack
from crawler.store.runs import count_calls
from crawler.summary import CallCounts
from tests.store.fixture import FOOD, OUTFITS, StoreFixture, creator
from tests.store.writes import drop_call, fail_keyword, open_call, save_page, settle_call

SIGHTINGS = """
SELECT users.id, generation, sightings.first_seen_at, first_page, first_rank,
       sightings.last_seen_at, last_page, last_rank
  FROM sightings
  JOIN users ON key = user_key
 ORDER BY users.id
"""
CHECKPOINTS = (
    "SELECT keyword_id, generation, next_page, state, stop_reason, finished_at, run_id FROM checkpoints"
)
ENDS = (
    ReasonCode.EMPTY_PAGE, ReasonCode.NO_CONTENT, ReasonCode.NO_MORE, ReasonCode.NOTHING_NEW,
    ReasonCode.PAGE_LIMIT,
)  # fmt: skip
NULL = Reason(ReasonCode.ENTRY_NOT_OBJECT, {"kind": "null"})
AGAIN = type(OUTFITS)(OUTFITS.keyword_id, OUTFITS.text, 2, 1, 50)
"""The same keyword, started afresh."""

FIRST, SECOND, THIRD = (f"2026-11-01T18:00:0{second}.000Z" for second in (1, 2, 3))


def test_a_sighting_keeps_the_first_and_the_last_page_and_rank(shelf: StoreFixture):
    shelf.save(creator("x"), creator("a"))
    shelf.save(creator("a"), number=2)
    shelf.save(creator("x"), creator("y"), creator("a"), work=AGAIN)
    assert shelf.rows(SIGHTINGS)[0] == ("a", 2, FIRST, 1, 2, THIRD, 1, 3)


def test_a_creator_twice_on_a_page_has_the_first_rank(shelf):
    shelf.save(creator("a"), creator("b"), creator("a"))
    assert [row[4] for row in shelf.rows(SIGHTINGS)] == [1, 2]


def test_a_checkpoint_says_which_page_is_next(shelf):
    shelf.save(creator("a"))
    shelf.save(creator("b"), number=2)
    assert shelf.rows(CHECKPOINTS) == [(1, 1, 3, "open", None, None, 1)]


@pytest.mark.parametrize("stop", ENDS)
def test_a_keyword_that_ends_says_why_and_when(shelf, stop):
    shelf.save(creator("a"), stop=stop)
    assert shelf.rows(CHECKPOINTS) == [(1, 1, 2, "done", stop.value, FIRST, 1)]
    assert shelf.rows("SELECT keywords_done FROM runs") == [(1,)]


def test_a_keyword_that_fails_stays_at_its_page_and_says_why(shelf):
    shelf.save(creator("a"))
    shelf.store.apply([fail_keyword(OUTFITS, 2, ReasonCode.COLLECTION_FAILED)])
    assert shelf.rows(CHECKPOINTS) == [(1, 1, 2, "failed", "collection_failed", None, 1)]


def test_a_keyword_that_fails_in_its_second_crawl_remembers_when_it_was_finished(shelf):
    shelf.save(stop=ReasonCode.EMPTY_PAGE)
    shelf.next_run()
    shelf.store.apply([fail_keyword(AGAIN, 1, ReasonCode.BAD_PARAMETER)])
    assert shelf.rows(CHECKPOINTS) == [(1, 2, 1, "failed", "bad_parameter", FIRST, 2)]


def test_the_beginning_of_a_crawl_is_kept_through_its_pages_and_not_beyond(shelf):
    shelf.save(creator("a"))
    shelf.save(creator("b"), number=2)
    assert shelf.rows("SELECT started_at, updated_at FROM checkpoints") == [(FIRST, SECOND)]
    shelf.save(creator("a"), work=AGAIN)
    assert shelf.rows("SELECT started_at, updated_at FROM checkpoints") == [(THIRD, THIRD)]


def test_a_call_is_written_down_as_unknown_before_it_is_sent(shelf):
    shelf.call(FOOD, page=3, attempt=2)
    assert shelf.rows(
        "SELECT run_id, endpoint_id, keyword_id, generation, page, attempt, charge, sent_at, settled_at"
        " FROM calls"
    ) == [(1, 1, 2, 1, 3, 2, "unknown", "2026-11-01T18:00:00.000Z", None)]


def test_a_call_is_settled_with_its_page(shelf):
    shelf.save(creator("a"))
    assert shelf.rows("SELECT charge, code, http_status, milliseconds, error, settled_at FROM calls") == [
        ("charged", "0", 200, 1800, None, FIRST)
    ]
    assert shelf.rows("SELECT call_id, page, entries, users_new FROM pages") == [(1, 1, 1, 1)]


@pytest.mark.parametrize("charge", Charge)
def test_a_call_without_a_page_is_settled_with_what_came(shelf, charge):
    settlement = Settlement(
        charge, "301", 503, 7000, Reason(ReasonCode.COLLECTION_FAILED, {"api_code": "301"})
    )
    assert shelf.store.apply([settle_call(shelf.call(), settlement, OUTFITS, 1)]) == [None]
    assert shelf.rows("SELECT charge, code, http_status, milliseconds, error FROM calls") == [
        (charge.value, "301", 503, 7000, "collection_failed")
    ]
    assert shelf.rows("SELECT count(*) FROM checkpoints") == [(0,)]


def test_an_answer_that_nobody_understood_is_kept_among_the_rejects(shelf):
    settlement = Settlement(
        Charge.UNKNOWN, "777", 200, 5, Reason(ReasonCode.UNDOCUMENTED_CODE, {"api_code": "777"})
    )
    shelf.store.apply([settle_call(shelf.call(FOOD, 4), settlement, FOOD, 4, b'{"code": 777, "x": "\xff"}')])
    assert shelf.rows("SELECT keyword_id, call_id, page, rank, reason, entry FROM rejects") == [
        (2, 1, 4, 0, "not_understood", '{"code": 777, "x": "�"}')
    ]


def test_a_call_that_was_never_sent_leaves_no_trace(shelf):
    kept, dropped = shelf.call(), shelf.call(page=2)
    shelf.store.apply([drop_call(dropped)])
    assert shelf.rows("SELECT id FROM calls") == [(kept,)]


def test_a_settled_call_cannot_be_dropped(shelf):
    page = shelf.page(creator("a"))
    shelf.store.apply([save_page(page)])
    shelf.store.apply([drop_call(page.call_id)])
    assert shelf.rows("SELECT charge FROM calls") == [("charged",)]


def test_calls_are_counted_by_charge(shelf):
    shelf.save(creator("a"))
    shelf.store.apply([settle_call(shelf.call(), Settlement(Charge.FREE, "302", 429, 9), OUTFITS, 2)])
    shelf.call()
    assert count_calls(shelf.connection, shelf.run_id) == CallCounts(sent=3, charged=1, free=1, unknown=1)


def test_rejected_entries_are_kept_as_they_came(shelf):
    shelf.save(creator("a"), rejects=[Reject(2, NULL, "null")])
    assert shelf.rows("SELECT run_id, keyword_id, call_id, page, rank, reason, entry FROM rejects") == [
        (1, 1, 1, 1, 2, "entry_not_object", "null")
    ]
    assert shelf.rows("SELECT entries, rejected FROM pages") == [(2, 1)]


def test_a_raw_reply_is_kept_where_it_is_given(shelf):
    body = '{"code": 0, "名": "穿搭"}'.encode() * 20
    shelf.save(creator("a"), body=body)
    shelf.save(creator("b"), number=2)
    ((page_id, packed),) = shelf.rows("SELECT page_id, body FROM replies")
    assert page_id == 1
    assert unpack(packed) == body
    assert len(packed) < len(body) / 2


def test_entries_that_need_no_sighting_of_their_own_are_counted(shelf):
    shelf.save(creator("a"), creator(None, "1"), creator(None, "2"))
    assert shelf.rows("SELECT entries, unsighted FROM pages") == [(3, 2)]


def test_answers_come_in_the_order_of_the_writes(shelf):
    page = shelf.page(creator("a"))
    dropped = shelf.call(FOOD)
    first, saved, nothing, second = shelf.store.apply(
        [open_call(OUTFITS, 2, 1), save_page(page), drop_call(dropped), open_call(FOOD, 1, 1)]
    )
    assert (first, saved.creators_new, nothing) == (3, 1, None)
    assert second == 4


def test_what_a_crawl_of_a_keyword_has_met_is_known_after_a_restart(shelf):
    shelf.save(creator("a"), creator(None, "1"))
    shelf.save(creator("z"), work=FOOD)
    shelf.next_run()
    assert shelf.store.creators_seen(OUTFITS) == {"a", "red_id:1"}
    assert shelf.store.creators_seen(AGAIN) == set()


def test_the_counters_of_a_run_add_up_over_its_pages(shelf):
    shelf.save(creator("a", name="x"), creator("b"))
    shelf.save(creator("a", name="y"), creator("c"), number=2)
    assert shelf.rows("SELECT users_new, users_changed, users_seen FROM runs") == [(3, 1, 3)]
