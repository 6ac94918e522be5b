"""The service behind the socket: what each call is answered and what it costs, without any I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from math import ceil

import orjson

from crawler.simulator.accounts import Accounts, Refusal
from crawler.simulator.bill import Bill, Line
from crawler.simulator.envelope import HTML_BODY, answer_id, envelope, http_status, users_data
from crawler.simulator.faults import SPARED, fate
from crawler.simulator.pages import Pages
from crawler.simulator.settings import BalanceWay, EndStyle, Fault, SimulatorSettings
from crawler.simulator.world import World

SEARCH_PATH = "/api/xiaohongshu/search-user/v2"
PING_PATH = "/ping"
BALANCE_PATH = "/user/get-balance"
JSON_TYPE = "application/json"
CHARGED_CODES = (0, 201)
EMPTY_LIST = b"[]"
GATEWAY_FAULTS = {Fault.HTML: (502, HTML_BODY, "text/html"), Fault.NO_BODY: (504, b"", "text/plain")}


@dataclass(frozen=True, slots=True)
class Wire:
    """The connection a request came by: its number, and whether it had carried a request before."""

    connection: int
    reused: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back over the wire, after `latency_seconds`, unless `fault` is one of the wire's.

    `code` is the service's own, None when a gateway answers in its place or nobody does.
    """

    code: int | str | None
    status: int
    body: bytes
    content_type: str = JSON_TYPE
    retry_after: str | None = None
    fault: Fault | None = None
    latency_seconds: float = 0.0


