"""What holds of every keyword file and every text, whatever is in it."""

from __future__ import annotations

import csv
import io
import json
import sys
import tempfile
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.errors import InputError
from crawler.keywords import identity, read_keywords
from crawler.keywords.validation import is_plain, keyword_from
from crawler.model import Keyword, Problem

ENDINGS = (".txt", ".csv", ".jsonl")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "gb18030")
thorough = settings(deadline=None, max_examples=100)

usable_text = st.characters(exclude_categories=("Cs",))
lines = st.lists(st.text(usable_text, max_size=20) | st.sampled_from(["关键词,tags", '"穿搭"', "[[", '"']))
keywords = (
    st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffd"), max_size=30)
    .map(lambda text: keyword_from("", text))
    .filter(lambda item: isinstance(item, Keyword) and not item.text.startswith("#"))
    .map(lambda keyword: keyword.text)
)


def read(ending: str, content: bytes) -> list[Keyword | Problem]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a" + ending)
        path.write_bytes(content)
        return list(read_keywords([path]))


def read_or_refuse(ending: str, content: bytes) -> list[Keyword | Problem]:
    """What is read; nothing where the file is refused. Any exception but InputError fails the test."""
    try:
        return read(ending, content)
    except InputError:
        return []


def written(ending: str, texts: list[str], encoding: str) -> bytes:
    """A file of one keyword a line or row, in a form that people's programs write."""
    if ending == ".txt":
        return "\n".join(texts).encode(encoding)
    if ending == ".jsonl":
        return "\n".join(json.dumps(text, ensure_ascii=False) for text in texts).encode(encoding)
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["关键词", "priority"])
    writer.writerows([text, 1] for text in texts)
    return table.getvalue().encode(encoding)


@thorough
@given(st.sampled_from(ENDINGS), st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(ending, content):
    for item in read_or_refuse(ending, content):
        assert isinstance(item, Keyword | Problem)


@thorough
@given(st.sampled_from(ENDINGS), lines, st.sampled_from(ENCODINGS))
def test_any_text_in_any_encoding_is_read_or_refused(ending, content, encoding):
    for item in read_or_refuse(ending, "\n".join(content).encode(encoding)):
        if isinstance(item, Keyword):
            assert item.text == item.text.strip() != ""
            assert item.identity == identity(item.text) != ""
        else:
            assert item.message.isprintable()


@thorough
@given(st.sampled_from(ENDINGS), st.lists(keywords, max_size=10), st.sampled_from(ENCODINGS))
def test_a_written_keyword_is_read_back_as_it_was(ending, texts, encoding):
    # A few bytes can be text in two encodings; one ordinary line settles which it is.
    telling = ["敏感肌护肤", *texts]
    assert [item.text for item in read(ending, written(ending, telling, encoding))] == telling


@thorough
@given(st.lists(keywords, min_size=1, max_size=10), st.integers(0, 10))
def test_a_bad_line_costs_no_other_line(texts, place):
    place = min(place, len(texts))
    found = read(".txt", "\n".join([*texts[:place], "穿\x1b搭", *texts[place:]]).encode())
    problem = found.pop(place)
    assert isinstance(problem, Problem)
    assert problem.source.endswith(f"a.txt:{place + 1}")
    assert [item.text for item in found] == texts


@settings(deadline=None, max_examples=500)
@given(st.text())
def test_the_identity_of_an_identity_is_itself(text):
    assert identity(identity(text)) == identity(text)


def test_texts_that_are_taken_to_be_their_own_identity_are_so_by_the_rules_of_unicode():
    plain = "".join(c for c in map(chr, range(sys.maxunicode + 1)) if is_plain(c))
    assert len(plain) > 20_000
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFD", plain).casefold()).casefold()
    assert unicodedata.normalize("NFKC", folded) == plain


def test_every_single_character_has_an_identity_that_is_its_own():
    characters = map(chr, range(0x20000))  # above are only ideographs, tags and private use
    assert [hex(ord(c)) for c in characters if identity(identity(c)) != identity(c)] == []


@thorough
@given(st.text(), st.sampled_from([" ", "\t", "\u3000", "\ufeff", "\u200b", "\n"]))
def test_blanks_around_a_keyword_do_not_change_its_identity(text, blank):
    assert identity(blank + text + blank) == identity(text)


@pytest.mark.parametrize(
    "spelling",
    ["Amy 穿搭", "ＡＭＹ　穿搭", "  amy\t 穿搭 ", "AMY\u00a0穿搭", "\ufeffamy 穿搭\u200b", "amy\u2003穿搭"],
)
def test_spellings_of_one_keyword_have_one_identity(spelling):
    assert identity(spelling) == "amy 穿搭"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("STRASSE", "straße"),
        ("ΣΑΣ", "σας"),
        ("e\u0301clair", "éclair"),
        ("①号", "1号"),
        ("ﬁt", "fit"),
        ("ǰ", "J\u030c"),
    ],
)
def test_case_and_composition_do_not_tell_keywords_apart(one, other):
    assert identity(one) == identity(other)


@pytest.mark.parametrize(("one", "other"), [("穿搭", "穿 搭"), ("护肤", "護膚"), ("穿搭", "穿搭!")])
def test_different_keywords_have_different_identities(one, other):
    assert identity(one) != identity(other)


@pytest.mark.parametrize("text", [" 穿搭  Ootd ", "\ufeff穿搭  Ootd\u200b"])
def test_what_is_sent_is_the_text_as_written_and_trimmed(text):
    keyword = keyword_from("a.txt:1", text)
    assert (keyword.text, keyword.identity) == ("穿搭  Ootd", "穿搭 ootd")


@pytest.mark.parametrize("tags", ["女装,通勤", "女装，通勤", "女装、通勤", "女装; 通勤；女装", "女装|通勤|"])
def test_tags_may_be_parted_in_any_usual_way_and_count_once(tags):
    assert keyword_from("", "穿搭", {"tags": tags}).tags == ("女装", "通勤")


@pytest.mark.parametrize("empty", [None, "", "  "])
def test_an_empty_option_is_the_same_as_none(empty):
    keyword = keyword_from("", "穿搭", {"tags": empty, "priority": empty, "max_pages": empty})
    assert keyword == Keyword("穿搭", "穿搭")


@pytest.mark.parametrize("number", ["7", " 7 ", "７", "+7", 7])
def test_a_whole_number_may_be_written_in_any_usual_way(number):
    assert keyword_from("", "穿搭", {"max_pages": number}).pages_max == 7
