"""Which keywords are due, in which order, and where each goes on."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

import pytest

from crawler.analysis.status import read_status
from crawler.model import Keyword, Work
from crawler.reasons import ReasonCode
from crawler.store.transactions import Write
from crawler.store.worklist import Worklist, due_work, leave_out, make_worklist, not_asked
from crawler.summary import NotAsked
from tests.store.fixture import CAMPING, ENDPOINT_ID, FOOD, OUTFITS, StoreFixture, creator
from tests.store.writes import fail_keyword

A_DAY = timedelta(days=1)


def listed(
    shelf: StoreFixture,
    keywords: list[Keyword],
    pages_max: int = 50,
    hours: float = 20,
    *,
    worthwhile: bool = False,
) -> Worklist:
    with shelf.db.atomic():
        return make_worklist(
            shelf.connection,
            keywords,
            endpoint_id=ENDPOINT_ID,
            pages_max=pages_max,
            refresh_after=timedelta(hours=hours),
            now=shelf.now,
            worthwhile=worthwhile,
        )


def due(shelf: StoreFixture, keywords: list[Keyword], pages_max: int = 50, hours: float = 20) -> list[Work]:
    worklist = listed(shelf, keywords, pages_max, hours)
    found = list(due_work(shelf.connection))
    assert worklist.due == len(found)
    return found


def keywords(*texts: str) -> list[Keyword]:
    return [Keyword(text, text) for text in texts]


def steps(works: list[Work]) -> list[tuple[str, int, int]]:
    return [(work.text, work.generation, work.page) for work in works]


ALL = keywords("穿搭", "美食", "露营")


def test_what_was_never_crawled_is_due_in_the_order_of_the_files(shelf: StoreFixture):
    assert steps(due(shelf, ALL)) == [("穿搭", 1, 1), ("美食", 1, 1), ("露营", 1, 1)]
    assert steps(due(shelf, ALL[::-1])) == [("露营", 1, 1), ("美食", 1, 1), ("穿搭", 1, 1)]


def test_a_higher_priority_goes_first(shelf):
    some = [Keyword("a", "a", 1), Keyword("b", "b", 3), Keyword("c", "c"), Keyword("d", "d", 3)]
    assert [work.text for work in due(shelf, some)] == ["b", "d", "a", "c"]


def test_unfinished_goes_before_never_crawled_before_stale_and_failed_the_longest_ago_first(shelf):
    stale = [Keyword(f"stale-{number}", f"stale-{number}", number) for number in (1, 2, 3)]
    old = [*keywords("failed-at-once", "failed-later", "unfinished"), *stale]
    works = {work.text: work for work in due(shelf, old)}

    def a_second_later(*writes: Write) -> None:
        shelf.moment += timedelta(seconds=1)
        shelf.store.apply(writes)

    for text in ("stale-2", "stale-1"):
        shelf.moment += timedelta(seconds=1)
        shelf.save(work=works[text], stop=ReasonCode.EMPTY_PAGE)
    shelf.save(creator("a"), work=works["failed-later"])
    shelf.save(creator("a"), work=works["unfinished"])
    a_second_later(fail_keyword(works["failed-later"], 2, ReasonCode.COLLECTION_FAILED))
    shelf.moment += timedelta(seconds=1)
    shelf.save(work=works["stale-3"], stop=ReasonCode.EMPTY_PAGE)
    a_second_later(fail_keyword(works["failed-at-once"], 1, ReasonCode.COLLECTION_FAILED))
    shelf.moment += A_DAY
    order = due(shelf, [*old, Keyword("new-low", "new-low"), Keyword("new-high", "new-high", 9)])
    assert steps(order) == [
        ("unfinished", 1, 2),
        ("new-high", 1, 1),
        ("new-low", 1, 1),
        ("stale-2", 2, 1),  # whatever their priority
        ("stale-1", 2, 1),
        ("failed-later", 1, 2),
        ("stale-3", 2, 1),
        ("failed-at-once", 1, 1),
    ]


def test_an_unfinished_keyword_goes_on_at_its_next_page_in_the_same_crawl(shelf):
    shelf.save(creator("a"))
    shelf.save(creator("b"), number=2)
    assert steps(due(shelf, keywords("穿搭"))) == [("穿搭", 1, 3)]


def test_a_failed_keyword_is_due_again_at_the_page_it_failed_at(shelf):
    shelf.save(creator("a"))
    shelf.store.apply([fail_keyword(OUTFITS, 2, ReasonCode.COLLECTION_FAILED)])
    assert steps(due(shelf, keywords("穿搭"))) == [("穿搭", 1, 2)]


@pytest.mark.parametrize(("hours", "is_due"), [(0, False), (19.9, False), (20.1, True), (300, True)])
def test_a_finished_keyword_is_due_again_after_the_span(shelf, hours, is_due):
    shelf.save(stop=ReasonCode.EMPTY_PAGE)
    shelf.moment += timedelta(hours=hours)
    assert steps(due(shelf, keywords("穿搭"))) == ([("穿搭", 2, 1)] if is_due else [])


def test_without_a_span_everything_is_due_always(shelf):
    shelf.save(stop=ReasonCode.EMPTY_PAGE)
    assert steps(due(shelf, keywords("穿搭"), hours=0)) == [("穿搭", 2, 1)]


def test_a_keyword_whose_second_crawl_failed_goes_on_in_it(shelf):
    shelf.save(stop=ReasonCode.EMPTY_PAGE)
    shelf.moment += A_DAY
    (work,) = due(shelf, keywords("穿搭"))
    shelf.store.apply([fail_keyword(work, 1, ReasonCode.COLLECTION_FAILED)])
    assert steps(due(shelf, keywords("穿搭"))) == [("穿搭", 2, 1)]


def test_a_raised_page_limit_goes_on_where_the_lower_one_stopped(shelf):
    shelf.save(creator("a"))
    shelf.save(creator("b"), number=2, stop=ReasonCode.PAGE_LIMIT)
    assert due(shelf, keywords("穿搭"), pages_max=2) == []
    assert steps(due(shelf, keywords("穿搭"), pages_max=3)) == [("穿搭", 1, 3)]


def test_a_raised_page_limit_asks_for_nothing_where_the_keyword_had_ended(shelf):
    shelf.save(creator("a"), stop=ReasonCode.NOTHING_NEW)
    assert due(shelf, keywords("穿搭"), pages_max=99) == []


def test_a_stale_keyword_starts_afresh_under_a_raised_limit(shelf):
    shelf.save(creator("a"), stop=ReasonCode.PAGE_LIMIT)
    shelf.moment += A_DAY
    assert steps(due(shelf, keywords("穿搭"), pages_max=9)) == [("穿搭", 2, 1)]


def test_a_keyword_that_has_passed_a_lowered_limit_asks_for_no_more(shelf):
    shelf.save(creator("a"))
    shelf.save(creator("b"), number=2)
    assert due(shelf, keywords("穿搭"), pages_max=2) == []


@pytest.mark.parametrize("hours", [1, 30])
@pytest.mark.parametrize("pages_max", [1, 2, 3, 50])
@pytest.mark.parametrize("worthwhile", [False, True])
def test_status_tells_what_a_run_would_do(shelf, hours, pages_max, worthwhile):
    for number in (1, 2):
        shelf.save(creator("a"), number=number)
    shelf.save(creator("a"), work=FOOD)
    shelf.store.apply([fail_keyword(FOOD, 2, ReasonCode.COLLECTION_FAILED)])
    shelf.save(creator("b"), work=CAMPING, stop=ReasonCode.PAGE_LIMIT)
    shelf.moment += timedelta(hours=hours)
    listed(shelf, [*ALL, Keyword("new", "new")], pages_max, worthwhile=worthwhile)
    works = {work.text: work for work in due_work(shelf.connection)}
    shelf.connection.row_factory = sqlite3.Row
    told = read_status(
        shelf.connection,
        endpoint_id=ENDPOINT_ID,
        refresh_after=timedelta(hours=20),
        now=shelf.now,
        pages_max=pages_max,
        worthwhile=worthwhile,
    )
    assert told.keywords.due == len(works)
    for keyword in (*told.unfinished, *told.failed):
        assert keyword.due == (keyword.text in works)
        assert not keyword.due or keyword.page == works[keyword.text].page


def test_status_says_that_an_interrupted_refresh_beyond_the_page_limit_begins_anew(shelf):
    shelf.save(creator("a"))
    shelf.save(creator("b"), number=2)
    shelf.connection.row_factory = sqlite3.Row

    def told(hours: float) -> list[tuple[int, bool]]:
        status = read_status(
            shelf.connection,
            endpoint_id=ENDPOINT_ID,
            refresh_after=timedelta(hours=hours),
            now=lambda: shelf.moment + timedelta(hours=1),
            pages_max=2,
        )
        return [(keyword.page, keyword.due) for keyword in status.unfinished]

    assert told(hours=20) == [(3, False)]
    assert told(hours=0.5) == [(1, True)]


def test_a_keyword_brings_its_own_limit(shelf):
    some = [Keyword("穿搭", "穿搭", pages_max=3), Keyword("美食", "美食")]
    assert [work.pages_max for work in due(shelf, some, pages_max=7)] == [3, 7]


def test_duplicates_are_crawled_once_and_counted(shelf):
    some = [Keyword("Camping", "camping"), Keyword("CAMPING ", "camping"), Keyword("x", "x")]
    assert listed(shelf, some) == Worklist(listed=2, repeated=1, due=2)
    assert [work.text for work in due(shelf, some)] == ["Camping", "x"]


def test_no_keywords_are_no_work(shelf):
    assert listed(shelf, []) == Worklist(0, 0, 0)


def test_a_keyword_that_no_file_names_any_more_rests(shelf):
    shelf.save(creator("a"), work=FOOD)
    assert [work.text for work in due(shelf, keywords("露营"))] == ["露营"]


def test_what_a_file_says_of_a_keyword_is_kept_and_brought_up_to_date(shelf):
    listed(shelf, [Keyword("Brunch", "brunch", 1, 5, ("吃", "b"), "a.csv:2")])
    listed(shelf, [Keyword("brunch", "brunch", 2, None, (), "b.txt:1")])
    found = shelf.rows(
        "SELECT text, priority, pages_max, tags, source FROM keywords WHERE identity = 'brunch'"
    )
    assert found == [("brunch", 2, None, "[]", "b.txt:1")]
    assert shelf.rows("SELECT first_seen_at FROM keywords WHERE identity = 'brunch'") == [
        ("2026-11-01T18:00:00.000Z",)
    ]


def test_work_is_handed_out_while_pages_are_saved(shelf):
    many = keywords(*(f"k{number}" for number in range(1200)))
    listed(shelf, many)
    handed = []
    for work in due_work(shelf.connection):
        handed.append(work.text)
        if len(handed) % 100 == 0:
            shelf.save(work=work, stop=ReasonCode.EMPTY_PAGE)
    assert handed == [keyword.text for keyword in many]


def test_the_work_of_one_run_is_not_changed_by_what_it_saves(shelf):
    listed(shelf, ALL)
    works = due_work(shelf.connection)
    assert next(works).text == OUTFITS.text
    shelf.save(creator("a"), work=CAMPING)
    assert steps(list(works)) == [("美食", 1, 1), ("露营", 1, 1)]


def test_the_order_of_the_files_holds_for_keywords_of_every_kind_new_known_and_repeated(shelf):
    plain = keywords("滑雪", "钓鱼", "骑行")
    special = [Keyword("OOTD滑雪", "ootd滑雪"), Keyword("亲子", "亲子", tags=("家庭",))]
    mixed = [plain[0], special[0], plain[1], special[1], plain[0], plain[2]]
    found = due(shelf, mixed)
    assert [work.text for work in found] == ["滑雪", "OOTD滑雪", "钓鱼", "亲子", "骑行"]
    assert [work.keyword_id for work in found] == sorted(work.keyword_id for work in found)

    more = [Keyword("OOTD", "ootd"), *mixed[::-1], *keywords("咖啡")]
    texts = [work.text for work in due(shelf, more)]
    assert texts == ["OOTD", "骑行", "滑雪", "亲子", "钓鱼", "OOTD滑雪", "咖啡"]


def test_thousands_of_keywords_keep_their_order_and_count_once(shelf):
    texts = [f"词{number}" for number in range(12_000)]
    again = [*texts[:7000], *texts[3000:], *texts[:10]]
    found = due(shelf, keywords(*again))
    assert [work.text for work in found] == texts
    assert [work.keyword_id for work in found] == sorted(work.keyword_id for work in found)


def read_files(shelf, *keywords):
    """What a run that reads these (text, source) lines takes up and what the database then has as retired."""
    worklist = make_worklist(
        shelf.connection,
        [Keyword(text, text, source=source) for text, source in keywords],
        endpoint_id=ENDPOINT_ID,
        pages_max=50,
        refresh_after=timedelta(0),
        now=lambda: shelf.moment,
    )
    retired = shelf.rows("SELECT text FROM keywords WHERE retired_at IS NOT NULL AND source <> ''")
    return worklist.due, [text for (text,) in retired]


def test_a_keyword_that_its_file_no_longer_lists_is_retired_and_comes_back_when_it_is_listed_again(shelf):
    both = [("咖啡", "a.txt:1"), ("茶", "a.txt:2")]
    assert read_files(shelf, *both) == (2, [])
    assert read_files(shelf, both[0]) == (1, ["茶"])
    assert read_files(shelf, *both) == (2, [])


def test_a_keyword_of_a_file_that_this_run_does_not_read_stays(shelf, tmp_path):
    (tmp_path / "b.txt").touch()
    read_files(shelf, ("咖啡", "a.txt:1"), ("茶", f"{tmp_path}/b.txt:1"))
    assert read_files(shelf, ("咖啡", "a.txt:1")) == (1, [])


def test_the_keywords_of_a_deleted_file_are_retired(shelf, tmp_path):
    file = tmp_path / "b.txt"
    file.touch()
    read_files(shelf, ("咖啡", "a.txt:1"), ("茶", f"{file}:1"))
    assert read_files(shelf, ("咖啡", "a.txt:1")) == (1, [])
    file.unlink()
    assert read_files(shelf, ("咖啡", "a.txt:1")) == (1, ["茶"])


def test_a_keyword_that_moved_to_another_file_is_not_retired(shelf):
    read_files(shelf, ("咖啡", "a.txt:1"), ("茶", "a.txt:2"))
    assert read_files(shelf, ("咖啡", "a.txt:1"), ("茶", "b.txt:1")) == (2, [])


def test_a_keyword_is_due_again_after_its_own_time(shelf):
    weekly = Keyword("穿搭", "穿搭", refresh_after=timedelta(days=7))
    for work in due(shelf, [weekly, *keywords("美食")]):
        shelf.save(creator("a"), work=work, stop=ReasonCode.EMPTY_PAGE)
    shelf.moment += 2 * A_DAY
    assert steps(due(shelf, [weekly, *keywords("美食")])) == [("美食", 2, 1)]
    shelf.moment += 5 * A_DAY
    assert ("穿搭", 2, 1) in steps(due(shelf, [weekly, *keywords("美食")]))
    shelf.moment -= 5 * A_DAY  # what a file no longer says counts no more
    assert ("穿搭", 2, 1) in steps(due(shelf, keywords("穿搭", "美食")))


def whole(shelf: StoreFixture, texts: list[Keyword]) -> dict[str, bool]:
    listed(shelf, texts, worthwhile=True)
    return {work.text: work.whole for work in due_work(shelf.connection)}


def test_a_keyword_is_read_whole_first_and_again_after_five_to_ten_days_of_its_own(shelf):
    many = keywords(*map(str, range(60)))
    assert set(whole(shelf, many).values()) == {True}
    for work in due_work(shelf.connection):
        shelf.save(creator("a"), work=work, stop=ReasonCode.EMPTY_PAGE)
    share = []
    for _day in range(11):
        shelf.moment += A_DAY
        share.append(sum(whole(shelf, many).values()))
    assert share[3] == 0 < share[6] < share[8] < share[10] == 60
    assert share == sorted(share)


def test_what_was_never_read_to_its_end_is_read_whole(shelf):
    (work,) = due(shelf, ALL[:1])
    shelf.save(creator("a"), work=work)
    assert whole(shelf, ALL[:1]) == {"穿搭": True}
    # A keyword that an answer seemed to end, and that failed by it afterwards, was not complete.
    shelf.save(work=work, number=2, stop=ReasonCode.EMPTY_PAGE)
    shelf.store.apply([fail_keyword(work, 2, ReasonCode.NO_CREATORS)])
    assert whole(shelf, ALL[:1]) == {"穿搭": True}


def left_at_the_first_page(shelf: StoreFixture) -> None:
    """A keyword of two pages that was complete, and whose refresh stopped after the first one."""
    (work,) = due(shelf, ALL[:1])
    shelf.save(creator("a"), work=work)
    shelf.save(creator("b"), work=work, number=2, stop=ReasonCode.NO_MORE)
    shelf.moment += A_DAY
    listed(shelf, ALL[:1], worthwhile=True)
    (again,) = due_work(shelf.connection)
    assert (again.generation, again.whole) == (2, False)
    shelf.save(creator("a"), work=again, stop=ReasonCode.NOT_WORTHWHILE)


def test_what_a_refresh_left_unread_is_gone_on_with_by_a_run_that_reads_all(shelf):
    left_at_the_first_page(shelf)
    assert whole(shelf, ALL[:1]) == {}
    assert steps(due(shelf, ALL[:1])) == [("穿搭", 2, 2)]
    shelf.moment += A_DAY  # by then its first page is stale as well
    assert steps(due(shelf, ALL[:1])) == [("穿搭", 3, 1)]


def test_a_refresh_that_stopped_leaves_the_time_of_the_last_complete_reading(shelf):
    left_at_the_first_page(shelf)
    row = "SELECT state, stop_reason, complete_at < started_at, finished_at > complete_at FROM checkpoints"
    assert list(shelf.connection.execute(row)) == [("done", "not_worthwhile", 1, 1)]


def test_a_page_that_brings_too_little_ends_its_keyword_in_its_own_transaction(shelf):
    (work,) = due(shelf, ALL[:1])
    saved = shelf.save(creator("a"), creator("b"), work=work, new_needed=3)
    assert saved.end is ReasonCode.NOT_WORTHWHILE
    assert list(shelf.connection.execute("SELECT next_page, state FROM checkpoints")) == [(2, "done")]


def test_a_page_that_brings_enough_leaves_its_keyword_open(shelf):
    (work,) = due(shelf, ALL[:1])
    assert shelf.save(creator("a"), creator("b"), work=work, new_needed=2).end is None
    assert list(shelf.connection.execute("SELECT next_page, state FROM checkpoints")) == [(2, "open")]


def test_what_is_not_asked_is_noted_until_the_next_run_over_its_keywords(shelf):
    works = {work.text: work.keyword_id for work in due(shelf, ALL)}
    with shelf.db.atomic():
        worklist = leave_out(
            shelf.connection,
            listed(shelf, ALL),
            {works["美食"]: 0.25},
            endpoint_id=ENDPOINT_ID,
            run_id=1,
            stop_below=0.5,
        )
    assert worklist.due == 2
    assert [work.text for work in due_work(shelf.connection)] == ["穿搭", "露营"]
    assert not_asked(shelf.connection, 1) == (NotAsked("美食", 0.25),)
    for some, left in ((ALL[:1], 1), (ALL, 0)):
        leave_out(
            shelf.connection, listed(shelf, some), {}, endpoint_id=ENDPOINT_ID, run_id=1, stop_below=0.0
        )
        assert len(not_asked(shelf.connection, 1)) == left


def lines(*texts: str, file: str = "a.txt", first: int = 1) -> list[Keyword]:
    return [Keyword(text, text, source=f"{file}:{line}") for line, text in enumerate(texts, first)]


def test_a_list_that_is_known_is_read_by_its_portions_and_nothing_of_it_is_written(shelf):
    many = lines(*(f"词{number}" for number in range(12_000)))
    listed(shelf, many)
    statements: list[str] = []
    shelf.connection.set_trace_callback(statements.append)
    assert listed(shelf, many) == Worklist(listed=12_000, repeated=0, due=12_000)
    shelf.connection.set_trace_callback(None)
    assert not [each for each in statements if "INTO keywords" in each]
    assert len(statements) < 30


@pytest.mark.parametrize(
    "then",
    [
        lines("穿搭", "美食", "露营", "咖啡"),
        lines("咖啡", "穿搭", "美食", "露营"),
        lines("露营", "美食", "穿搭"),
        lines("穿搭", "美食", "穿搭", "露营"),
        lines("穿搭", "美食", "露营", first=7),
        lines("穿搭", "美食", "露营", file="b.txt"),
        [*lines("穿搭"), Keyword("美食", "美食", 3, 4, ("吃",), "a.txt:2"), *lines("露营", first=3)],
        [*lines("穿搭"), *lines("美食", first=3), *lines("露营", first=2)],
        [*lines("穿搭", first=9**20), *lines("美食", file="a.txt：", first=2)],
        [*lines("穿搭"), Keyword("美食", "美食", source="a.txt:2", refresh_after=timedelta(0))],
    ],
)
def test_a_list_that_has_changed_is_taken_up_as_one_by_one(open_shelf, then):
    options = "priority, pages_max, tags, refresh_after_seconds, source"
    table = f"SELECT identity, text, {options} FROM keywords ORDER BY identity"
    together, apart = open_shelf(), open_shelf()
    for some in (lines("穿搭", "美食", "露营"), then):
        steps_together = steps(due(together, some))
    for some in (lines("穿搭", "美食", "露营"), then):
        # A line that gives the first one again, with an option, has every keyword looked at by itself.
        extra = Keyword(some[0].text, some[0].identity, priority=1)
        steps_apart = steps(due(apart, [*some, extra]))
    assert steps_together == steps_apart
    assert together.rows(table) == apart.rows(table)


def test_lines_that_are_plain_again_have_no_time_of_their_own_any_more(shelf):
    weekly = [keyword._replace(refresh_after=timedelta(days=7)) for keyword in lines("穿搭", "美食")]
    times = "SELECT refresh_after_seconds FROM keywords WHERE source LIKE 'a.txt:%'"
    for some, expected in ((weekly, 7 * 86400.0), (lines("穿搭", "美食"), None)):
        listed(shelf, some)
        assert set(shelf.rows(times)) == {(expected,)}
