"""Whether the service is there and takes the token, asked by its two free calls alone."""

from __future__ import annotations

import asyncio
import enum
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import aiohttp

from crawler.clock import Now, utc_now
from crawler.model import NoConnection, Outcome, PageRequest, Reply
from crawler.money import Money
from crawler.reasons import ReasonCode
from crawler.vendor import balance
from crawler.vendor.client import USER_AGENT, ApiSettings, open_api
from crawler.vendor.codes import CODES
from crawler.vendor.failures import why_not_connected
from crawler.vendor.service_clock import service_time

PING_PATH = "/ping"
PATIENCE_SECONDS = 10.0


class Verdict(enum.Enum):
    """What the service says of the token."""

    ACCEPTED = enum.auto()
    REFUSED = enum.auto()
    UNTOLD = enum.auto()


@dataclass(frozen=True, slots=True)
class Probe:
    """What came back: milliseconds to the first answer, None where there was none, and why; how far this
    machine's clock is ahead of the service's, None where it does not say; what it says of the token, and what
    the account holds."""

    milliseconds: int | None = None
    no_connection: NoConnection | None = None
    clock_ahead: timedelta | None = None
    token: Verdict = Verdict.UNTOLD
    balance: Money | None = None


async def probe(settings: ApiSettings, now: Now = utc_now) -> Probe:
    """The answer to a ping, which carries no token, and to a question about the balance, where there is a
    token. Raises nothing for what a network does."""
    begun, sent = asyncio.get_running_loop().time(), now()
    try:
        date = await _ping(settings.base_url)
    except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as exc:
        return Probe(no_connection=why_not_connected(exc))
    answered = Probe(
        milliseconds=round((asyncio.get_running_loop().time() - begun) * 1000),
        clock_ahead=None if date is None else sent + (now() - sent) / 2 - date,
    )
    if not settings.token:
        return answered
    try:
        async with asyncio.timeout(PATIENCE_SECONDS), open_api(settings) as api:
            outcome = await api.call(PageRequest(balance.PATH, {}))
    except TimeoutError:
        return answered
    return replace(answered, token=_verdict(outcome), balance=balance.read_balance(outcome))


def _verdict(outcome: Outcome) -> Verdict:
    rule = CODES.get(outcome.code) if isinstance(outcome, Reply) and isinstance(outcome.code, int) else None
    match rule.reason if rule else None:
        case ReasonCode.SUCCESS:
            return Verdict.ACCEPTED
        case ReasonCode.TOKEN_INVALID:
            return Verdict.REFUSED
        case _:
            return Verdict.UNTOLD


async def _ping(base_url: str) -> datetime | None:
    """When the service says it answered, in the middle of that second; None where it does not say."""
    timeout = aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
    async with (
        aiohttp.ClientSession(timeout=timeout, headers={"User-Agent": USER_AGENT}) as session,
        session.get(f"{base_url}{PING_PATH}", allow_redirects=False) as response,
    ):
        date = service_time(response.headers.get("Date"))
    return None if date is None else date + timedelta(seconds=0.5)
