"""A creator's columns are declared once, and everything that names them agrees with the declaration."""

import dataclasses
import re
import sqlite3
from contextlib import closing
from typing import get_type_hints

import pytest

from crawler.analysis.browse.column_descriptions import meanings
from crawler.column import Kind, Source
from crawler.creator import COLUMNS, Creator, CreatorRow
from crawler.store.migrations import migrate
from tests.documentation import DOCS, HEADINGS, written

PYTHON = {Kind.BOOLEAN: bool, Kind.NUMBER: int, Kind.COUNT: int, Kind.LIST: tuple[str, ...]}
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture
def database():
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection)
        yield connection


def columns(connection, table):
    return {row[1]: row[2] for row in connection.execute(f"PRAGMA table_info({table})")}


def python_types(owner):
    """The type of each attribute, apart from None."""
    known = (bool, int, str)
    return {
        name: next((one for one in known if hint in (one, one | None)), hint)
        for name, hint in get_type_hints(owner).items()
    }


def test_names_are_told_apart():
    assert len({column.name for column in COLUMNS}) == len(COLUMNS)


def test_the_table_of_creators_has_the_columns_and_their_types(database):
    assert columns(database, "users") == {
        column.name: column.kind.sql_type for column in COLUMNS if column.source is not Source.COMPUTED
    }


def test_an_entry_read_has_a_field_for_each_column_that_a_reply_fills():
    declared = [column for column in COLUMNS if column.source is Source.REPLY]
    assert Creator._fields == ("rank", *(column.name for column in declared))
    types = python_types(Creator)
    assert {column.name: types[column.name] for column in declared} == {
        column.name: PYTHON.get(column.kind, str) for column in declared
    }


def test_a_row_for_people_has_an_attribute_for_each_column_that_is_exported():
    fields = [field.name for field in dataclasses.fields(CreatorRow)]
    exported = [column for column in COLUMNS if column.exported]
    assert fields == [column.name for column in exported if column.name != "keyword_count"]
    types = python_types(CreatorRow) | {"keyword_count": int}
    assert types == {column.name: PYTHON.get(column.kind, str) for column in exported}


def test_changes_are_noted_only_of_what_a_reply_says():
    assert all(column.source is Source.REPLY for column in COLUMNS if column.noted)


def test_the_view_of_creators_shows_what_a_table_of_them_exports(database):
    shown = columns(database, "creators_with_keywords").keys()
    exported = {column.name for column in COLUMNS if column.exported and column.kind is not Kind.JSON}
    assert exported - {"tags"} <= shown


@pytest.mark.parametrize("table", ["users", "creators_with_keywords"])
def test_every_column_that_is_explained_exists(table, database):
    assert meanings(table).keys() <= columns(database, table).keys()


def test_every_column_is_explained_in_both_languages():
    for column in COLUMNS:
        for words in (column.header, column.description):
            assert words.english.isascii() and words.english
            assert CHINESE.search(words.chinese)
        assert column.description.english.endswith(".") and column.description.chinese.endswith("。")


@pytest.mark.parametrize(
    ("language", "text"), [("en", "The name as last seen."), ("zh_CN", "最近一次看到的名字。")]
)
def test_a_column_is_explained_in_the_readers_language(language, text, monkeypatch):
    monkeypatch.setenv("LANGUAGE", language)
    assert meanings("users")["name"] == text


@pytest.mark.parametrize("page", HEADINGS)
def test_the_documentation_is_as_the_declaration_says(page):
    assert (DOCS / page).read_text(encoding="utf-8") == written(page), "`make docs` writes it"
