"""Each way a call can end, with a stand-in for the network; see test_client_wire for real sockets."""

from __future__ import annotations

import asyncio
import logging
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from unittest.mock import Mock

import aiohttp
import pytest
from yarl import URL

from crawler.model import CallFailed, FailureKind, PageRequest, Reply
from crawler.vendor.client import TOKEN_MASK, ApiSettings, open_api

BASE = "https://api.test/prefix"
TOKEN = "t0ken-of-the-test"
PATH = "/api/xiaohongshu/search-user/v2"
REQUEST = PageRequest(PATH, {"keyword": "穿搭 & a=1+#?", "page": "2"})
URL_ASKED = URL(f"{BASE}{PATH}").with_query({**REQUEST.parameters, "token": TOKEN})
PAGE = b'{"code": 0, "message": "ok", "data": {"users": []}}'
CONNECTION = Mock(host="api.test", port=443, ssl=True)


@pytest.fixture
async def api():
    async with open_api(ApiSettings(BASE, TOKEN)) as api:
        yield api


@pytest.fixture
def call(api, answers):
    """The outcome of one call that is answered as told, after which exactly one request was made."""

    async def call(**answer):
        answers.get(URL_ASKED, **answer)
        outcome = await api.call(REQUEST)
        requests = {key: len(made) for key, made in answers.requests.items()}
        assert requests == {("GET", URL_ASKED): 1}
        return outcome

    return call


async def test_an_answer_with_an_envelope_is_a_reply(call):
    outcome = await call(body=PAGE)
    assert outcome == Reply(200, 0, "ok", {"users": []}, PAGE, outcome.milliseconds)
    assert outcome.milliseconds >= 0


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 429, 500, 502, 503])
async def test_the_body_is_read_at_any_status(call, status):
    outcome = await call(status=status, body=b'{"code": "303", "message": null, "data": null}')
    assert (outcome.http_status, outcome.code, outcome.message) == (status, 303, "")


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "an empty answer"),
        (b"<!DOCTYPE html><title>502", "an HTML page"),
        (b"  <HTML>", "an HTML page"),
        (b'{"code": 0, "data": {"users": [', "cut or unknown JSON"),
        (b'{"users": []}', "cut or unknown JSON"),
        (b"Bad Gateway", "no JSON"),
    ],
)
async def test_an_answer_without_an_envelope_is_unreadable_and_says_what_it_looks_like(call, body, detail):
    outcome = await call(status=502, body=body)
    assert outcome == CallFailed(FailureKind.UNREADABLE, detail, outcome.milliseconds, 502)


@pytest.mark.parametrize(
    ("exception", "kind"),
    [
        (aiohttp.ClientConnectorError(CONNECTION, OSError(111, "Connection refused")), FailureKind.NOT_SENT),
        (aiohttp.ClientConnectorDNSError(CONNECTION, OSError(-2, "no such name")), FailureKind.NOT_SENT),
        (aiohttp.ClientConnectorSSLError(CONNECTION, ssl.SSLError()), FailureKind.NOT_SENT),
        (aiohttp.ClientConnectorCertificateError(CONNECTION, Exception(TOKEN)), FailureKind.NOT_SENT),
        (aiohttp.ConnectionTimeoutError(TOKEN), FailureKind.NOT_SENT),
        (aiohttp.InvalidURL(f"{BASE}?token={TOKEN}"), FailureKind.NOT_SENT),
        (aiohttp.ServerTimeoutError(TOKEN), FailureKind.TIMEOUT),
        (TimeoutError(TOKEN), FailureKind.TIMEOUT),
        (aiohttp.ServerDisconnectedError(TOKEN), FailureKind.DROPPED),
        (aiohttp.ClientOSError(104, "Connection reset by peer"), FailureKind.DROPPED),
        (aiohttp.ClientPayloadError(TOKEN), FailureKind.DROPPED),
        (ConnectionResetError(104, "Connection reset by peer"), FailureKind.DROPPED),
        (ValueError(TOKEN), FailureKind.DROPPED),
    ],
)
async def test_every_failure_of_the_network_is_a_value_that_does_not_hold_the_token(call, exception, kind):
    outcome = await call(exception=exception)
    assert isinstance(outcome, CallFailed)
    assert outcome.kind is kind
    assert outcome.error == type(exception).__name__
    assert TOKEN not in repr(outcome)
    assert outcome.http_status is None


async def test_a_cancelled_call_is_cancelled(call):
    with pytest.raises(asyncio.CancelledError):
        await call(exception=asyncio.CancelledError())


@pytest.mark.parametrize("location", ["https://elsewhere.test/?token=x", "/other"])
async def test_a_redirect_is_not_followed(call, location):
    outcome = await call(status=302, headers={"Location": location}, body=b"")
    assert (outcome.kind, outcome.detail, outcome.http_status) == (
        FailureKind.UNREADABLE,
        "a redirect",
        302,
    )


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7.0), (" 0 ", 0.0), ("7.5", None), ("-1", None), ("soon", None), ("", None), ("７²", None)],
)
async def test_a_wait_that_the_server_asks_for_comes_along_in_seconds(call, value, seconds):
    outcome = await call(status=503, headers={"Retry-After": value}, body=b"<html>")
    assert outcome.retry_after_seconds == seconds


async def test_a_wait_that_the_server_asks_for_may_be_a_date(call):
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    outcome = await call(status=429, headers={"Retry-After": date}, body=b'{"code": 302}')
    assert 80 < outcome.retry_after_seconds <= 90


@pytest.mark.parametrize(
    "value", ["Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 21 Oct 2015 07:28:00", "Wed, 21 Oct 2015 07:28:00 -0000"]
)
async def test_a_date_that_is_past_asks_for_no_wait(call, value):
    outcome = await call(headers={"Retry-After": value}, body=PAGE)
    assert outcome.retry_after_seconds == 0


async def test_an_answer_that_repeats_the_token_is_masked_before_anybody_sees_it(call):
    outcome = await call(body=b'{"code": 100, "message": "token %s invalid", "data": null}' % TOKEN.encode())
    assert outcome.message == f"token {TOKEN_MASK} invalid"
    assert TOKEN not in repr(outcome)


async def test_no_log_record_holds_the_token_at_any_verbosity(call, caplog):
    caplog.set_level(logging.DEBUG)
    await call(exception=aiohttp.ServerDisconnectedError(TOKEN))
    assert TOKEN not in caplog.text
