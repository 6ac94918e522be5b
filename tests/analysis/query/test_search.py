from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.analysis.filters import Filters
from crawler.analysis.search import update_search_index
from crawler.analysis.search.matching import fold
from crawler.errors import InputError
from tests.analysis.query.searching import EVERYBODY, Crawled, expected, found, same
from tests.filled import creator


@pytest.fixture(params=["scan", "index"])
def names(request, db, crawler):
    """The names that a search over the three nights finds, with an index and without."""
    if request.param == "index":
        with closing(sqlite3.connect(db, isolation_level=None)) as connection:
            assert update_search_index(connection, creators_min=1) == 40

    def search(*arguments: str) -> list[str]:
        result = crawler("search", "--db", db, "--json", *arguments)
        assert result.exception is None, result.exception
        return [row["name"] for row in json.loads(result.stdout)]

    return search


def test_one_and_two_chinese_characters_are_enough(names):
    assert names("鹿", "--limit", "3") == ["小鹿手帐", "小鹿的衣橱", "小鹿穿搭日记"]
    assert names("手帐") == ["南瓜手帐", "一只手帐", "Luna手帐", "大熊手帐", "阿May手帐", "小鹿手帐"]


def test_a_mixed_word_is_found_as_it_is_written(names):
    assert names("amy穿搭") == ["amy穿搭"]
    assert names("May穿") == ["阿May穿搭日记"]


def test_case_and_width_make_no_difference(names):
    assert names("ＡＭＹ穿搭") == ["amy穿搭"]
    assert names("LUNA手帐") == ["Luna手帐"]


def test_all_words_must_be_found_each_of_them_anywhere(names):
    assert names("luna", "衣橱") == ["Luna的衣橱"]
    assert names("露营 手帐") == ["Luna手帐", "大熊手帐"]
    assert names("luna 没有这个词") == []


def test_an_exact_name_comes_first_then_names_that_begin_so_then_the_rest(names):
    assert names("新")[:2] == ["新人穿搭", "新露营"]
    assert names("穿搭")[0] == "amy穿搭"  # among equals, whom most follow


def test_a_red_id_is_found_whole_or_by_its_beginning(names):
    assert names("0012") == ['=HYPERLINK("http://evil.example","点我")']
    assert names("26814156493") == ["没有粉丝数"]
    assert names("2681") == ["没有粉丝数"]
    assert names("4M1RR22") == ["amy穿搭"]
    assert names("268") == []


def test_keyword_and_bio_are_searched_too(names):
    assert set(names("亲子")) == {"👩‍👧 宝妈🍼", "<script>alert(1)</script>"}
    assert names("上海") == ["amy穿搭"]


@pytest.mark.parametrize(
    "text", ['"', "'", "*", "^", "NEAR(", "a OR b", "name:", "(", "\\", "%", "_", "-", "{}"]
)
def test_what_means_something_to_a_search_engine_is_only_text(text, names):
    assert isinstance(names(text), list)


def test_hostile_names_are_found_by_their_own_letters(names):
    assert names("<script>") == ["<script>alert(1)</script>"]
    assert names("=hyperlink(") == ['=HYPERLINK("http://evil.example","点我")']
    assert names("100%_real") == ["red\x1b[31m alert\x07"]


def test_filters_choose_among_the_creators_found(names):
    assert names("穿搭", "--verified") == ["amy穿搭", "新人穿搭", "小鹿的衣橱"]
    assert names("穿搭", "--keyword", "露营 camping", "--min-fans", "1000000") == ["amy穿搭"]
    assert names("穿搭", "--since", "2026-11-04") == ["新人穿搭"]
    assert names("穿搭", "--max-fans", "500") == names("穿搭", "--max-fans", "500", "--unverified")


def test_twenty_are_shown_where_no_limit_is_given(names, crawler, db):
    assert len(names("穿搭")) == 20
    assert len(names("穿搭", "--limit", "100")) > 20
    assert "the best 20" in crawler("search", "穿搭", "--db", db).stderr


def test_a_search_for_nobody_says_so_and_ends_well(crawler):
    result = crawler("search", "没有这样的人")
    assert result.exit_code == 0
    assert "no creator found" in result.stderr


@pytest.mark.parametrize("text", ["", "  ", "\u200b"])
def test_a_search_for_nothing_is_refused(text, crawler):
    assert isinstance(crawler("search", text).exception, InputError)


def test_a_search_with_too_many_words_is_refused(crawler):
    assert "at most 16 words" in str(crawler("search", *map(str, range(17))).exception)


@given(st.text())
def test_folding_a_folded_text_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet="aA ｱ穿İßﬀ①\t\u3000"))
def test_folding_agrees_with_the_plain_way(text):
    assert fold(text) == same(text)


def test_more_matches_than_are_shown_keep_their_order(tmp_path):
    crawled = Crawled(tmp_path / "many.db")
    for start in range(0, 300, 20):
        crawled.save(
            1 + start % 3,
            *(
                creator(
                    number,
                    ("穿" if number % 7 == 0 else "") + "abc穿搭"[number % 5 :],
                    number % 11,
                    bio="穿衣",
                )
                for number in range(start, start + 20)
            ),
        )
    connection = crawled.connection
    wanted = {text: expected(connection, text) for text in ("穿", "穿搭", "a", "c穿", "穿 衣", "搭 a")}
    for _ in ("scan", "index"):
        for text, every in wanted.items():
            assert found(connection, text) == every
            for limit in (1, 7, 20, 100):
                assert found(connection, text, Filters(limit=limit)) == every[:limit]
        update_search_index(connection, creators_min=1)
    assert found(connection, "穿", EVERYBODY) == wanted["穿"]
    crawled.close()
