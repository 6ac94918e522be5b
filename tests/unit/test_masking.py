"""The token is taken out of an answer in whatever spelling it comes."""

import json
from urllib.parse import quote

import pytest

from crawler.envelope import read_envelope
from crawler.masking import TokenMask

TOKEN = "tok/SECRET&8b1f 2c"
PLAIN = {"code": 0, "message": "ok", "data": {"users": [{"id": "a" * 24, "name": "穿搭 token"}]}}


def answer(message):
    return {
        "code": 300,
        "message": message,
        "data": {"url": f"https://x/?token={message}&page=1", message: [1]},
    }


SPELLINGS = {
    "as it is": json.dumps(answer(TOKEN)).encode(),
    "escaped slashes": json.dumps(answer(TOKEN)).replace("/", "\\/").encode(),
    "percent-encoded": json.dumps(answer(quote(TOKEN, safe=""))).encode(),
    "UTF-16": json.dumps(answer(TOKEN)).encode("utf-16"),
    "escaped letters": json.dumps(answer("@"))
    .replace("@", "".join(f"\\u{ord(c):04x}" for c in TOKEN))
    .encode(),
    "in HTML": f"<html>no such page: ?token={TOKEN}</html>".encode(),
}


@pytest.mark.parametrize("body", SPELLINGS.values(), ids=SPELLINGS)
def test_no_spelling_of_the_token_is_left(body):
    masked = TokenMask(TOKEN).in_body(body)
    envelope = read_envelope(masked)
    for text in (masked.decode("latin-1"), masked.decode("utf-16", "replace"), repr(envelope)):
        assert TOKEN not in text
        assert quote(TOKEN, safe="") not in text
    assert envelope is None or envelope.code == 300


@pytest.mark.parametrize("token", [TOKEN, "e", "t", "0"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb18030"])
def test_an_answer_without_the_token_is_left_as_it_is(token, encoding):
    body = json.dumps(PLAIN, ensure_ascii=False).encode(encoding)
    assert read_envelope(TokenMask(token).in_body(body)) == read_envelope(body)


def test_an_answer_in_escapes_without_the_token_keeps_its_bytes():
    body = json.dumps({"code": 0, "message": "\u00e9\u4e2d"}).replace("o", "\\u006f").encode()
    assert TokenMask(TOKEN).in_body(body) == body
