"""One bad byte, number or bracket costs what it stands in, and never the page."""

from __future__ import annotations

import codecs
import json
from contextlib import suppress
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.vendor import loose_json
from crawler.vendor.envelope import read_envelope
from crawler.vendor.loose_json import DEPTH_MAX, read_loosely, write
from crawler.vendor.search_user_v2 import parse_user_search

SAMPLE = (Path(__file__).parents[1] / "data" / "user-search-v2.json").read_bytes()
NAME = '"夏日穿搭"'
ANSWER = json.loads(SAMPLE)
ANSWER["data"]["users"][7]["name"] = json.loads(NAME)
BODY = json.dumps(ANSWER, ensure_ascii=False, separators=(",", ":")).encode()
WHOLE = parse_user_search(ANSWER["data"])
OTHERS = [creator for creator in WHOLE.creators if creator.rank != 8]
ID = WHOLE.creators[7].id


def page_of(body):
    envelope = read_envelope(body)
    assert envelope is not None and envelope.code == 0
    return parse_user_search(envelope.data)


def named(value, encoding="utf-8"):
    """The page in which the eighth entry's name was sent as these bytes."""
    mark = BODY.decode().encode(encoding)
    assert mark.count(NAME.encode(encoding)) == 1
    return page_of(mark.replace(NAME.encode(encoding), value))


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (b'"a\xffb"', "a\ufffdb"),
        (b'"\xe5\xa4"', "\ufffd"),
        (b'"\xe5\xa4\\n"', "\ufffd\n"),
        (b'"' + "夏日".encode("gb18030") + b'"', None),
        (b'"a\x00b"', "a\ufffdb"),
        (b'"a\nb\x1f"', "a\nb\x1f"),
        (b'"a\\ud800b"', "a?b"),
        (b'"\\ud83d\\ude00"', "😀"),
        (b'"\\udc00\\ud83d"', "??"),
        (b'"a\\qb"', "a\\qb"),
        (b'"a\\u12x"', "a\\u12x"),
        (b'"a\\\\q\\"b"', 'a\\q"b'),
        (b"9" * 5000, "9" * 5000),
        (b"-" + b"9" * 5000, "-" + "9" * 5000),
        (b"12345678901234567890", "12345678901234567890"),
        (b"nul", "nul"),
        (b"+5", "+5"),
    ],
)
def test_a_name_that_cannot_be_read_as_it_came_costs_nobody(value, name):
    page = named(value)
    assert page.rejects == ()
    assert [creator for creator in page.creators if creator.rank != 8] == OTHERS
    assert page.creators[7].id == ID
    assert name is None or page.creators[7].name in (name, None)


