"""Bodies in, envelopes out."""

from __future__ import annotations

import codecs

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.vendor.envelope import Envelope, read_envelope

any_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("code", "read"),
    [
        ("0", 0),
        ('"0"', 0),
        ('" 303 "', 303),
        ("303.0", 303),
        ("-1", -1),
        ('"-1"', "-1"),
        ('"0000000301"', "0000000301"),
        ('"３０１"', "３０１"),
        ('"OK"', "OK"),
    ],
)
def test_a_code_may_be_a_number_or_text(code, read):
    assert read_envelope(f'{{"code": {code}}}'.encode()) == Envelope(read, "", None)


@pytest.mark.parametrize("code", ["null", "true", "false", '""', '" "', "[]", "{}", "0.5", "1e999", "NaN"])
def test_an_answer_whose_code_is_none_has_no_envelope(code):
    assert read_envelope(f'{{"code": {code}, "data": {{}}}}'.encode()) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"<html><body>502 Bad Gateway</body></html>",
        b"OK",
        b"null",
        b"0",
        b"[]",
        b'"code"',
        b"{}",
        b'{"message": "no code"}',
        b'{"code": 0, "data": {"users": [{"id": "68b0',
        b'{"code": 0}{"code": 0}',
        b"\xff\xfe\xfd",
        b"\x00" * 10,
        b"[" * 100_000,
    ],
)
def test_what_is_no_business_answer_has_no_envelope(body):
    assert read_envelope(body) is None


@pytest.mark.parametrize("message", [None, 7, ["x"], {"text": "x"}])
def test_a_message_that_is_no_text_is_empty(message):
    assert read_envelope(orjson.dumps({"code": 0, "message": message})).message == ""


@pytest.mark.parametrize(
    "body",
    [
        '{"code": 0, "message": "成功", "data": [1]}'.encode(),
        codecs.BOM_UTF8 + '{"code": 0, "message": "成功", "data": [1]}'.encode(),
        '{"code": 0, "message": "成功", "data": [1]}'.encode("gb18030"),
        '{"code": 0, "message": "成功", "data": [1]}'.encode("utf-16"),
    ],
)
def test_an_envelope_is_read_in_any_encoding(body):
    assert read_envelope(body) == Envelope(0, "成功", [1])


def test_half_a_surrogate_pair_does_not_cost_the_page():
    body = rb'{"code": 0, "data": {"name\ud800": ["\udc00x"]}}'
    assert read_envelope(body) == Envelope(0, "", {"name?": ["?x"]})


def test_numbers_that_json_does_not_know_do_not_cost_the_page():
    assert read_envelope(b'{"code": 0, "data": {"fans": Infinity}}').data == {"fans": float("inf")}


@given(any_json)
def test_data_comes_as_it_was_sent(data):
    assert read_envelope(orjson.dumps({"code": 0, "data": data})) == Envelope(0, "", data)


@given(st.binary() | st.binary().map(lambda data: b'{"code": 0, "data": "' + data + b'"}'))
def test_any_bytes_are_read_or_not_and_never_raise(body):
    envelope = read_envelope(body)
    assert envelope is None or isinstance(envelope.code, int | str)


@given(any_json.map(lambda data: orjson.dumps({"code": 0, "data": data})), st.data())
def test_a_cut_answer_has_no_envelope(body, data):
    cut = data.draw(st.integers(0, len(body) - 1))
    assert read_envelope(body[:cut]) is None