class Service:
    """The API's business: accounts, quota, faults, pages and the bill.

    A call is settled the moment it arrives: a client that leaves before its answer pays all the same.
    `clock` gives seconds for the rate limit, `now` the time of day for the quota.
    """

    def __init__(
        self, settings: SimulatorSettings, clock: Callable[[], float], now: Callable[[], datetime]
    ) -> None:
        self._clock = clock
        self._now = now
        self._settings = settings
        self._by_token: dict[str, SimulatorSettings] = {}
        self.accounts = Accounts()
        self.bill = Bill(settings.lines_max)
        self.pages = Pages(World(settings.world))

    @property
    def settings(self) -> SimulatorSettings:
        """What is being played; can be replaced at any time, between two calls."""
        return self._settings

    @settings.setter
    def settings(self, settings: SimulatorSettings) -> None:
        if settings.night != self._settings.night:
            self.bill.begin_night()
        if settings.world != self.pages.world.settings:
            self.pages = Pages(World(settings.world))
        self._settings = settings
        self._by_token.clear()

    def search(self, query: Mapping[str, str], wire: Wire) -> Answer:
        """Takes one call of the search, puts it on the bill and says what goes back."""
        at = self._clock()
        keyword, page = query.get("keyword", ""), _page(query.get("page", "1"))
        attempt = self.bill.attempt(keyword, page)
        token = query.get("token", "")
        answer = self._answer(token, keyword, page, attempt, at, reused=wire.reused)
        charged = answer.code in CHARGED_CODES
        if charged and answer.code is not None:
            self.accounts.charge(token, answer.code)
        self.bill.add(
            Line(
                at=at,
                path=SEARCH_PATH,
                keyword=keyword,
                page=page,
                attempt=attempt,
                code=answer.code,
                charged=charged,
                fault=answer.fault,
                connection=wire.connection,
                reused=wire.reused,
                token=token,
            )
        )
        return answer

    def ping(self) -> Answer:
        """The latency check: free, and not on the bill."""
        return self._coded(0, answer_id("ping"), b'"pong"')

    def balance(self, query: Mapping[str, str]) -> Answer:
        """What is left of an account's money: free, and not on the bill."""
        token = query.get("token", "")
        match self._of_token(token).balance_way:
            case BalanceWay.MISSING:
                return self._coded(404, answer_id("balance"))
            case BalanceWay.SILENT:
                return Answer(None, 0, b"", fault=Fault.HANG)
            case BalanceWay.HTML:
                return Answer(None, *GATEWAY_FAULTS[Fault.HTML])
            case BalanceWay.WORDS:
                return self._coded(
                    0, answer_id("balance"), orjson.dumps({"balance": token, "currency": token})
                )
        settings = self._of_token(token)
        refusal = self.accounts.token_refusal(token, settings)
        if refusal is not None:
            return self._coded(refusal.code, answer_id("balance"))
        data = {"balance": self.accounts.balance(token, settings), "currency": "CNY"}
        return self._coded(0, answer_id("balance"), orjson.dumps(data))

    def no_such_route(self, path: str, wire: Wire) -> Answer:
        """Code 404, on the bill for nothing."""
        attempt = self.bill.attempt("", 0)
        self.bill.add(
            Line(
                at=self._clock(),
                path=path,
                keyword="",
                page=0,
                attempt=attempt,
                code=404,
                charged=False,
                fault=None,
                connection=wire.connection,
                reused=wire.reused,
            )
        )
        return self._coded(404, answer_id(path, attempt))

    def _answer(
        self, token: str, keyword: str, page: int, attempt: int, at: float, *, reused: bool
    ) -> Answer:
        """The answer to a call, as it was meant and with what becomes of it on its way."""
        settings = self._settings
        call_id = answer_id(settings.seed, keyword, page, attempt)
        fated = fate(settings, keyword, page, attempt, reused=reused)
        if fated.fault is Fault.DROP:
            return Answer(None, 0, b"", fault=Fault.DROP)
        refusal = self._refusal(token, keyword, page, at)
        if refusal is not None:
            answer = self._coded(refusal.code, call_id)
            retry_after = self._retry_after(refusal, token) if refusal.code == 302 else None
            return replace(answer, retry_after=retry_after, latency_seconds=fated.latency_seconds)
        if fated.fault in GATEWAY_FAULTS:
            answer = Answer(None, *GATEWAY_FAULTS[fated.fault])
        elif fated.code is not None:
            answer = self._coded(fated.code, call_id)
            if fated.code == 503:
                answer = replace(answer, retry_after=self._retry_after(Refusal(503), token))
        else:
            answer = self._page(keyword, page, call_id, fated.fault)
        if fated is SPARED:
            return answer
        return replace(answer, fault=fated.fault, latency_seconds=fated.latency_seconds)

    def _refusal(self, token: str, keyword: str, page: int, at: float) -> Refusal | None:
        settings = self._of_token(token)
        refusal = self.accounts.token_refusal(token, settings)
        if refusal is None and (not keyword.strip() or page < 1):
            refusal = Refusal(400)
        return refusal or self.accounts.refusal(token, settings, at, self._now())

    def _of_token(self, token: str) -> SimulatorSettings:
        if token not in self._settings.accounts:
            return self._settings
        if token not in self._by_token:
            self._by_token[token] = self._settings.of_token(token)
        return self._by_token[token]

    def _retry_after(self, refusal: Refusal, token: str) -> str | None:
        match self._of_token(token).retry_after:
            case "seconds":
                return str(ceil(refusal.wait_seconds))
            case "date":
                moment = self._now() + timedelta(seconds=refusal.wait_seconds + 1)  # whole seconds, cut
                return format_datetime(moment.astimezone(UTC), usegmt=True)
            case text:
                return text

    def _page(self, keyword: str, page: int, call_id: str, fault: Fault | None) -> Answer:
        """A page as it would get through."""
        replies = self._settings.replies
        if replies is not None:
            reply = replies.get((keyword, page), replies.get(("", page)))
            if reply is None:
                return self._coded(0, call_id, users_data(EMPTY_LIST, call_id, None))
            code = _code(reply)
            return Answer(code, http_status(code, self._settings.http_way), reply)
        listing = self.pages.world.listing(keyword)
        users_json = self.pages.users_json(keyword, page)
        if users_json == EMPTY_LIST and listing.no_content:
            return self._coded(201, call_id)
        if fault is Fault.NULL_DATA:
            return self._coded(0, call_id)
        has_end = self._settings.end_style == EndStyle.EMPTY
        has_more = (page < len(listing.pages) or not has_end) if listing.has_more else None
        shown = None if fault is Fault.NO_USERS else users_json
        return self._coded(0, call_id, users_data(shown, call_id, has_more))

    def _coded(self, code: int | str, call_id: str, data: bytes = b"null") -> Answer:
        """An answer of the service with this code; `data` is JSON."""
        settings = self._settings
        body = envelope(code, data, self._now(), call_id, code_as_text=settings.codes_as_text)
        return Answer(code, http_status(code, settings.http_way), body)


def _page(text: str) -> int:
    """The page asked for, 0 when that is no page."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _code(body: bytes) -> int | str:
    """The code in a body served as it stands; 0 where nobody can read one: the call was done all the same."""
    try:
        code = orjson.loads(body)["code"]
    except (orjson.JSONDecodeError, TypeError, KeyError):
        return 0
    if isinstance(code, str) and not code.isdecimal():
        return code
    return int(code) if isinstance(code, int | str) else 0
