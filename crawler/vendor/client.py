"""The HTTP edge: one `PageRequest` is one request on the wire, and every way it can end is a value.

The token is a query parameter, so no URL and no text of an exception of the HTTP library leaves this module.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import aiohttp
from aiohttp.tracing import Trace
from yarl import URL

from crawler.model import CallFailed, FailureKind, NoConnection, Outcome, PageRequest, Reply
from crawler.vendor.deadline import Deadline, Heard
from crawler.vendor.envelope import read_envelope
from crawler.vendor.failures import Dropped, NotConnected, failed
from crawler.vendor.service_clock import clock_ahead_seconds, read_http_date
from crawler.vendor.token_mask import TOKEN_MASK, TokenMasks

BODY_BYTES_MAX = 16 * 1024 * 1024
CONNECT_SECONDS_MAX = 30.0
USER_AGENT = "creator-crawler"


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """Where to ask, as whom, how long to wait for an answer, how long a connection may idle between calls;
    `worker` names the cluster worker that asks, None for any, and says nothing to this client; nor do cluster
    workers need `other_tokens`, which are taken out of answers like its own.

    Servers close idle ones after 5 s or more; a call that is sent just then is lost and may be charged.
    """

    base_url: str
    token: str
    timeout_seconds: float = 120.0
    idle_seconds_max: float = 4.0
    worker: str | None = None
    other_tokens: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"ApiSettings(base_url={self.base_url!r}, token={TOKEN_MASK!r})"


async def _one_request_per_call(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keeps aiohttp from sending a request again by itself.

    When a kept-alive connection breaks, aiohttp silently repeats a GET once; on a paid API that is a
    call without an account. It does so on two of its own errors only, so they leave under another name.
    """
    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as exc:
        raise Dropped from exc


class _Connector(aiohttp.TCPConnector):
    """Tells a call that is given no connection, and so never sent, from all others."""

    def __init__(self, connect_seconds: float, idle_seconds_max: float) -> None:
        # The workers are the limit; the pool must never make a call wait that is already in the ledger.
        super().__init__(limit=0, keepalive_timeout=idle_seconds_max, enable_cleanup_closed=False)
        self._connect_seconds = connect_seconds

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - the signature is aiohttp's
    ) -> aiohttp.connector.Connection:
        """A connection that is new or has been silent; raises NotConnected.

        One on which something came that nobody asked for is not used again: aiohttp would take it for the
        answer to the next call, and one keyword's page for another's.
        """
        try:
            async with Deadline(self._connect_seconds):
                while True:
                    connection = await super().connect(req, traces, timeout)
                    if connection.protocol is None or not connection.protocol.should_close:
                        return connection
                    connection.close()
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as exc:
            raise NotConnected from exc


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """An answer as it came, not read yet; `body` is None where it is larger than the limit. `date` is when
    the service says it answered: a cluster worker's clock has nothing to do with this machine's."""

    http_status: int
    body: bytes | None
    milliseconds: int
    retry_after_seconds: float | None
    date: str | None = None


def read_answer(answer: RawAnswer, mask: TokenMasks) -> Outcome:
    """What an answer says, without any token wherever that is in it."""
    status, milliseconds, retry_after = answer.http_status, answer.milliseconds, answer.retry_after_seconds
    if answer.body is None:
        detail = "an answer that is too large"
        return CallFailed(FailureKind.TOO_LARGE, detail, milliseconds, status, retry_after)
    body = mask.in_body(answer.body)
    envelope = read_envelope(body)
    if envelope is None:
        detail = "a redirect" if 300 <= status < 400 else _what_it_is(body)
        return CallFailed(FailureKind.UNREADABLE, detail, milliseconds, status, retry_after)
    ahead = clock_ahead_seconds(answer.date, datetime.now(UTC))
    told = (envelope.code, envelope.message, envelope.data)
    return Reply(status, *told, body, milliseconds, retry_after, ahead)


class Api:
    """Sends calls over one session; made by `open_api`."""

    def __init__(self, settings: ApiSettings, session: aiohttp.ClientSession) -> None:
        self._settings = settings
        self._session = session
        self._base = _parsed(settings.base_url)
        self._mask = TokenMasks(settings.token, *settings.other_tokens)

    async def call(self, request: PageRequest) -> Outcome:
        """The outcome of exactly one request; raises nothing but CancelledError."""
        answer = await self.fetch(request)
        return answer if isinstance(answer, CallFailed) else read_answer(answer, self._mask)

    async def fetch(self, request: PageRequest) -> RawAnswer | CallFailed:
        """The answer to exactly one request, or why there is none; raises nothing but CancelledError.

        Redirects are not followed: they would carry the token.
        """
        begun = asyncio.get_running_loop().time()
        if self._base is None:
            return CallFailed(
                FailureKind.NOT_SENT, "", 0, no_connection=NoConnection.INVALID_ADDRESS, error="InvalidURL"
            )
        query = {"token": self._settings.token, **request.parameters}
        url = self._base.joinpath(request.path.lstrip("/"), encoded=True).with_query(query)
        status: int | None = None
        retry_after: float | None = None
        heard = Heard()
        try:
            async with (
                Deadline(self._settings.timeout_seconds, heard),
                self._session.get(url, allow_redirects=False) as response,
            ):
                heard.times += 1
                status = response.status
                retry_after = _retry_after_seconds(response.headers.get("Retry-After"))
                date = response.headers.get("Date")
                body = await _read_limited(response, heard)
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as exc:
            return failed(exc, _since(begun), status, retry_after)
        return RawAnswer(status, body, _since(begun), retry_after, date)


@asynccontextmanager
async def open_api(settings: ApiSettings) -> AsyncIterator[Api]:
    """An `Api` for the time of the block; its connections are closed at the end."""
    # Shorter than the whole, so that a call without a connection is known to be free.
    connect_seconds = min(CONNECT_SECONDS_MAX, settings.timeout_seconds / 2)
    async with aiohttp.ClientSession(
        connector=_Connector(connect_seconds, settings.idle_seconds_max),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),  # `Deadline` is what counts
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": USER_AGENT, "Accept": "application/json"},
        middlewares=(_one_request_per_call,),
    ) as session:
        yield Api(settings, session)


async def _read_limited(response: aiohttp.ClientResponse, heard: Heard) -> bytes | None:
    """The whole body, None where it is larger than the limit."""
    length = response.content_length
    if length is not None and length > BODY_BYTES_MAX:
        response.close()
        return None
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_any():
        heard.times += 1
        size += len(chunk)
        if size > BODY_BYTES_MAX:
            response.close()
            return None
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _parsed(base_url: str) -> URL | None:
    """The address, None where it can be none."""
    try:
        url = URL(base_url.rstrip("/"), encoded=True)
        return url if url.host and url.port else None
    except ValueError:
        return None


def _what_it_is(body: bytes) -> str:
    start = body[:200].lstrip().lower()
    if not start:
        return "an empty answer"
    if start.startswith((b"<!doctype", b"<html", b"<")):
        return "an HTML page"
    return "cut or unknown JSON" if start[:1] in b"{[" else "no JSON"


def _retry_after_seconds(value: str | None) -> float | None:
    """Seconds to wait by a `Retry-After` header, in seconds or as an HTTP date; None where it is neither."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    moment = read_http_date(value)
    return None if moment is None else max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _since(begun: float) -> int:
    return round((asyncio.get_running_loop().time() - begun) * 1000)
