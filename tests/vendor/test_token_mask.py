"""The token is taken out of an answer in whatever spelling and encoding it comes."""

import codecs
import json
import re
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.vendor.envelope import read_envelope
from crawler.vendor.token_mask import TOKEN_LENGTH_TELLING, TOKEN_MASK, TokenMask

LONG = "tok/SECRET+8b1f&2c=="
SHORT = "a+b/c="
PLAIN = {"code": 0, "message": "ok", "data": {"users": [{"id": "a" * 24, "name": "穿搭 token"}]}}


def plain(text):
    return json.dumps(text)[1:-1]


def escaped(text):
    return "".join(f"\\u{ord(character):04x}" for character in text)


def percent(text):
    return "".join(f"%{ord(character):02x}" for character in text)


def dot_net(text):
    return text.replace("+", "\\u002B").replace("&", "\\u0026")


def slashes(text):
    return text.replace("/", "\\/")


SPELLINGS = {
    "as it is": plain,
    "slashes": lambda text: slashes(plain(text)),
    "slashes and .NET": lambda text: dot_net(slashes(plain(text))),
    "escaped": escaped,
    "percent": lambda text: quote(text, safe=""),
    "percent, lower case": lambda text: re.sub("[^a-zA-Z0-9]", lambda found: percent(found[0]), text),
    "percent without the slash": quote,
    "percent for all": percent,
    "percent twice": lambda text: quote(quote(text, safe=""), safe=""),
    "percent sign escaped": lambda text: percent(text).replace("%", "\\u0025"),
    "percent, all escaped": lambda text: escaped(percent(text).upper()),
    "character by character": lambda text: (
        text[0] + escaped(text[1]) + percent(text[2]) + escaped(percent(text[3])) + slashes(plain(text[4:]))
    ),
    "JSON in JSON": lambda text: escaped(text).replace("\\", "\\\\"),
}
ENCODINGS = {
    "UTF-8": lambda text: text.encode(),
    "UTF-8 with a mark": lambda text: text.encode("utf-8-sig"),
    "UTF-16, little end": lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
    "UTF-16, big end": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
    "GB18030": lambda text: text.encode("gb18030"),
    "UTF-8 with NaN": lambda text: text.replace("[1]", "[NaN]").encode(),
    "UTF-8 with half a pair": lambda text: text.replace("穿", "\\ud800").encode(),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("token", [LONG, SHORT, "100%+2b%/abcd=", 'quo"te\\back\\\\slash'])
def test_no_spelling_of_the_token_is_left_in_any_encoding(token, spelling, encoding):
    name = "" if len(token) >= TOKEN_LENGTH_TELLING else "token="
    written = SPELLINGS[spelling](name + token)
    answer = '{"code":300,"message":"?%s&page=1","data":{"穿搭":"誠%s搭","%s":[1]}}'
    body = ENCODINGS[encoding](answer % (written, written, written))
    masked = f"{name}{TOKEN_MASK}"
    expected = ENCODINGS[encoding](answer % (masked, masked, masked))
    envelope = read_envelope(TokenMask(token).in_body(body))
    assert envelope is not None
    assert repr(envelope) == repr(read_envelope(expected))  # NaN equals nothing


@pytest.mark.parametrize("token", [LONG, "e", "t", "0", "\\" * 20, ""])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_an_answer_without_the_token_is_the_same_object(token, encoding):
    for text in (
        json.dumps(PLAIN, ensure_ascii=False),
        json.dumps(PLAIN),
        json.dumps(PLAIN).replace("o", "\\u006f").replace("a", "%61"),
        json.dumps({**PLAIN, "message": "100%%%2 \\ u002b \\u00 % " + LONG[1:]}),
    ):
        body = ENCODINGS[encoding](text)
        assert TokenMask(token).in_body(body) is body


def test_a_token_in_html_is_masked():
    body = f"<html>no such page: ?token={quote(LONG)}&amp;page=1</html>".encode()
    assert TokenMask(LONG).in_body(body) == b"<html>no such page: ?token=***&amp;page=1</html>"


WAYS = (
    lambda character: character,
    lambda character: f"\\u{ord(character):04x}",
    lambda character: f"\\u{ord(character):04X}",
    lambda character: f"%{ord(character):02x}",
    lambda character: f"%{ord(character):02X}",
    lambda character: f"%25{ord(character):02X}",
    lambda character: f"\\u0025{ord(character):02X}",
    lambda character: escaped(f"%{ord(character):02x}"),
    lambda character: "\\/" if character == "/" else character,
)
TOKENS = st.text("abcdefXYZ0123456789+/=-_.~&", min_size=1, max_size=40)
BEFORE = st.text("穿誠 25?&=.:", max_size=8)  # without a percent sign, which takes the next two characters
AFTER = st.text("穿誠 25?&=.:%", max_size=8)


@given(st.data(), TOKENS, BEFORE, AFTER, st.sampled_from(list(ENCODINGS)))
def test_any_mixture_of_spellings_is_masked_and_the_answer_still_reads(data, token, before, after, encoding):
    name = "" if len(token) >= TOKEN_LENGTH_TELLING else "token="
    ways = st.lists(st.sampled_from(WAYS), min_size=len(name + token), max_size=len(name + token))
    written = "".join(way(character) for way, character in zip(data.draw(ways), name + token, strict=True))
    body = ENCODINGS[encoding](f'{{"code":300,"message":"{before}{written}{after}","data":[1]}}')
    envelope = read_envelope(TokenMask(token).in_body(body))
    assert envelope is not None and envelope.code == 300
    assert f"{name}{TOKEN_MASK}" in envelope.message
    assert f"{name}{token}" not in envelope.message


@given(st.text(), st.sampled_from([LONG, SHORT]))
def test_whatever_else_an_answer_says_stays(text, token):
    body = json.dumps({"code": 0, "message": text}).encode()
    assert TokenMask(token).in_body(body) is body


@pytest.mark.parametrize("depth", [100, 254, 500, 1000, 100_000])
def test_an_answer_nested_however_deep_is_masked(depth):
    body = f'{{"code":300,"data":{"[" * depth}"{escaped(LONG)}"{"]" * depth}}}'.encode()
    assert TokenMask(LONG).in_body(body) == body.replace(escaped(LONG).encode(), TOKEN_MASK.encode())


@pytest.mark.parametrize("filling", ["\\", "%", "%25", "\\u0074", "t\\\\", LONG[:-1]])
def test_a_large_answer_of_nothing_but_beginnings_is_masked(filling):
    body = (filling * 100_000).encode()
    assert TokenMask(LONG).in_body(body + LONG.encode()).endswith(TOKEN_MASK.encode())
    assert LONG.encode() not in TokenMask(LONG).in_body(body + LONG.encode() + body)
