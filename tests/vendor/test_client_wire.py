"""The real client on real sockets, with a server that counts on its own side."""

from __future__ import annotations

import asyncio
import errno
import gzip
import logging
import socket
import ssl
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import aiohttp
import pytest

from crawler.model import CallFailed, FailureKind, NoConnection, PageRequest, Reply
from crawler.vendor.client import BODY_BYTES_MAX, ApiSettings, open_api
from crawler.vendor.failures import why_not_connected
from tests.simulation import virtual_time
from tests.vendor.wire import Way, answer, chunked, playing

TOKEN = "t0ken-of-the-test"
REQUEST = PageRequest("/api/xiaohongshu/search-user/v2", {"keyword": "穿搭 & a=1+#?%41", "page": "3"})
BODY = b'{"code": 0, "message": "ok", "data": {"users": []}}'
PAGE = answer(BODY)
SELF_SIGNED = Path(__file__).parents[1] / "data" / "self-signed.pem"


def opened(wire, timeout_seconds=30.0):
    return open_api(ApiSettings(wire.base_url, TOKEN, timeout_seconds))


async def outcome_of(*answers, timeout_seconds=30.0, tls=None):
    """The outcome of one call and the number of requests that it was on the wire."""
    async with playing(*answers, tls=tls) as wire, opened(wire, timeout_seconds) as api:
        return await api.call(REQUEST), len(wire.requests)


async def test_a_call_asks_for_exactly_what_it_was_told():
    async with playing(PAGE) as wire, opened(wire) as api:
        assert isinstance(await api.call(REQUEST), Reply)
    assert wire.requests[0].startswith(f"GET {REQUEST.path}?")
    assert wire.queries == [{"token": TOKEN, "keyword": REQUEST.parameters["keyword"], "page": "3"}]


async def test_calls_share_a_connection_and_bring_no_cookies_back():
    async with playing(answer(BODY, "Set-Cookie: a=1; Path=/")) as wire, opened(wire) as api:
        for _ in range(3):
            assert isinstance(await api.call(REQUEST), Reply)
    assert (wire.connections, len(wire.requests)) == (1, 3)
    assert "Cookie" not in "".join(wire.requests)


async def test_a_connection_that_has_idled_too_long_is_not_used_again():
    async with playing(PAGE) as wire, open_api(ApiSettings(wire.base_url, TOKEN, 30.0, 0.0)) as api:
        for _ in range(3):
            assert isinstance(await api.call(REQUEST), Reply)
    assert (wire.connections, len(wire.requests)) == (3, 3)


async def test_an_answer_that_nobody_asked_for_is_never_the_next_calls_page():
    unasked = answer(BODY.replace(b"ok", b"unasked"))
    async with playing(PAGE + unasked, PAGE) as wire, opened(wire) as api:
        first = await api.call(REQUEST)
        second = await api.call(REQUEST)
    assert isinstance(first, Reply) and isinstance(second, Reply)
    assert (first.message, second.message) == ("ok", "ok")
    assert (wire.connections, len(wire.requests)) == (2, 2)


async def test_an_answer_that_comes_unasked_while_a_connection_idles_is_never_the_next_calls_page():
    async with playing(PAGE, PAGE) as wire, opened(wire) as api:
        await api.call(REQUEST)
        await wire.say(answer(BODY.replace(b"ok", b"unasked")))
        second = await api.call(REQUEST)
    assert isinstance(second, Reply) and second.message == "ok"
    assert (wire.connections, len(wire.requests)) == (2, 2)


BREAKS = [Way.CLOSE, Way.RESET, (b"HTTP/1.1 2", Way.CLOSE), (b"HTTP/1.1 200 OK\r\nContent-", Way.RESET)]


@pytest.mark.parametrize("broken", BREAKS)
async def test_a_call_whose_kept_alive_connection_breaks_is_one_request(broken):
    async with playing(PAGE, broken, PAGE) as wire, opened(wire) as api:
        outcomes = [await api.call(REQUEST) for _ in range(3)]
    assert [type(outcome) for outcome in outcomes] == [Reply, CallFailed, Reply]
    assert outcomes[1].kind is FailureKind.DROPPED
    assert len(wire.requests) == 3


