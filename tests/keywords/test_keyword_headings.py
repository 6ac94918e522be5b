"""Headings and titles in lists copied out of tables: nobody pays for them as keywords."""

from __future__ import annotations

import pytest

from crawler.errors import InputError
from crawler.keywords import read_keywords
from crawler.model import Keyword


@pytest.mark.parametrize("title", ["我的达人名单", "我的达人名单;;", '"我的达人名单"', "\n我的达人名单"])
def test_a_title_above_the_heading_of_a_table_is_named_and_not_crawled(file, title):
    path = file("a.csv", f"{title}\n关键词;标签\n手作;手工\n")
    row = title.count("\n") + 1
    warning, keyword = read_keywords([path])
    assert (warning.source, warning.line_skipped) == (f"{path}:{row}", True)
    assert warning.message == "'我的达人名单' stands above the heading and is taken for a title"
    assert keyword == Keyword("手作", "手作", tags=("手工",), source=f"{path}:{row + 2}")


@pytest.mark.parametrize("heading", ["关键词", "Keyword ", "\ufeff关键字", "搜索词"])
@pytest.mark.parametrize("above", ["", "# 我的达人\n\n"])
def test_a_heading_in_a_text_file_is_named_and_not_crawled(file, heading, above):
    path = file("a.txt", f"{above}{heading}\n手作\n")
    row = above.count("\n") + 1
    warning, keyword = read_keywords([path])
    assert (warning.source, warning.line_skipped) == (f"{path}:{row}", True)
    assert "is taken for the heading of the list; to crawl it, write it once more below" in warning.message
    assert keyword == Keyword("手作", "手作", source=f"{path}:{row + 1}")


@pytest.mark.parametrize("name", ["a.txt", "a.csv"])
def test_a_keyword_that_is_called_like_its_column_is_crawled_where_it_stands_below_it(file, name):
    found = list(read_keywords([file(name, "关键词\n关键词\n手作\n")]))
    assert [each.text for each in found if isinstance(each, Keyword)] == ["关键词", "手作"]


def test_a_table_with_a_title_and_no_column_of_keywords_is_refused_before_anything_is_read(file):
    path = file("a.csv", "我的达人名单\n名字,标签\n手作,手工\n")
    with pytest.raises(InputError, match=r"a\.csv:2: no column is called"):
        next(read_keywords([file("good.txt", "穿搭\n"), path]))


def test_a_table_of_another_kind_says_which_of_its_columns_might_be_meant(file):
    with pytest.raises(
        InputError, match="the columns are: '关健词', '备注'; is '关健词' meant to be '关键词'"
    ):
        next(read_keywords([file("a.csv", "关健词,备注,,\n手作,x,,\n")]))
