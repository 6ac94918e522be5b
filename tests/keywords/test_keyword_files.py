"""Keyword files in, keywords and problems out: the formats and encodings."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crawler.errors import InputError
from crawler.keywords import read_keywords
from crawler.model import Keyword, Problem
from tests.keywords.reading import problems, texts


def test_a_text_file_holds_one_keyword_a_line(file):
    path = file("a.txt", "# 美妆\n\n敏感肌护肤\n   \n  早C晚A  \n#穿搭\n黄黑皮口红")
    assert list(read_keywords([path])) == [
        Keyword("敏感肌护肤", "敏感肌护肤", source=f"{path}:3"),
        Keyword("早C晚A", "早c晚a", source=f"{path}:5"),
        Keyword("黄黑皮口红", "黄黑皮口红", source=f"{path}:7"),
    ]


def test_a_number_sign_inside_a_line_belongs_to_the_keyword(file):
    assert texts(file("a.txt", "穿搭#ootd\n")) == ["穿搭#ootd"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_as_on_any_system(file, end):
    assert texts(file("a.txt", f"穿搭{end}美食{end}")) == ["穿搭", "美食"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", "穿搭\n早C晚A\n露营😀\n"),
        ("a.csv", "关键词,tags\n穿搭,女装\n早C晚A,\n露营😀,\n"),
        ("a.jsonl", '"穿搭"\n{"关键词": "早C晚A"}\n"露营😀"\n'),
    ],
)
def test_every_format_is_read_in_every_encoding(file, name, content, encoding):
    assert texts(file(name, content.encode(encoding))) == ["穿搭", "早C晚A", "露营😀"]


@pytest.mark.parametrize(("mark", "encoding"), [(b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")])
def test_utf_16_is_read_in_both_byte_orders(file, mark, encoding):
    assert texts(file("a.txt", mark + "穿搭\r\n美食".encode(encoding))) == ["穿搭", "美食"]


def test_a_file_whose_only_chinese_stands_far_below_is_read_in_its_encoding(file):
    assert texts(file("a.txt", b"ootd\n" * 5000 + "穿搭".encode("gb18030")))[-1] == "穿搭"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_of_utf_8_in_a_file_of_gb18030_are_read_as_what_they_are_and_named(file, end):
    kinds = [
        ("穿搭", "gb18030"),
        ("美食探店", "utf-8"),
        ("ootd", "ascii"),
        ("早C晚A·护肤", "utf-8"),
        ("联通", "gb18030"),
    ]
    path = file("a.txt", b"".join((text + end).encode(kind) for text, kind in kinds))
    found = list(read_keywords([path]))
    assert [item.text for item in found if isinstance(item, Keyword)] == [text for text, _kind in kinds]
    warned = [item for item in found if isinstance(item, Problem)]
    assert [(item.source, item.line_skipped) for item in warned] == [
        (f"{path}:2", False),
        (f"{path}:4", False),
    ]
    assert warned[0].message == "this line is UTF-8 in a file that is not, and is read as '美食探店'"


def test_a_warning_about_a_line_comes_before_what_the_line_gives(file):
    path = file(
        "a.csv", "关键词,tags\n".encode("gb18030") + "美食,x\n".encode() + "穿搭,\n".encode("gb18030")
    )
    warning, first, second = read_keywords([path])
    assert isinstance(warning, Problem)
    assert warning.source == first.source == f"{path}:2"
    assert (first.text, second.text) == ("美食", "穿搭")


def test_bytes_that_no_encoding_reads_cost_their_line_and_no_other(file):
    path = file("a.txt", "敏感肌护肤\n穿搭\n".encode() + b"\xff\xfe\xfd\n" + "黄黑皮口红\n美食\n".encode())
    assert [item.text for item in read_keywords([path]) if isinstance(item, Keyword)] == [
        "敏感肌护肤",
        "穿搭",
        "黄黑皮口红",
        "美食",
    ]
    ((line, message),) = problems(path)
    assert line == 3
    assert "cannot be read in the file's encoding" in message


def test_a_table_takes_its_columns_by_name_in_either_language(file):
    english = file("a.csv", "note,Keyword,max_pages,PRIORITY,tags\nx,穿搭,5,9,女装;通勤\n")
    chinese = file("b.csv", "关键词,优先级,最大页数,标签\n穿搭,9,5,女装、通勤\n")
    expected = {"priority": 9, "pages_max": 5, "tags": ("女装", "通勤")}
    for path in (english, chinese):
        assert list(read_keywords([path])) == [Keyword("穿搭", "穿搭", **expected, source=f"{path}:2")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_may_be_parted_by_comma_semicolon_or_tab(file, delimiter):
    content = f"keyword{delimiter}priority\n穿搭{delimiter}3\n"
    (keyword,) = read_keywords([file("a.csv", content)])
    assert (keyword.text, keyword.priority) == ("穿搭", 3)


def test_a_table_may_name_its_delimiter_as_excel_does(file):
    path = file("a.csv", "sep=;\r\nkeyword;priority\r\n穿搭;3\r\n")
    assert list(read_keywords([path])) == [Keyword("穿搭", "穿搭", priority=3, source=f"{path}:3")]


def test_a_quoted_cell_may_hold_commas_quotes_and_line_breaks(file):
    path = file("a.csv", 'keyword,tags\n"穿搭, ""法式""","女装,\n通勤"\n美食,\n')
    assert list(read_keywords([path])) == [
        Keyword('穿搭, "法式"', '穿搭, "法式"', tags=("女装", "通勤"), source=f"{path}:2"),
        Keyword("美食", "美食", source=f"{path}:4"),
    ]


