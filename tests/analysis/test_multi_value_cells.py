from __future__ import annotations

import sqlite3
from contextlib import closing

from hypothesis import given
from hypothesis import strategies as st

from crawler.analysis.multi_value_cells import joined, parted
from crawler.keywords import identity
from crawler.keywords.validation import keyword_from
from crawler.model import Keyword

KEYWORDS = st.text(st.sampled_from('a穿,;|｜ \n"[]'), min_size=1, max_size=8).map(
    lambda text: keyword_from("", text)
)


@given(st.lists(KEYWORDS.filter(lambda found: isinstance(found, Keyword)), min_size=1, max_size=4))
def test_joined_keywords_come_apart_as_the_same_keywords(keywords):
    texts = [keyword.text for keyword in keywords]
    assert [identity(text) for text in parted(joined(texts))] == [keyword.identity for keyword in keywords]


def test_nothing_joined_is_nothing():
    assert parted(joined(())) == []


def test_the_database_joins_in_the_same_way(db):
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute("UPDATE keywords SET text = 'a | b, c|' WHERE text = '穿搭'")
        keywords = connection.execute(
            "SELECT keywords FROM creators_with_keywords ORDER BY keyword_count DESC LIMIT 1"
        ).fetchone()[0]
    assert keywords == joined(["a | b, c|", "美食探店", "露营 Camping"])