@pytest.mark.parametrize("broken", BREAKS)
async def test_a_call_whose_fresh_connection_breaks_is_one_request(broken):
    outcome, requests = await outcome_of(broken)
    assert (outcome.kind, requests) == (FailureKind.DROPPED, 1)


@pytest.mark.parametrize("broken", [Way.CLOSE, Way.RESET])
async def test_the_server_sees_when_a_client_sends_a_request_again_by_itself(broken):
    """What the tests above would find if the client did nothing about it: aiohttp alone does just that."""
    async with playing(PAGE, broken, PAGE) as wire, aiohttp.ClientSession() as session:
        for _ in range(2):
            async with session.get(wire.base_url) as response:
                assert await response.read() == BODY
    assert len(wire.requests) == 3


async def test_many_calls_over_connections_that_keep_breaking_are_as_many_requests():
    async with playing(*[PAGE, PAGE, Way.CLOSE, PAGE, Way.RESET] * 20) as wire, opened(wire) as api:
        for _ in range(5):
            await asyncio.gather(*(api.call(REQUEST) for _ in range(20)))
    assert len(wire.requests) == 100


async def test_a_call_after_the_server_closed_an_idle_connection_is_at_most_one_request():
    async with playing((PAGE, Way.CLOSE)) as wire, opened(wire) as api:
        outcomes = [await api.call(REQUEST) for _ in range(10)]
    assert len(wire.requests) == sum(isinstance(outcome, Reply) for outcome in outcomes)


CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "cut",
    [
        PAGE[:-1],
        PAGE[: -len(BODY)],
        chunked(BODY)[:-5],
        chunked(BODY[:5], BODY[5:])[:-20],
        CHUNKED_HEAD,
        CHUNKED_HEAD + b"ZZZ\r\nnot a chunk\r\n",
        CHUNKED_HEAD + b"5\r\n" + BODY,
        CHUNKED_HEAD + b"-5\r\n" + BODY,
        CHUNKED_HEAD + b"ffffffffffffffffffff\r\n" + BODY,
        answer(b"this is no gzip", "Content-Encoding: gzip"),
        answer(gzip.compress(BODY)[:-12], "Content-Encoding: gzip"),
        answer(b"x", "Content-Encoding: deflate"),
    ],
)
async def test_a_body_that_is_cut_or_garbled_is_a_failure_and_one_request(cut):
    outcome, requests = await outcome_of((cut, Way.CLOSE))
    assert isinstance(outcome, CallFailed)
    assert outcome.kind in (FailureKind.DROPPED, FailureKind.UNREADABLE)
    assert requests == 1


@pytest.mark.parametrize(
    "garbage",
    [
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n" + BODY,
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n" + BODY,
        b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n" + BODY,
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n" + BODY,
        b"\x16\x03\x01\x02\x00" * 20,
        b"\0" * 100,
    ],
)
async def test_what_is_no_http_is_a_failure_and_one_request(garbage):
    outcome, requests = await outcome_of((garbage, Way.CLOSE))
    assert (outcome.kind, requests) == (FailureKind.DROPPED, 1)


@pytest.mark.parametrize(
    "good",
    [
        chunked(BODY),
        chunked(*(BODY[at : at + 1] for at in range(len(BODY)))),
        answer(gzip.compress(BODY), "Content-Encoding: gzip"),
        (b"HTTP/1.0 200 OK\r\n\r\n" + BODY, Way.CLOSE),
        answer(BODY, "Content-Type: text/html; charset=nonsense"),
        b"HTTP/1.1 100 Continue\r\n\r\n" + PAGE,
    ],
)
async def test_a_whole_body_is_read_however_it_is_sent(good):
    outcome, requests = await outcome_of(good)
    assert isinstance(outcome, Reply)
    assert (outcome.code, outcome.data, requests) == (0, {"users": []}, 1)


def filled_up(size):
    """An envelope of `size` bytes."""
    start, end = b'{"code": 0, "data": "', b'"}'
    return start + b"x" * (size - len(start) - len(end)) + end


