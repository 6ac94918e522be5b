"""The simulator on a socket: an aiohttp server on loopback, with the faults of the wire."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from types import TracebackType
from weakref import WeakKeyDictionary

import orjson
from aiohttp import hdrs, web

from crawler.simulator import service
from crawler.simulator.bill import Bill
from crawler.simulator.service import JSON_TYPE, Answer, Service, Wire
from crawler.simulator.settings import Fault, SimulatorSettings
from crawler.simulator.truth import Truth, truth

HOST = "127.0.0.1"  # invented creators are for this machine alone
CONTROL_PATH = "/_simulator/"
PAGES_MAX = 50
BACKLOG = 1024
SHUTDOWN_SECONDS = 0.01  # nobody is owed an answer once the simulator is told to stop


def utc_now() -> datetime:
    """The time of day."""
    return datetime.now(UTC)


class Simulator:
    """The API on `base_url` for as long as the context lasts.

    `port` 0 takes a free one. `clock` gives the seconds of the rate limit and the bill (default: the running
    loop's time), `now` the time of day of quota and answers. No threads, no executor, no name look-ups.
    """

    def __init__(
        self,
        settings: SimulatorSettings | None = None,
        *,
        port: int = 0,
        clock: Callable[[], float] | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._service = Service(settings or SimulatorSettings(), clock or _loop_time, now)
        self._port = port
        self._runner: web.ServerRunner | None = None
        self._connections: WeakKeyDictionary[asyncio.Transport, int] = WeakKeyDictionary()
        self._connections_opened = 0

    @property
    def base_url(self) -> str:
        """`http://127.0.0.1:PORT`, once started."""
        return f"http://{HOST}:{self._port}"

    @property
    def bill(self) -> Bill:
        """Every request so far and what it cost."""
        return self._service.bill

    @property
    def settings(self) -> SimulatorSettings:
        """What is being played; assign a changed one at any time."""
        return self._service.settings

    @settings.setter
    def settings(self, settings: SimulatorSettings) -> None:
        self._service.settings = settings

    def truth(self, keywords: Iterable[str], pages_max: int = PAGES_MAX) -> Truth:
        """What a complete crawl of `keywords` must find on this night."""
        return truth(self._service.pages, keywords, pages_max)

    def reset_quota(self) -> None:
        """Gives every token its whole daily quota again."""
        self._service.accounts.reset_quota()

    async def __aenter__(self) -> Simulator:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Opens the port; OSError when it is taken. After a stop the same port opens again, bill and all."""
        listening = socket.socket()
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((HOST, self._port))
        except OSError:
            listening.close()
            raise
        self._port = listening.getsockname()[1]
        server = web.Server(
            self._handle,
            handler_cancellation=True,
            access_log=None,
            keepalive_timeout=self.settings.keepalive_seconds,
        )
        self._runner = web.ServerRunner(server, shutdown_timeout=SHUTDOWN_SECONDS)
        await self._runner.setup()
        await web.SockSite(self._runner, listening, backlog=BACKLOG).start()

    async def stop(self) -> None:
        """Closes the port and every connection, whatever they wait for."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        match request.method, request.path:
            case hdrs.METH_GET, service.SEARCH_PATH:
                answer = self._service.search(request.query, self._wire(request))
            case hdrs.METH_GET, service.PING_PATH:
                answer = self._service.ping()
            case hdrs.METH_GET, service.BALANCE_PATH:
                answer = self._service.balance(request.query)
            case method, path if path.startswith(CONTROL_PATH):
                return await self._control(request, f"{method} {path.removeprefix(CONTROL_PATH)}")
            case _, path:
                answer = self._service.no_such_route(path, self._wire(request))
        return await _send(request, answer)

    def _wire(self, request: web.BaseRequest) -> Wire:
        transport = request.transport
        assert transport is not None
        number = self._connections.get(transport)
        if number is not None:
            return Wire(number, reused=True)
        self._connections_opened += 1
        self._connections[transport] = self._connections_opened
        return Wire(self._connections_opened, reused=False)

    async def _control(self, request: web.BaseRequest, action: str) -> web.Response:
        """The routes that steer the simulator and look behind it."""
        try:
            match action:
                case "GET bill":
                    return _json(self.bill.as_json(lines="lines" in request.query))
                case "GET truth":
                    keywords = request.query.getall("keyword", None) or self.bill.keywords
                    pages_max = int(request.query.get("pages_max", PAGES_MAX))
                    return _json(self.truth(keywords, pages_max).as_json())
                case "GET settings":
                    return _json(self.settings.as_json())
                case "POST settings":
                    self.settings = self.settings.changed(orjson.loads(await request.read()))
                    return _json(self.settings.as_json())
                case "POST reset-quota":
                    self.reset_quota()
                    return _json({})
                case _:
                    return _json({"error": f"{action}: there is no such control"}, status=404)
        except ValueError as error:
            return _json({"error": str(error)}, status=400)


async def _send(request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
    """Sends an answer, or does to the connection what the answer's fault says."""
    if answer.latency_seconds > 0:
        await asyncio.sleep(answer.latency_seconds)
    match answer.fault:
        case Fault.HANG:
            await _until_the_client_leaves()
        case Fault.DROP | Fault.DROP_PAID | Fault.DROP_REUSED:
            await _hang_up(request)
        case Fault.CUT:
            response = web.StreamResponse(headers={hdrs.CONTENT_TYPE: answer.content_type})
            response.content_length = len(answer.body)
            await response.prepare(request)
            await response.write(answer.body[: len(answer.body) // 2])
            await _hang_up(request)
    response = web.Response(body=answer.body, status=answer.status, content_type=answer.content_type)
    if answer.retry_after is not None:
        response.headers[hdrs.RETRY_AFTER] = answer.retry_after
    return response


async def _hang_up(request: web.BaseRequest) -> None:
    if request.transport is not None:
        request.transport.close()
    await _until_the_client_leaves()


async def _until_the_client_leaves() -> None:
    """Ends by cancellation, when the connection is gone."""
    await asyncio.get_running_loop().create_future()


def _json(value: object, *, status: int = 200) -> web.Response:
    return web.Response(
        body=orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS), status=status, content_type=JSON_TYPE
    )


def _loop_time() -> float:
    return asyncio.get_running_loop().time()
