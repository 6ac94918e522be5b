"""What a spreadsheet would make of a cell."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.analysis.export.cells import PLAIN_BEGINNINGS, kept_as_text
from crawler.analysis.export.xlsx import CUT, TEXT_MAX, fitting


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+86 135",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        " =1",
        "＝1+1",
        "＋1",
        "－1",
        "＠x",
        "\n=1",
        "\u3000=1",
    ],
)
def test_text_that_a_spreadsheet_could_run_gets_an_apostrophe(text):
    assert kept_as_text(text) == "'" + text


@pytest.mark.parametrize(
    "text",
    [
        "0012", "26814156493", "12e5", "1E10", "3.5", "1,234", "50%", "¥12", "(5)", "1/2", "2024-1-1", "8:30",
        "8:30pm", "3月5日", "may10", "SEP2", "10-mar", "1 Jan 2024", "true", "FALSE", "１２",
    ],
)  # fmt: skip
def test_text_that_a_spreadsheet_would_take_for_a_value_gets_a_tab(text):
    assert kept_as_text(text) == "\t" + text


@pytest.mark.parametrize(
    "text",
    [
        "", "4m1rr22", "小鹿穿搭日记", "a=b", "marche", "maybe", "5f0c1e2d000000000101aabb", "truely",
        "amy-穿搭", "3.9万", "2026-11-01T18:30:04.000Z", "https://www.xiaohongshu.com/user/profile/1",
        "穿搭 | 美食", "1" * 300,
    ],
)  # fmt: skip
def test_other_text_stays_as_it_is(text):
    assert kept_as_text(text) == text


@given(
    st.sampled_from(sorted(PLAIN_BEGINNINGS)),
    st.text() | st.text(alphabet="0123456789 .,:/eE+-年月日ampJjanfebtrue\t\r=@", max_size=12),
)
def test_text_that_begins_as_most_does_is_never_changed(beginning, rest):
    assert kept_as_text(beginning + rest) == beginning + rest


def test_a_program_gets_an_identifier_back_by_stripping_white_space():
    assert kept_as_text("0012").strip() == "0012"


def test_characters_that_xml_forbids_are_shown_as_replaced():
    assert fitting("a\x00b\x1b[31m\ufffe\tc\n") == "a\ufffdb\ufffd[31m\ufffd\tc\n"


def test_text_beyond_excels_limit_is_cut_with_a_note():
    assert fitting("字" * TEXT_MAX) == "字" * TEXT_MAX
    cut = fitting("字" * (TEXT_MAX + 1))
    assert cut.endswith(CUT)
    assert len(cut) == TEXT_MAX


def test_a_character_of_two_units_is_not_cut_in_half():
    cut = fitting("x" + "🍼" * 20_000)
    assert len(cut.encode("utf-16-le")) // 2 <= TEXT_MAX
    assert cut == "x" + "🍼" * (len(cut) - 1 - len(CUT)) + CUT
