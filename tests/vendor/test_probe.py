"""Whether the service is there, asked for free: the ping carries no token, and clocks are compared."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from crawler.model import NoConnection
from crawler.vendor.client import ApiSettings
from crawler.vendor.probe import Verdict, probe

NOW = datetime(2026, 11, 26, 1, 0, 0, 500_000, tzinfo=UTC)
DATE = "Thu, 26 Nov 2026 00:58:00 GMT"
BALANCE = b'{"code":%s,"data":{"balance":3.5,"currency":"CNY"}}'


async def answered(dated, code):
    """What a service that answers so is found to be, and the targets it was asked for."""
    targets = []

    async def serve(reader, writer):
        while head := await reader.readuntil(b"\r\n\r\n"):
            targets.append(head.split()[1].decode())
            body = BALANCE % code
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n" % (len(body), dated) + body)
            break
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        found = await probe(ApiSettings(f"http://127.0.0.1:{port}", "a-token"), lambda: NOW)
    return found, targets


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        (b"0", Verdict.ACCEPTED),
        (b'"0"', Verdict.ACCEPTED),
        (b"100", Verdict.REFUSED),
        (b"101", Verdict.REFUSED),
        (b"404", Verdict.UNTOLD),
        (b"7", Verdict.UNTOLD),
        (b'"x"', Verdict.UNTOLD),
    ],
)
async def test_the_balance_tells_whether_the_token_is_accepted(code, verdict):
    found, targets = await answered(b"", code)
    assert (found.token, found.clock_ahead) == (verdict, None)
    assert targets == ["/ping", "/user/get-balance?token=a-token"]


async def test_clocks_are_compared():
    found, _targets = await answered(f"Date: {DATE}\r\n".encode(), b"0")
    assert found.clock_ahead == timedelta(minutes=2)


@pytest.mark.parametrize(
    "dated",
    [
        b"Date: soon\r\n",
        b"Date: Thu, 99 Nov 99999 00:00:00 GMT\r\n",
        b"Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n",
        b"Date: Fri, 31 Dec 9999 23:59:59 -2359\r\n",
    ],
)
async def test_a_date_that_is_none_is_passed_over(dated):
    found, _targets = await answered(dated, b"0")
    assert (found.clock_ahead, found.token) == (None, Verdict.ACCEPTED)


async def test_nobody_there():
    found = await probe(ApiSettings("http://127.0.0.1:9", "a-token"))
    assert (found.milliseconds, found.no_connection) == (None, NoConnection.REFUSED)