async def test_an_answer_of_the_largest_size_is_read():
    outcome, _requests = await outcome_of(answer(filled_up(BODY_BYTES_MAX)))
    assert isinstance(outcome, Reply)
    assert len(outcome.body) == BODY_BYTES_MAX


@pytest.mark.parametrize(
    "large",
    [
        answer(filled_up(BODY_BYTES_MAX + 1)),
        (f"HTTP/1.1 200 OK\r\nContent-Length: {10**15}\r\n\r\n".encode(), Way.HANG),
        chunked(filled_up(BODY_BYTES_MAX + 1)),
        answer(gzip.compress(filled_up(BODY_BYTES_MAX + 1), 1), "Content-Encoding: gzip"),
    ],
    ids=["announced", "endless", "chunked", "compressed"],
)
async def test_an_answer_beyond_the_largest_size_is_given_up(large):
    outcome, requests = await outcome_of(large)
    assert (outcome.kind, outcome.http_status, requests) == (FailureKind.TOO_LARGE, 200, 1)


async def test_a_redirect_is_followed_nowhere():
    async with playing(PAGE) as elsewhere:
        location = f"Location: {elsewhere.base_url}/?token={TOKEN}"
        for status in ("301 Moved", "302 Found", "307 Temporary", "308 Permanent"):
            outcome, requests = await outcome_of(answer(b"", location, status=status))
            assert (outcome.kind, outcome.detail, requests) == (FailureKind.UNREADABLE, "a redirect", 1)
    assert elsewhere.connections == 0


@pytest.mark.parametrize("part", [b"", b"HTTP/1.1 200 OK\r\n", PAGE[:-5], CHUNKED_HEAD])
def test_a_server_that_hangs_is_a_timeout_and_one_request(part):
    outcome, requests = virtual_time.run(outcome_of((part, Way.HANG), timeout_seconds=120))
    assert (outcome.kind, outcome.milliseconds, requests) == (FailureKind.TIMEOUT, 120_000, 1)


@pytest.mark.parametrize(("timeout_seconds", "milliseconds"), [(120, 30_000), (10, 5_000)])
def test_a_server_that_takes_no_connection_is_given_up_early_and_nothing_was_sent(
    timeout_seconds, milliseconds
):
    async def main(base_url):
        async with open_api(ApiSettings(base_url, TOKEN, timeout_seconds)) as api:
            return await api.call(REQUEST)

    with socket.socket() as busy, ExitStack() as waiting:
        busy.bind(("127.0.0.1", 0))
        busy.listen(0)
        for _ in range(3):  # what fills the queue of a listener who never accepts
            client = waiting.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(busy.getsockname())
        outcome = virtual_time.run(main(f"http://127.0.0.1:{busy.getsockname()[1]}"))
    assert (outcome.kind, outcome.milliseconds) == (FailureKind.NOT_SENT, milliseconds)


async def test_a_cancelled_call_is_cancelled_and_one_request():
    async with playing(Way.HANG) as wire, opened(wire) as api:
        call = asyncio.create_task(api.call(REQUEST))
        while not wire.requests:
            await asyncio.sleep(0.001)
        call.cancel()
        with suppress(asyncio.CancelledError):
            await call
        assert call.cancelled()
    assert len(wire.requests) == 1


async def test_a_refused_connection_means_that_nothing_was_sent():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        settings = ApiSettings(f"http://127.0.0.1:{unused.getsockname()[1]}", TOKEN)
        async with open_api(settings) as api:
            outcome = await api.call(REQUEST)
    assert outcome.kind is FailureKind.NOT_SENT
    assert outcome.error == "ClientConnectorError"


async def test_a_certificate_that_nobody_vouches_for_means_that_nothing_was_sent():
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(SELF_SIGNED)
    outcome, requests = await outcome_of(PAGE, tls=tls)
    assert (outcome.kind, requests) == (FailureKind.NOT_SENT, 0)
    assert (outcome.error, outcome.detail) == ("ClientConnectorCertificateError", "TLS failed")