@pytest.mark.parametrize("value", [b"NaN", b"-Infinity", b"01x", b"1.5.2", b"{}", b"1e999", b"12O"])
def test_a_name_that_is_something_else_is_kept_beside_the_creator(value):
    page = named(value)
    assert [creator for creator in page.creators if creator.rank != 8] == OTHERS
    assert page.creators[7].id == ID


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"]}":[', b"]}]")])
@pytest.mark.parametrize("depth", [50, 200, 300, 500, 900, 1_020, 1_030, 3_000, 100_000])
def test_a_value_nested_however_deep_costs_nobody_and_is_kept_as_text(opening, closing, depth):
    value = opening * depth + b'"bottom"' + closing * depth
    page = named(value)
    assert page.rejects == ()
    assert [creator for creator in page.creators if creator.rank != 8] == OTHERS
    assert page.creators[7].id == ID
    assert "bottom" in page.creators[7].extra
    assert isinstance(json.loads(page.creators[7].extra), dict)


@pytest.mark.parametrize("depth", [300, 1_020, 1_030, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"id":', b"}")])
def test_an_entry_nested_however_deep_is_rejected_as_text_and_the_others_are_kept(opening, closing, depth):
    head, entry, tail = BODY.partition(orjson.dumps(ANSWER["data"]["users"][7]))
    assert entry
    page = page_of(head + opening * depth + b"1" + closing * depth + tail)
    assert list(page.creators) == OTHERS
    (reject,) = page.rejects
    assert reject.rank == 8
    assert reject.entry.startswith(opening.decode() * 10 if opening == b"[" else '{"id":')
    assert page.entries == 20


@pytest.mark.parametrize("encoding", ["utf-16", "gb18030", "utf-8-sig"])
def test_one_bad_byte_in_another_encoding_costs_nobody(encoding):
    mark = codecs.BOM_UTF16_LE if encoding == "utf-16" else b""
    body = BODY.decode().encode(encoding).removeprefix(mark)
    name = NAME.encode("utf-16-le" if encoding == "utf-16" else encoding.removesuffix("-sig"))
    assert body.count(name) == 1
    bad = b'"\x00\x00\xdc"\x00' if encoding == "utf-16" else b'"a\xff"'
    page = page_of(mark + body.replace(name, bad))
    assert [creator for creator in page.creators if creator.rank != 8] == OTHERS
    assert (page.creators[7].id, page.creators[7].name) == (ID, "\ufffd" if mark else "a\ufffd")


@pytest.mark.parametrize("around", [b"%s\0", b"\0%s", b"\xef\xbb\xbf\xef\xbb\xbf%s", b" \n%s\r\n\0\0"])
def test_bytes_around_an_answer_do_not_cost_the_page(around):
    assert page_of(around % BODY) == WHOLE


def test_a_key_that_comes_twice_is_the_later_one_to_every_reader():
    for odd in (b"1", b"NaN", b"[" * 2000 + b"]" * 2000):
        envelope = read_envelope(b'{"code":0,"data":{"id":"a","odd":%s,"id":"b"}}' % odd)
        assert envelope.data["id"] == "b"


@pytest.mark.parametrize("flaw", [b'"\xff"', b"9" * 5000, b"NaN", b"[" * 3000 + b"]" * 3000, b'"\\q"'])
def test_a_flawed_answer_that_is_cut_is_still_none(flaw):
    body = BODY.replace(NAME.encode(), flaw)
    assert page_of(body).entries == 20
    middle = body.index(flaw) + len(flaw) // 2
    for length in (len(body) - 1, len(body) - 2, len(body) // 2 + len(flaw), middle):
        assert read_envelope(body[:length]) is None


@pytest.mark.parametrize(
    "text",
    [
        "", " ", ",", ":", "]", "[", "{", "}", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1:2]",
        "{1:2}", '{"a"}',
        '{"a":}', '{"a":1,}', '{"a":1 "b":2}', '{"a" 1}', '{,}', "[)", "[}", "{]", "1 2", "1,", '"', '"a',
        '"a\\"', '["a]', '{"a":1}}', "[[1]", '{"a":[}', '{"a":1:2}', '{[]:1}', "<html>,", "[" * 100_000,
        "[" * 100 + "]" * 99, "[" * 100 + '"' + "]" * 100,
    ],
)  # fmt: skip
def test_what_is_out_of_order_is_not_guessed_at(text):
    with pytest.raises(ValueError, match=r"."):
        read_loosely(text)


def test_a_text_too_long_is_not_worth_the_time(monkeypatch):
    monkeypatch.setattr(loose_json, "CHARACTERS_MAX", 5)
    assert read_loosely("[1,2]") == [1, 2]
    with pytest.raises(ValueError, match="too long"):
        read_loosely("[1, 2]")


any_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=20,
)


@given(any_json, st.booleans(), st.sampled_from([None, 1]))
def test_sound_json_is_read_as_any_reader_reads_it(value, ascii_only, indent):
    assert read_loosely(json.dumps(value, ensure_ascii=ascii_only, indent=indent)) == value


@given(any_json)
def test_what_is_written_is_what_python_writes(value):
    assert write(value) == json.dumps(value)


@given(any_json, st.data())
def test_sound_json_that_is_cut_is_not_read(value, data):
    text = json.dumps({"data": value})
    with pytest.raises(ValueError, match=r"."):
        read_loosely(text[: data.draw(st.integers(0, len(text) - 1))])


@given(st.text() | st.text('[]{},:"\\ ua0'))
def test_any_text_is_read_or_refused(text):
    with suppress(ValueError):
        write(read_loosely(text))


def test_the_deepest_level_that_is_read_is_the_last_before_text():
    text = "[" * (DEPTH_MAX + 1) + "]" * (DEPTH_MAX + 1)
    value = read_loosely(text)
    for _ in range(DEPTH_MAX - 1):
        (value,) = value
    assert value == ["[]"]
