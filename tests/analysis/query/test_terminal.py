from __future__ import annotations

import re
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.analysis.filters import Filters
from crawler.analysis.query import ask, load_questions, prepare
from crawler.store.readonly import open_readonly
from crawler.ui.table import COLUMN_MAX, cell, record_lines, table_lines
from crawler.untrusted_text import sanitize, truncate, width


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("amy", 3),
        ("穿搭", 4),
        ("amy穿搭", 7),
        ("ＡＢ", 4),
        ("", 0),
        ("e\u0301", 1),
        ("ก็", 1),
        ("🍼", 2),
        ("👩\u200d🍳", 2),
        ("👍🏽", 2),
        ("🏕\ufe0f", 2),
        ("🇨🇳", 2),
        ("穿\u200d搭", 4),
        ("a\u200db", 2),
        ("👩\u200d穿", 4),
    ],
)
def test_chinese_characters_and_emoji_are_two_cells_wide_and_marks_none(text, cells):
    assert width(text) == cells


@pytest.mark.parametrize(
    "endless", ["\u0301" * 5000, "a" + "\u0301" * 5000, "a\u200d" * 5000, "👩\u200d" * 5000]
)
def test_what_fills_no_cell_makes_no_endless_line(endless):
    assert len(truncate(endless, 10)) <= 81


def test_columns_stand_under_each_other_whatever_their_letters():
    lines = list(table_lines(("name", "fans"), [("穿搭日记", 5), ("amy", 12000), (None, None)]))
    assert lines == [
        "name       fans",
        "────────  ─────",
        "穿搭日记      5",
        "amy       12000",
        "",
    ]


def test_the_widest_columns_are_cut_until_a_table_fits_the_terminal():
    rows = [("穿搭日记" * 9, "short", 12345678901, "x" * 60), ("amy", "b", 1, "y")]
    lines = list(table_lines(("name", "kind", "fans", "a long heading"), rows, cells_max=60))
    assert max(map(width, lines)) <= 60
    assert lines[2].count("…") == 2
    assert "short" in lines[2]
    assert "12345678901" in lines[2]


def test_addresses_give_way_first_then_bios_and_identifiers_never():
    columns = ("name", "red_id", "profile_url", "bio")
    rows = [("一个很长的名字", "57870881910", "https://www.xiaohongshu.com/user/profile/5f", "简介" * 10)]
    for cells_max, shown, spared in (
        (117, "一个很长的名字  57870881910  https://www.xiaohongshu.com/user/profile/5f  " + "简介" * 10, []),
        (90, "一个很长的名字  57870881910  " + "简介" * 10, ["profile_url"]),
        (47, "一个很长的名字  57870881910  简介简介简介简介…", ["profile_url"]),
        (32, "一个很长…  57870881910  简介简…", ["profile_url"]),
        (30, "一个很长的名字  57870881910", ["profile_url", "bio"]),
        (22, "一个很长…  57870881910", ["profile_url", "bio"]),
    ):
        told = []
        assert list(table_lines(columns, rows, cells_max, left_out=told.extend))[2] == shown
        assert told == spared


def test_what_people_can_spare_is_left_out_so_that_no_row_is_torn(three_nights):
    with closing(open_readonly(three_nights)) as connection:
        for question in load_questions().values():
            since = "2026-11-01" if "--since" in question.options else None
            answer = ask(connection, *prepare(question, Filters(since=since), None))
            rows = list(answer.rows)
            for cells_max in (40, 60, 80, 120):
                lines = list(table_lines(answer.columns, rows, cells_max, links=True))
                assert max(width(_shown(line)) for line in lines) <= cells_max, question.name


def _shown(line):
    """A line without what makes a link of a part of it."""
    return re.sub("\x1b]8;;[^\x1b]*\x1b\\\\", "", line)


PROFILE = "https://www.xiaohongshu.com/user/profile/5f0000000000000000000001"