@pytest.mark.parametrize("hello", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"\x16\x03\x03\xff\xff"])
async def test_a_server_that_speaks_no_tls_means_that_nothing_was_sent(hello):
    async def serve(_reader, writer):
        writer.write(hello)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        settings = ApiSettings(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}", TOKEN)
        async with open_api(settings) as api:
            outcome = await api.call(REQUEST)
    assert outcome.kind is FailureKind.NOT_SENT


@pytest.mark.parametrize(
    "value", ["Wed, 21 Oct 99999999999 07:28:00 GMT", "Wed, 21 Oct 2015 07:28:00 +999999999"]
)
async def test_a_wait_that_nobody_can_read_costs_nothing(value):
    outcome, _requests = await outcome_of(answer(BODY, f"Retry-After: {value}"))
    assert isinstance(outcome, Reply)


@pytest.mark.parametrize("depth", [100, 300, 1000, 100_000])
@pytest.mark.parametrize("said", ["穿\\u0026", TOKEN, TOKEN.replace("-", "\\u002D")])
async def test_a_body_nested_however_deep_is_an_outcome_and_the_token_is_not_in_it(said, depth):
    nested = "[" * depth + f'"{said}"' + "]" * depth
    outcome, requests = await outcome_of(answer(f'{{"code": 0, "data": {nested}}}'.encode()))
    if isinstance(outcome, Reply):
        assert outcome.body.endswith(b"]" * depth + b"}")
        assert b"t0ken" not in outcome.body
    else:
        assert outcome.kind is FailureKind.UNREADABLE
    assert requests == 1


@pytest.mark.parametrize(
    "reply",
    [
        PAGE,
        answer(b'{"code": 100, "message": "bad token ' + TOKEN.encode() + b'"}', status="401 Unauthorized"),
        answer(b"<html>no such page: ?token=" + TOKEN.encode(), status="404 Not Found"),
        answer(b"", f"Location: https://elsewhere.test/?token={TOKEN}", status="302 Found"),
        Way.CLOSE,
        Way.RESET,
        Way.HANG,
        (PAGE[:-1], Way.CLOSE),
        (CHUNKED_HEAD + b"ZZZ", Way.CLOSE),
        (b"HTTP/1.1 200 " + TOKEN.encode() + b"\r\nX" + TOKEN.encode() + b"\r\n\r\n", Way.CLOSE),
    ],
)
async def test_the_token_is_in_no_outcome_and_no_log_record(reply, caplog):
    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)
    outcome, _requests = await outcome_of(reply, timeout_seconds=0.1)
    assert TOKEN not in repr(outcome)
    assert TOKEN not in caplog.text
    assert all(TOKEN not in repr(record.__dict__) for record in caplog.records)


