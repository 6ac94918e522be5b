"""Excel workbooks of keywords, as people have them and as nobody should."""

from __future__ import annotations

import datetime
import io
import sys
import zipfile
from datetime import timedelta

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.errors import InputError, MissingExtra
from crawler.keywords import read_keywords
from crawler.model import Keyword, Problem
from tests.keywords.reading import texts


@pytest.fixture
def workbook(tmp_path):
    """Writes a workbook with these sheets, each a list of rows."""

    def write(*sheets, name="a.xlsx"):
        made = openpyxl.Workbook()
        made.remove(made.active)
        for number, rows in enumerate(sheets, 1):
            sheet = made.create_sheet(f"表{number}")
            for row in rows:
                sheet.append(row)
        path = tmp_path / name
        made.save(path)
        return path

    return write


def changed(path, part, change):
    """The workbook with one of its parts changed."""
    packed = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            data = old.read(info)
            new.writestr(info.filename, change(data) if info.filename == part else data)
    path.write_bytes(packed.getvalue())
    return path


def test_a_heading_names_the_columns(workbook):
    path = workbook([["备注", "关键词", "优先级", "最大页数", "标签"], ["x", "穿搭", 9, 5.0, "女装、通勤"]])
    assert list(read_keywords([path])) == [
        Keyword("穿搭", "穿搭", priority=9, pages_max=5, tags=("女装", "通勤"), source=f"{path}:2")
    ]


def test_a_column_alone_needs_no_heading(workbook):
    path = workbook([[], ["穿搭"], [None], [618], ["  美食 "]])
    assert list(read_keywords([path])) == [
        Keyword("穿搭", "穿搭", source=f"{path}:2"),
        Keyword("618", "618", source=f"{path}:4"),
        Keyword("美食", "美食", source=f"{path}:5"),
    ]


def test_a_column_alone_may_stand_anywhere(workbook):
    assert texts(workbook([[None, None, "穿搭"], [None, None, "美食"]])) == ["穿搭", "美食"]


@pytest.mark.parametrize("heading", ["Keywords", "关键字", "keyword "])
def test_a_heading_that_comes_close_is_no_keyword(workbook, heading):
    found = list(read_keywords([workbook([[heading], ["穿搭"]])]))
    assert [item.text for item in found if isinstance(item, Keyword)] == ["穿搭"]


def test_several_columns_of_which_none_is_the_keyword_are_refused(workbook):
    with pytest.raises(InputError, match=r"a\.xlsx:1: no column is called"):
        next(read_keywords([workbook([["穿搭", "女装"], ["美食", "探店"]])]))


@pytest.mark.parametrize("above", [["我的达人名单"], ["我的达人名单", "2026 年 11 月"]])
@pytest.mark.parametrize("heading", [["关键词", "标签"], ["序号", "关键词", "标签"], ["关键词"]])
def test_titles_above_the_heading_are_named_and_not_crawled(workbook, above, heading):
    values = {"序号": 1, "关键词": "手作", "标签": "手工"}
    path = workbook([*([title] for title in above), [], heading, [values[name] for name in heading]])
    *warnings, keyword = read_keywords([path])
    assert [(each.source, each.message) for each in warnings] == [
        (f"{path}:{row}", f"'{title}' stands above the heading and is taken for a title")
        for row, title in enumerate(above, 1)
    ]
    tags = ("手工",) if "标签" in heading else ()
    assert keyword == Keyword("手作", "手作", tags=tags, source=f"{path}:{len(above) + 3}")


def test_a_title_above_a_heading_that_only_comes_close_is_not_crawled_either(workbook):
    with pytest.raises(InputError, match=r"a\.xlsx:2: .* is '关健词' meant to be '关键词'"):
        next(read_keywords([workbook([["我的达人名单"], ["关健词", "备注"], ["手作", "x"]])]))


def test_a_keyword_that_is_called_like_a_column_far_below_is_a_keyword(workbook):
    listed = ["穿搭", "美食", "露营", "手作", "关键词"]
    assert texts(workbook([[text] for text in listed])) == listed


@pytest.mark.parametrize("name", ["关键字", "搜索词"])
def test_the_column_of_the_keyword_has_several_names(workbook, name):
    path = workbook([["序号", name, "标签"], [1, "手作", "手工"]])
    assert list(read_keywords([path])) == [Keyword("手作", "手作", tags=("手工",), source=f"{path}:2")]


def test_where_two_columns_are_called_like_the_keyword_the_usual_name_counts(workbook):
    assert texts(workbook([["关键词", "搜索词"], ["手作", "x"]])) == ["手作"]
    assert texts(workbook([["搜索词", "关键词"], ["x", "手作"]])) == ["手作"]


