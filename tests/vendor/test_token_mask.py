"""The token is taken out of an answer in whatever spelling and encoding it comes."""

import codecs
import html
import json
import re
from base64 import b64encode, urlsafe_b64encode
from html.entities import html5
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.vendor.envelope import read_envelope
from crawler.vendor.token_mask import (
    OVERLAP_BYTES,
    TOKEN_LENGTH_TELLING,
    TOKEN_MASK,
    WINDOW_BYTES,
    TokenMask,
    TokenMasks,
)

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


NAMED = {
    character: f"&{name}"
    for name, character in sorted(html5.items())
    if name.endswith(";") and len(character) == 1 and character.isascii()
}


def decimal(text):
    return "".join(f"&#{ord(character)};" for character in text)


def hexadecimal(text):
    return "".join(f"&#x{ord(character):x};" for character in text)


def named(text):
    """As the strictest of HTML writers has it: whatever has a name by its name."""
    return "".join(NAMED.get(character, character) for character in text)


def times(count, text):
    for _ in range(count):
        text = quote(text, safe="")
    return text


def b64(text):
    return b64encode(text.encode()).decode()


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
    "percent three times": lambda text: times(3, text),
    "percent six times": lambda text: times(6, percent(text)),
    "percent of JavaScript": lambda text: "".join(f"%u{ord(character):04X}" for character in text),
    "decimal entities": decimal,
    "decimal entities with zeros": lambda text: "".join(f"&#000{ord(character)};" for character in text),
    "decimal entities without their ends": lambda text: decimal(text).replace(";", ""),
    "hexadecimal entities": hexadecimal,
    "hexadecimal entities, upper case": lambda text: hexadecimal(text).upper(),
    "named entities": named,
    "HTML": lambda text: plain(html.escape(text)),
    "entities of entities": lambda text: html.escape(html.escape(decimal(text))),
    "entities, their ampersands escaped": lambda text: decimal(text).replace("&", "\\u0026"),
    "entities, percent": lambda text: quote(hexadecimal(text), safe=""),
    "entities, all escaped": lambda text: escaped(named(decimal(text[:3]) + text[3:])),
    "JavaScript in JSON": lambda text: "".join(f"\\\\x{ord(character):02X}" for character in text),
    "hexadecimal": lambda text: text.encode().hex(),
    "hexadecimal, upper case": lambda text: text.encode().hex().upper(),
    "hexadecimal of percent": lambda text: quote(text, safe="").encode().hex(),
    "base64": b64,
    "base64, slashes": lambda text: slashes(b64(text)),
    "base64, percent": lambda text: quote(b64(text), safe=""),
    "base64, .NET": lambda text: dot_net(b64(text)).replace("=", "\\u003d"),
    "base64, entities": lambda text: decimal(b64(text)),
    "base64, all escaped": lambda text: escaped(b64(text)),
    "base64 of percent": lambda text: b64(quote(text, safe="")),
    "base64 for addresses": lambda text: urlsafe_b64encode(text.encode()).decode(),
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


@given(
    st.binary(max_size=10), st.binary(max_size=10), st.booleans(), st.sampled_from([LONG, "tok_8f2b9c1d7e6a"])
)
def test_base64_of_more_than_the_token_loses_just_what_tells_of_it(before, after, for_addresses, token):
    """Wherever in the three bytes of a group it begins."""
    encode = urlsafe_b64encode if for_addresses else b64encode
    whole = encode(before + token.encode() + after).decode()
    first, end = 8 * len(before) // 6, -(-8 * len(before + token.encode()) // 6)
    body = json.dumps({"code": 0, "message": f"穿: {whole}!"}).encode()
    message = read_envelope(TokenMask(token).in_body(body)).message
    assert message == f"穿: {whole[:first]}{TOKEN_MASK}{whole[end:].lstrip('=')}!"


@pytest.mark.parametrize("before", ["穿", '"', "\\", "\n", "穿\n", "A", "0", "u00", "%"])
@pytest.mark.parametrize("token", ["0123456789abcdef", "f00dfacef00dface", "n8c1d7e6a5043b1c2"])
@pytest.mark.parametrize(
    "written", [lambda text: text, escaped, percent, decimal, b64, lambda t: b64("x" + t)]
)
def test_an_answer_that_ends_an_escape_before_the_token_still_reads(before, token, written):
    body = f'{{"code":300,"message":{json.dumps(before)[:-1]}{written(token)}"}}'.encode()
    masked = TokenMask(token).in_body(body)
    assert json.loads(masked)["message"].endswith("***")


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_the_token_is_masked_wherever_it_stands_in_a_large_answer(spelling):
    written = SPELLINGS[spelling](LONG)
    mask = TokenMask(LONG)
    around = WINDOW_BYTES - OVERLAP_BYTES
    for offset in (
        0,
        1,
        around - len(written) // 2,
        around,
        WINDOW_BYTES - len(written) // 2,
        3 * around - 7,
    ):
        body = b"x" * offset + written.encode() + b"y" * (3 * around - offset)
        masked = mask.in_body(body)
        assert masked.strip(b"xy") == b"***"


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
    lambda character: f"%2525{ord(character):02X}",
    lambda character: times(4, percent(character)),
    lambda character: f"&#{ord(character)};",
    lambda character: f"&#x{ord(character):02X};",
    lambda character: f"&amp;#{ord(character)};",
    lambda character: f"\\u0026#{ord(character)};",
    lambda character: quote(f"&#{ord(character)};"),
    lambda character: f"\\\\x{ord(character):02x}",
    lambda character: NAMED.get(character, character),
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


@pytest.mark.parametrize(
    "filling",
    ["&", "&amp;", "&#", "&#0", "&#x", "%u00", "\\x", "\\", "%", "%25", "\\u0074", "t\\\\", LONG[:-1]],
)
def test_a_large_answer_of_nothing_but_beginnings_is_masked(filling):
    body = (filling * 100_000).encode()
    assert TokenMask(LONG).in_body(body + LONG.encode()).endswith(TOKEN_MASK.encode())
    assert LONG.encode() not in TokenMask(LONG).in_body(body + LONG.encode() + body)


def test_the_tokens_of_all_accounts_are_taken_out_of_an_answer():
    long, longer = "tok-MAIN-77aa01c3", "tok-MAIN-77aa01c3-too"
    body = f'{{"asked": "token={longer}", "before": "{long}", "escaped": "{quote(longer)}"}}'.encode()
    masked = TokenMasks(long, longer, long).in_body(body)
    assert masked == b'{"asked": "token=***", "before": "***", "escaped": "***"}'