NOWHERE = {
    NoConnection.INVALID_ADDRESS: [
        "http://a..b", "http://.", "http://.a", "http://..", "http://" + "a" * 64, "http://" + "ü" * 60, "http://\u200b",
        "http://[::1", "http://[zz]", "http://a:99999", "http://a:x", "http://a\\b", "http:a", "http:///x", "http://:80",
        "http://127.1:1", "http://256.256.256.256", "http://999", "http://\ud800", "http://a\ud800b", "http://\u2100.invalid",
        "http://xn--zz--\u00fc.test", "", "/", "nonsense", "http://", "http://?", "http://a:0",
    ],
    NoConnection.REFUSED: ["http://127.0.0.1:1", "https://127.0.0.1:1", "http://[::1]:1", "http://localhost:1"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("base_url", "reason"), [(url, reason) for reason, urls in NOWHERE.items() for url in urls]
)
async def test_a_call_to_nowhere_was_not_sent_and_says_why(base_url, reason):
    async with open_api(ApiSettings(base_url, TOKEN, 10.0)) as api:
        outcome = await api.call(REQUEST)
    assert (outcome.kind, outcome.no_connection) == (FailureKind.NOT_SENT, reason)
    assert TOKEN not in repr(outcome)


@pytest.mark.parametrize(
    "name", ["a b", "a%20b", "a\x00b", "a\nb", "*", "nosuch.invalid", "☃.invalid", "[fe80::1%25none]:1"]
)
async def test_a_call_to_a_name_that_nobody_has_was_not_sent(name):
    async with open_api(ApiSettings(f"http://{name}", TOKEN, 10.0)) as api:
        outcome = await api.call(REQUEST)
    assert outcome.kind is FailureKind.NOT_SENT
    assert outcome.no_connection is not None


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\n\r\n", b"\x15\x03\x01\x00\x02\x02\x28"])
async def test_a_call_to_what_speaks_no_tls_was_not_sent(said):
    async def serve(reader, writer):
        writer.write(said)
        await reader.read(100)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        base_url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with open_api(ApiSettings(base_url, TOKEN, 10.0)) as api:
            outcome = await api.call(REQUEST)
    assert (outcome.kind, outcome.no_connection) == (FailureKind.NOT_SENT, NoConnection.TLS)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (socket.gaierror(socket.EAI_NONAME, "no such name"), NoConnection.NO_SUCH_NAME),
        (socket.gaierror(socket.EAI_AGAIN, "try again"), NoConnection.UNREACHABLE),
        (OSError(errno.ENETUNREACH, "no way"), NoConnection.UNREACHABLE),
        (OSError("Multiple exceptions: [Errno 111] here, [Errno 111] there"), NoConnection.REFUSED),
        (TimeoutError(), NoConnection.UNREACHABLE),
        (UnicodeError("label empty"), NoConnection.INVALID_ADDRESS),
    ],
)  # fmt: skip
def test_what_the_system_says_of_an_address(error, reason):
    assert why_not_connected(error) is reason


async def test_what_broke_after_a_connection_has_no_word_about_the_address():
    for broken in (Way.CLOSE, Way.RESET):
        outcome, _requests = await outcome_of(broken)
        assert (outcome.kind, outcome.no_connection) == (FailureKind.DROPPED, None)


@pytest.mark.parametrize("size", [100, 100_000, 1_000_000])
@pytest.mark.parametrize("stopped_seconds", [0.5, 1.5])
@pytest.mark.parametrize("tls", [False, True])
async def test_an_answer_that_came_while_nothing_ran_here_is_read(size, stopped_seconds, tls, monkeypatch):
    """A loop that is held up is to its calls what a stopped process is, but for who wakes it."""
    asked = threading.Event()
    requests = []
    trusted = ssl.create_default_context(cafile=SELF_SIGNED)
    monkeypatch.setattr(aiohttp.connector, "_SSL_CONTEXT_VERIFIED", trusted)

    def serve():
        connection, _address = listener.accept()
        if tls:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(SELF_SIGNED)
            connection = context.wrap_socket(connection, server_side=True)
        with connection:
            requests.append(connection.recv(65_536))
            asked.set()
            time.sleep(0.1)
            connection.sendall(answer(filled_up(size)))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = threading.Thread(target=serve)
        serving.start()
        base_url = f"http{'s' if tls else ''}://127.0.0.1:{listener.getsockname()[1]}"
        async with open_api(ApiSettings(base_url, TOKEN, 0.4)) as api:
            call = asyncio.create_task(api.call(REQUEST))
            while not asked.is_set():
                await asyncio.sleep(0.001)
            time.sleep(stopped_seconds)
            outcome = await call
        serving.join()
    assert isinstance(outcome, Reply), outcome
    assert len(requests) == 1


def test_a_server_that_sends_a_byte_at_a_time_is_not_listened_to_for_ever():
    """In virtual time nothing is ever quiet where a byte comes each moment."""

    async def main():
        async def drip(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            with suppress(ConnectionError):
                while True:
                    writer.write(b" ")
                    await writer.drain()
                    await asyncio.sleep(0 if asyncio.get_running_loop().time() >= 1060.0 else 1.0)

        async with await asyncio.start_server(drip, "127.0.0.1", 0) as server:
            base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            async with open_api(ApiSettings(base_url, TOKEN, 60.0)) as api:
                return await api.call(REQUEST)

    outcome = virtual_time.run(main())
    assert (outcome.kind, outcome.milliseconds) == (FailureKind.TIMEOUT, 60_000)