def test_a_row_may_be_shorter_than_the_header_or_end_in_empty_cells(file):
    assert texts(file("a.csv", "keyword,tags\n穿搭\n美食,,,\n,\n\n露营,户外\n")) == ["穿搭", "美食", "露营"]


def test_a_stray_quote_costs_one_row(file):
    path = file("a.csv", 'keyword\n穿搭\n"美食\n露营\n旅行\n')
    assert problems(path) == [(3, "the quotes of this row are not closed, or closed too early")]
    assert [item.text for item in read_keywords([path]) if isinstance(item, Keyword)] == [
        "穿搭",
        "露营",
        "旅行",
    ]


def test_many_stray_quotes_cost_their_rows_and_no_others(file):
    rows = ['"美食' if number % 97 == 0 else f"穿搭{number}" for number in range(500)]
    path = file("a.csv", "\n".join(["keyword", *rows, ""]))
    found = list(read_keywords([path]))
    assert [item.text for item in found if isinstance(item, Keyword)] == [
        row for row in rows if row[0] != '"'
    ]
    assert [line for line, _message in problems(path)] == [2, 99, 196, 293, 390, 487]


def test_a_row_without_a_keyword_is_a_problem(file):
    assert problems(file("a.csv", "keyword,priority\n,3\n")) == [(2, "the keyword is missing")]


def test_a_comma_that_should_have_been_quoted_is_pointed_out(file):
    ((line, message),) = problems(file("a.csv", "keyword\n穿搭,法式\n"))
    assert line == 2
    assert "more cells than the header" in message


@pytest.mark.parametrize(
    ("column", "meant"),
    [
        ("页数", "最大页数"),
        ("Pages", "max_pages"),
        ("max pages", "max_pages"),
        ("prio", "priority"),
        ("优先", "优先级"),
        ("tag", "tags"),
    ],
)
def test_a_column_whose_name_comes_close_to_a_missing_one_is_named_and_the_keywords_are_read(
    file, column, meant
):
    path = file("a.csv", f"sep=,\n关键词,{column}\n穿搭,3\n")
    problem, keyword = read_keywords([path])
    message = f"the column '{column}' is passed over; was '{meant}' meant?"
    assert problem == Problem(f"{path}:2", message, line_skipped=False)
    assert keyword == Keyword("穿搭", "穿搭", source=f"{path}:3")


def test_a_column_that_resembles_nothing_or_a_field_that_is_there_is_passed_over_silently(file):
    assert texts(file("a.csv", "keyword,keyword_id,备注,note,\n穿搭,1,x,y,\n")) == ["穿搭"]


@pytest.mark.parametrize("content", ["", "\n", "穿搭\n美食\n", "name,price\n穿搭,3\n"])
def test_a_table_without_a_keyword_column_is_refused(file, content):
    path = file("a.csv", content)
    with pytest.raises(InputError, match=r"a\.csv:1: no column is called"):
        list(read_keywords([path]))