def test_a_name_leads_to_the_page_of_its_creator_and_nothing_else_does():
    hostile = "https://www.xiaohongshu.com/user/profile/5f\x1b]8;;https://evil.example\x1b\\"
    rows = [("amy", PROFILE, 1), ("\x1b]8;;https://evil.example\x1b\\eve", hostile, 2)]
    lines = list(table_lines(("name", "profile_url", "fans"), rows, 40, links=True))
    assert lines[2].startswith(f"\x1b]8;;{PROFILE}\x1b\\amy\x1b]8;;\x1b\\ ")
    assert "\x1b" not in lines[3]
    assert "\x1b" not in "".join(table_lines(("name", "profile_url", "fans"), rows, 40))


def test_a_record_is_a_block_with_every_value_whole():
    rows = [("穿搭日记", PROFILE, None, "很长的简介" * 8), ("amy", "javascript:x", 5, "a\nb")]
    lines = list(record_lines(("name", "profile_url", "fans", "bio"), rows, 50, links=False))
    assert lines == [
        "name         穿搭日记",
        "profile_url  https://www.xiaohongshu.com/user/prof",
        "             ile/5f0000000000000000000001",
        "fans",
        "bio          很长的简介很长的简介很长的简介很长的",
        "             简介很长的简介很长的简介很长的简介很",
        "             长的简介",
        "",
        "name         amy",
        "profile_url  javascript:x",
        "fans         5",
        "bio          a b",
    ]
    linked = list(record_lines(("name", "profile_url"), [row[:2] for row in rows], 50, links=True))
    assert linked[0].endswith(f"\x1b]8;;{PROFILE}\x1b\\穿搭日记\x1b]8;;\x1b\\")
    assert "\x1b" not in "".join(linked[4:])


@pytest.mark.parametrize("before", [0, 1000])
def test_an_identifier_of_any_length_is_never_cut(before):
    rows = [("小" * 64, "名" * 64)] * (before + 1)
    last = list(table_lines(("red_id", "name"), rows, 40))[-1]
    assert last == "小" * 64 + "  " + "名" * 3 + "…"


def test_a_table_that_fits_is_not_cut():
    rows = [("穿搭日记", 5), ("amy", 12000)]
    assert list(table_lines(("name", "fans"), rows, 80)) == list(table_lines(("name", "fans"), rows))


def test_no_column_is_cut_below_eight_cells_however_narrow_the_terminal():
    lines = list(table_lines(("a", "b"), [("x" * 30, "y" * 30)], cells_max=5))
    assert lines == ["a         b", "────────  ────────", "xxxxxxx…  yyyyyyy…"]


def test_rows_beyond_the_measured_ones_are_cut_as_well():
    rows = (("x" * 40, n) for n in range(1000, 2500))
    assert max(map(width, table_lines(("text", "n"), rows, cells_max=30))) <= 30


def test_a_table_without_rows_shows_its_columns():
    assert list(table_lines(("a", "b"), [])) == ["a  b", "─  ─"]


def test_rows_beyond_the_measured_ones_still_come():
    assert len(list(table_lines(("n",), ((n,) for n in range(2500))))) == 2502


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("red\x1b[31m\x07", "red␛[31m␇"),
        ("two\nlines\tand\rmore", "two lines and more"),
        ("\u202eabc\u202c", "abc"),
        ("\x9b31m", "\ufffd31m"),
        ("nul\x00", "nul␀"),
        ("del\x7f", "del␡"),
        ("👩‍👧 穿搭", "👩‍👧 穿搭"),
    ],
)
def test_what_could_steer_a_terminal_is_shown_instead(text, shown):
    assert sanitize(text) == shown


@given(st.text())
def test_no_text_leaves_a_control_character(text):
    assert not [c for c in sanitize(text) if ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0]


@given(st.text(alphabet="a穿é🍼👩🏽\u0301\u200d\ufe0f☺ "), st.integers(1, 12))
def test_a_truncated_text_is_never_wider_than_its_column(text, cells):
    assert width(truncate(text, cells)) <= cells


def test_a_cell_is_cut_at_the_column_limit():
    assert width(cell("穿" * 100)) <= COLUMN_MAX
    assert cell("穿" * 100).endswith("…")
    assert cell(b"\x00\x01") == "<2 bytes>"