def test_a_refused_heading_is_told_without_its_empty_cells_and_with_a_guess(workbook):
    path = workbook([[" ", "关健词", None, "标签"], ["", "手作", None, "手工"]])
    with pytest.raises(InputError) as refused:
        next(read_keywords([path]))
    assert str(refused.value) == (
        f"{path}:1: no column is called \"keyword\" or \"关键词\"; the columns are: '关健词', '标签'; "
        "is '关健词' meant to be '关键词'?"
    )


def test_other_sheets_are_named_and_passed_over(workbook):
    problem, keyword = read_keywords([workbook([["穿搭"]], [["美食"]], [])])
    assert problem.message == "only the first sheet is read; passed over: '表2', '表3'"
    assert not problem.line_skipped
    assert keyword.text == "穿搭"


def test_what_is_no_keyword_is_named_with_its_row(workbook):
    path = workbook(
        [["keyword", "priority"], ["#N/A"], [None, 3], ["穿" * 201], ["穿搭", "high"], ["美食", 1]]
    )
    found = list(read_keywords([path]))
    assert [item.text for item in found if isinstance(item, Keyword)] == ["穿搭", "美食"]
    problems = [item for item in found if isinstance(item, Problem)]
    assert [item.source for item in problems] == [f"{path}:{row}" for row in (2, 3, 4, 5)]
    assert "error of Excel" in problems[0].message


def test_a_day_in_a_cell_is_read_as_it_stands_there(workbook):
    assert texts(workbook([["keyword"], [datetime.date(2026, 11, 11)]])) == ["2026-11-11"]


def test_a_workbook_on_standard_input_is_recognized(workbook):
    content = workbook([["关键词"], ["穿搭"]]).read_bytes()
    assert texts("-", stdin=io.BytesIO(content)) == ["穿搭"]


def test_an_empty_workbook_gives_nothing(workbook):
    assert texts(workbook([])) == []


def test_without_openpyxl_a_workbook_is_refused_with_the_extra_and_passed_over_in_a_folder(
    workbook, tmp_path, monkeypatch
):
    path = workbook([["穿搭"]])
    (tmp_path / "b.txt").write_text("美食\n", encoding="utf-8")
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(MissingExtra, match=r"creator-crawler\[excel\]"):
        next(read_keywords([path]))
    problem, keyword = read_keywords([tmp_path])
    assert "creator-crawler[excel]" in problem.message
    assert keyword.text == "美食"


@pytest.mark.parametrize(
    "declaration", [b'<!DOCTYPE x SYSTEM "file:///etc/passwd">', b'<!DOCTYPE x [<!ENTITY a "b">]>']
)
def test_entities_are_refused(workbook, declaration):
    path = changed(
        workbook([["穿搭"]]), "xl/worksheets/sheet1.xml", lambda data: declaration + data.split(b"?>")[-1]
    )
    with pytest.raises(InputError, match="no Excel workbook that can be read"):
        next(read_keywords([path]))


def test_an_archive_that_swells_is_refused_before_it_is_unpacked(workbook):
    path = changed(workbook([["穿搭"]]), "xl/worksheets/sheet1.xml", lambda data: data + b" " * (70 << 20))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(InputError, match="unpacks to more than 64 megabytes"):
        next(read_keywords([path]))


def test_a_row_that_says_it_is_far_below_does_not_go_on_for_ever(workbook):
    path = changed(
        workbook([["穿搭"], ["美食"]]),
        "xl/worksheets/sheet1.xml",
        lambda data: data.replace(b'r="2"', b'r="999999999999"').replace(b'r="A2"', b'r="A999999999999"'),
    )
    assert [item.text for item in read_keywords([path]) if isinstance(item, Keyword)] == ["穿搭"]


def packed_workbook():
    """A workbook as bytes, which hold the time of their making: made once, so that examples repeat."""
    made = openpyxl.Workbook()
    made.active.append(["关键词", "priority"])
    made.active.append(["穿搭", 3])
    packed = io.BytesIO()
    made.save(packed)
    return packed.getvalue()


PACKED = packed_workbook()


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_damaged_workbook_is_read_or_refused(data):
    content = bytearray(PACKED)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)) | st.just(len(content)))
    try:
        found = list(read_keywords(["-"], io.BytesIO(bytes(content[:cut]))))
    except InputError:
        return
    assert all(isinstance(item, Keyword | Problem) for item in found)


def test_a_workbook_says_when_a_keyword_is_due_again(workbook):
    path = workbook([["关键词", "再次采集"], ["穿搭", "7d"], ["美食", 7]])
    outfits, warning, food = read_keywords([path])
    assert outfits.refresh_after == timedelta(days=7)
    assert (warning.source, warning.line_skipped) == (f"{path}:3", False)
    assert food == Keyword("美食", "美食", source=f"{path}:3")