def test_a_line_of_json_is_a_text_or_an_object(file):
    path = file(
        "a.jsonl", '"穿搭"\n\n{"keyword": "美食", "priority": -1, "max_pages": 3, "tags": ["a"], "x": 1}\n'
    )
    assert list(read_keywords([path])) == [
        Keyword("穿搭", "穿搭", source=f"{path}:1"),
        Keyword("美食", "美食", priority=-1, pages_max=3, tags=("a",), source=f"{path}:3"),
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("穿搭", "is not JSON"),
        ('{"keyword": "穿搭"', "is not JSON"),
        ("NaN", "is not JSON"),
        ('"\\ud800"', "is not JSON"),
        ("[" * 5000, "is not JSON"),
        ("[" * 1000 + "]" * 1000, "must be text"),
        ("7", "must be text"),
        ("null", "must be text"),
        ('["穿搭"]', "must be text"),
        ('{"keyword": 7}', "must be text"),
        ("{}", "is missing"),
        ('{"keyword": 7, "priority": 1.5}', "must be text"),
        ('{"keyword": "穿搭", "priority": 1.5, "max_pages": 0}', "max_pages must be a whole number"),
        ('{"keyword": "穿搭", "max_pages": 0}', "max_pages must be a whole number from 1"),
        ('{"keyword": "穿搭", "max_pages": "many"}', "max_pages must be a whole number from 1"),
        ('{"keyword": "穿搭", "max_pages": 99999999999}', "max_pages must be a whole number"),
        ('{"keyword": "穿搭", "tags": {"a": 1}}', "tags must be text or a list"),
        ('{"keyword": "穿搭", "tags": [1]}', "tags must be text or a list"),
    ],
)
def test_a_line_of_json_that_gives_no_keyword_is_named_and_the_next_is_read(file, line, message):
    path = file("a.jsonl", f'{line}\n"美食"\n')
    problem, keyword = read_keywords([path])
    assert problem.source == f"{path}:1"
    assert message in problem.message
    assert "\n" not in problem.message
    assert len(problem.message) < 200
    assert keyword.text == "美食"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("穿" * 201, "has 201 characters; a keyword has at most 200"),
        ("穿\0搭", "control characters"),
        ("穿\x1b[2J搭", "control characters"),
    ],
)
def test_a_line_of_text_that_is_no_keyword_is_named_and_the_next_is_read(file, line, message):
    path = file("a.txt", f"# {'。' * 3000}\n{line}\n美食\n")
    problem, keyword = read_keywords([path])
    assert problem.source == f"{path}:2"
    assert message in problem.message
    assert problem.message.isprintable()
    assert keyword.text == "美食"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "keyword,priority,tags\n穿搭,high,女装\n"),
        ("a.jsonl", '\n{"keyword": "穿搭", "priority": "high", "tags": "女装"}\n'),
        ("b.jsonl", '\n{"keyword": "穿搭", "priority": 1.5, "tags": ["女装"]}\n'),
        ("c.jsonl", '\n{"keyword": "穿搭", "priority": true, "tags": ["女装"]}\n'),
    ],
)
def test_a_bad_priority_costs_a_warning_and_not_the_keyword(file, name, content):
    path = file(name, content)
    warning, keyword = read_keywords([path])
    assert (warning.source, warning.line_skipped) == (f"{path}:2", False)
    assert "priority must be a whole number" in warning.message
    assert "read without it" in warning.message
    assert keyword == Keyword("穿搭", "穿搭", tags=("女装",), source=f"{path}:2")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "keyword,refresh_after\n穿搭,7d\n"),
        ("b.csv", "关键词;再次采集\n穿搭; 168H \n"),
        ("a.jsonl", '\n{"keyword": "穿搭", "refresh_after": "7d"}\n'),
    ],
)
def test_a_keyword_has_its_own_time_after_which_it_is_due_again(file, name, content):
    (keyword,) = read_keywords([file(name, content)])
    assert keyword.refresh_after == timedelta(days=7)


@pytest.mark.parametrize(
    "value",
    ["7", "-1d", "nand", "1e400d", "40000d", "d", "一周", "7" * 10_000 + "d", "=1+1", "7d 7d"],
    ids=lambda value: value[:10],
)
def test_a_bad_refresh_after_costs_a_warning_and_not_the_keyword(file, value):
    path = file("a.csv", f"keyword,max_pages,refresh_after,priority\n穿搭,3,{value},2\n")
    warning, keyword = read_keywords([path])
    assert (warning.source, warning.line_skipped) == (f"{path}:2", False)
    assert "refresh_after must be a span of time" in warning.message
    assert len(warning.message) < 200
    assert keyword == Keyword("穿搭", "穿搭", priority=2, pages_max=3, source=f"{path}:2")


@pytest.mark.parametrize("value", ["5", "true", "[1]", '{"days": 7}', "1e999", '"\\ud800"'])
def test_a_refresh_after_of_another_kind_in_json_costs_no_keyword_either(file, value):
    path = file("a.jsonl", f'{{"keyword": "穿搭", "refresh_after": {value}}}\n{{"keyword": "美食"}}\n')
    found = list(read_keywords([path]))
    assert found[-1] == Keyword("美食", "美食", source=f"{path}:2")
    assert found[0].source == f"{path}:1"


def test_each_option_that_cannot_be_read_is_named_and_the_others_count(file):
    path = file("a.csv", "keyword,priority,refresh_after,tags\n穿搭,high,soon,女装\n美食,high,7d,\n")
    first, second, outfits, third, food = read_keywords([path])
    assert ["priority" in first.message, "refresh_after" in second.message] == [True, True]
    assert outfits == Keyword("穿搭", "穿搭", tags=("女装",), source=f"{path}:2")
    assert "priority" in third.message
    assert food.refresh_after == timedelta(days=7)
