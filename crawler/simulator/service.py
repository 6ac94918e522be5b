"""The service behind the socket: what each call is answered and what it costs, without any I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from math import ceil

import orjson

from crawler.simulator.account import Account
from crawler.simulator.bill import Bill, Line
from crawler.simulator.envelope import HTML_BODY, envelope, http_status, request_id, users_data
from crawler.simulator.faults import Fate, fate
from crawler.simulator.pages import Pages
from crawler.simulator.settings import EndStyle, Fault, SimulatorSettings
from crawler.simulator.world import World

SEARCH_PATH = "/api/xiaohongshu/search-user/v2"
JSON_TYPE = "application/json"
CHARGED_CODES = (0, 201)


@dataclass(frozen=True, slots=True)
class Wire:
    """The connection a request came by: its number, and whether it had carried a request before."""

    connection: int
    reused: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back over the wire, after `latency_seconds`, unless `fault` is one of the wire's."""

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
        self._accounts: dict[str, Account] = {}
        self.bill = Bill(settings.lines_max)
        self._settings = settings
        self.pages = Pages(World(settings.world))

    @property
    def settings(self) -> SimulatorSettings:
        """What is being played; can be replaced at any time, between two calls."""
        return self._settings

    @settings.setter
    def settings(self, settings: SimulatorSettings) -> None:
        if settings.world != self.pages.world.settings:
            self.pages = Pages(World(settings.world))
        self._settings = settings

    def reset_quota(self) -> None:
        """Gives every account its whole daily quota again."""
        for account in self._accounts.values():
            account.quota_used = 0

    def search(self, query: Mapping[str, str], wire: Wire) -> Answer:
        """Takes one call of the search, puts it on the bill and says what goes back."""
        at = self._clock()
        keyword, page = query.get("keyword", ""), _page(query.get("page", "1"))
        attempt = self.bill.attempt(keyword, page)
        happening = fate(self._settings, keyword, page, attempt, reused=wire.reused)
        answer_id = request_id(self._settings.seed, keyword, page, attempt)

        def settle(code: int | str | None, fault: Fault | None, *, charged: bool = False) -> None:
            self.bill.add(
                Line(
                    at,
                    SEARCH_PATH,
                    keyword,
                    page,
                    attempt,
                    code,
                    charged,
                    fault,
                    wire.connection,
                    wire.reused,
                )
            )

        if happening.fault is Fault.DROP:
            settle(None, Fault.DROP)
            return Answer(0, b"", fault=Fault.DROP)
        token = query.get("token", "")
        refusal, retry_after = self._refusal(token, keyword, page, at)
        if refusal is not None:
            settle(refusal, None)
            return self._plain(refusal, answer_id, retry_after, happening.latency_seconds)
        if happening.code is not None:
            settle(happening.code, happening.fault)
            return self._plain(happening.code, answer_id, None, happening.latency_seconds, happening.fault)
        if happening.fault in (Fault.HTML, Fault.NO_BODY):
            settle(None, happening.fault)
            return _gateway(happening)
        code, body = self._page(keyword, page, answer_id, happening.fault)
        charged = code in CHARGED_CODES
        if charged:
            self._accounts[token].charge(code)
        settle(code, happening.fault, charged=charged)
        status = http_status(code, self._settings.http_way)
        return Answer(status, body, fault=happening.fault, latency_seconds=happening.latency_seconds)

    def ping(self) -> Answer:
        """The latency check: free, and not on the bill."""
        return Answer(200, self._envelope(0, b'"pong"', request_id("ping")))

    def balance(self, query: Mapping[str, str]) -> Answer:
        """What is left of an account's balance: free, and not on the bill."""
        token = query.get("token", "")
        refusal = self._token_refusal(token)
        if refusal is not None:
            return self._plain(refusal, request_id("balance"))
        account = self._accounts.setdefault(token, Account())
        left = (self._settings.balance or 0) - account.charged * self._settings.price
        data = {"balance": round(left, 6), "currency": "CNY"}
        return Answer(200, self._envelope(0, orjson.dumps(data), request_id("balance")))

    def no_such_route(self, path: str, wire: Wire) -> Answer:
        """Code 404, on the bill for nothing."""
        attempt = self.bill.attempt("", 0)
        self.bill.add(
            Line(self._clock(), path, "", 0, attempt, 404, False, None, wire.connection, wire.reused)
        )
        return self._plain(404, request_id(path, attempt))

    def _refusal(self, token: str, keyword: str, page: int, at: float) -> tuple[int | None, str | None]:
        """The code that refuses a call, and the Retry-After that comes with it."""
        settings = self._settings
        code = self._token_refusal(token)
        if code is not None:
            return code, None
        if not keyword.strip() or page < 1:
            return 400, None
        account = self._accounts.setdefault(token, Account())
        wait_seconds = account.rate_wait_seconds(settings, at)
        if wait_seconds > 0:
            return 302, self._retry_after(wait_seconds)
        return account.refusal(settings, self._now()), None

    def _token_refusal(self, token: str) -> int | None:
        if not token:
            return 101
        if token in self._settings.barred_tokens:
            return 600
        known = self._settings.tokens
        return 100 if known is not None and token not in known else None

    def _retry_after(self, wait_seconds: float) -> str | None:
        match self._settings.retry_after:
            case "seconds":
                return str(ceil(wait_seconds))
            case "date":
                moment = datetime.fromtimestamp(ceil(self._now().timestamp() + wait_seconds), UTC)
                return format_datetime(moment, usegmt=True)
            case text:
                return text

    def _page(self, keyword: str, page: int, answer_id: str, fault: Fault | None) -> tuple[int | str, bytes]:
        """The code and the body of a page as they would get through."""
        replies = self._settings.replies
        if replies is not None:
            reply = replies.get((keyword, page), replies.get(("", page)))
            if reply is not None:
                return _code(reply), reply
            return 0, self._envelope(0, users_data(b"[]", answer_id, None), answer_id)
        listing = self.pages.world.listing(keyword)
        users_json = self.pages.users_json(keyword, page)
        last = len(listing.pages)
        if users_json == b"[]" and listing.no_content:
            return 201, self._envelope(201, b"null", answer_id)
        if fault is Fault.NULL_DATA:
            return 0, self._envelope(0, b"null", answer_id)
        endless = self._settings.end_style != EndStyle.EMPTY
        has_more = (endless or page < last) if listing.has_more else None
        data = users_data(None if fault is Fault.NO_USERS else users_json, answer_id, has_more)
        return 0, self._envelope(0, data, answer_id)

    def _plain(
        self,
        code: int | str,
        answer_id: str,
        retry_after: str | None = None,
        latency_seconds: float = 0.0,
        fault: Fault | None = None,
    ) -> Answer:
        """An answer without data."""
        status = http_status(code, self._settings.http_way)
        body = self._envelope(code, b"null", answer_id)
        return Answer(status, body, JSON_TYPE, retry_after, fault, latency_seconds)

    def _envelope(self, code: int | str, data: bytes, answer_id: str) -> bytes:
        return envelope(code, data, self._now(), answer_id, code_as_text=self._settings.codes_as_text)


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


def _gateway(happening: Fate) -> Answer:
    if happening.fault is Fault.HTML:
        return Answer(502, HTML_BODY, "text/html", None, Fault.HTML, happening.latency_seconds)
    return Answer(504, b"", "text/plain", None, Fault.NO_BODY, happening.latency_seconds)
