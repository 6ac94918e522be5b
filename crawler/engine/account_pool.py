"""The accounts of a run: each with its own pace, caps, quota and circuit breaker, and whose turn it is.

A run with one account works by that account's throttle alone. With several, workers queue here, and whoever
is first gets the account that may make a call first (`account_choice`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from decimal import Decimal
from functools import partial
from typing import Protocol

from crawler.clock import Now, shanghai_day
from crawler.engine.account_choice import SOON_SECONDS, Offer, choose_account
from crawler.engine.budget import CAP_REASONS, Verdict
from crawler.engine.call_gate import CallGate
from crawler.engine.circuit_breaker import CircuitBreaker
from crawler.engine.events import AccountParked, CircuitClosed, CircuitOpened, Event, OfAccount
from crawler.engine.interfaces import Client
from crawler.engine.shutdown import Shutdown
from crawler.engine.throttle import Throttle
from crawler.model import Charge
from crawler.reasons import Reason, ReasonCode, soonest

REFUSALS_MAX = 12
"""Times in a row the rate may be lowered without one good answer before the account is given up."""

FORBIDDEN_MAX = 3
"""Bare statuses of a gateway in a row that concern an account and not its keywords, where it is one of
several."""


class Caps(Protocol):
    """Caps on charged calls: a place is reserved before a call is sent."""

    def reserve(self, day: str) -> Verdict: ...
    def release(self, day: str) -> None: ...
    def settle(self, day: str, charge: Charge) -> None: ...


class PooledAccount:
    """One account of a run. `name` is None for the token of a run that declares no accounts."""

    def __init__(
        self,
        *,
        name: str | None,
        price: Decimal,
        client: Client,
        throttle: Throttle,
        budget: Caps,
        breaker: CircuitBreaker,
        emit: Callable[[Event], None],
    ) -> None:
        self.name = name
        self.price = price
        self.client = client
        self.throttle = throttle
        self.budget = budget
        self.breaker = breaker
        self.gate: CallGate
        """Set by the pool, which it closes."""
        self.emit = emit
        self.parked: Reason | None = None
        self.last_failure = Reason(ReasonCode.NO_ANSWER)
        self.probing = asyncio.Lock()
        self.probe_at: float | None = None
        self.probe_under_way = False
        self._refusals_in_a_row = 0
        self._served = False
        self._forbidden_in_a_row = 0

    @property
    def is_served(self) -> bool:
        """Whether this account's calls are answered with pages, so that a bare status concerns a keyword."""
        return self._served and self._forbidden_in_a_row < FORBIDDEN_MAX - 1

    def served(self) -> None:
        """A page came."""
        self._served, self._forbidden_in_a_row = True, 0

    def forbidden(self) -> None:
        """A gateway refused one keyword by a bare status."""
        self._forbidden_in_a_row += 1

    def went_well(self, sent_at: float) -> None:
        """The service answered in its own words: neither rate limit nor outage."""
        self.throttle.went_well(sent_at)
        self._refusals_in_a_row = 0
        if self.breaker.record(service_failed=False):
            self.emit(CircuitClosed())

    def failed(self, reason: Reason, *, connected: bool) -> None:
        """The service, or the way there, is to blame for a call without an answer."""
        self.last_failure = reason
        self.breaker.record(service_failed=True, connected=connected)

    def slow_down(self, sent_at: float, retry_after_seconds: float | None) -> tuple[bool, bool]:
        """Takes in a rate-limit answer: whether it lowered the pace, and whether that was once too often."""
        lowered = self.throttle.slow_down(sent_at, retry_after_seconds)
        self._refusals_in_a_row += lowered
        return lowered, self._refusals_in_a_row > REFUSALS_MAX

    def why_no_more_probes(self) -> Reason:
        """Why no more probes are sent."""
        unreachable = self.breaker.unreachable
        code = ReasonCode.UNREACHABLE if unreachable else ReasonCode.OUTAGE
        return Reason(code, self.last_failure.details if unreachable else {})


class AccountPool:
    """All accounts of a run; gives out turns to send a call, each with the account that makes it."""

    def __init__(
        self,
        accounts: Sequence[PooledAccount],
        gate: Callable[[PooledAccount, Callable[[Reason], None]], CallGate],
        shutdown: Shutdown,
        now: Now,
    ) -> None:
        self.accounts = tuple(accounts)
        self._shutdown = shutdown
        self._now = now
        self._queue = asyncio.Lock()
        self._waiting = 0
        self._nobody_waits = asyncio.Event()
        self._nobody_waits.set()
        self._changed = asyncio.Event()
        for account in self.accounts:
            account.gate = gate(account, partial(self.park, account))

    @property
    def only(self) -> PooledAccount | None:
        """The account of a run that has no other; None where there are several."""
        return self.accounts[0] if len(self.accounts) == 1 else None

    @property
    def in_outage(self) -> bool:
        """Whether no account is left through which calls go freely."""
        return all(account.breaker.is_open for account in [*self._in_use()] or self.accounts)

    def over(self) -> bool:
        """Whether the run is ending."""
        return self.accounts[0].gate.over()

    async def end_on_time(self) -> None:
        """Ends the run at the end that was set."""
        await self.accounts[0].gate.end_on_time()

    def park(self, account: PooledAccount, reason: Reason) -> None:
        """Makes no more calls by this account; where it was the last one, the run ends."""
        if account.parked is not None:
            return
        account.parked = reason
        if self.only is None:
            account.emit(AccountParked(reason))
        if not any(self._in_use()):
            self._shutdown.request(soonest(each.parked for each in self.accounts if each.parked))
        self.wake()

    def wake(self) -> None:
        """Lets whoever waits for an account look again."""
        self._changed.set()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[PooledAccount | None]:
        """A turn to send one call and the account to send it by, as `Throttle.turn`; None where there is no
        account left, or the run is ending."""
        if self.only is not None:
            async with self.only.throttle.turn():
                yield self.only
            return
        async with AsyncExitStack() as stack:
            self._waiting += 1
            self._nobody_waits.clear()
            try:
                async with self._queue:
                    account = await self._next()
                    if account is not None:  # its throttle is open: this does not wait
                        await stack.enter_async_context(account.throttle.turn())
            finally:
                self._waiting -= 1
                if not self._waiting:
                    self._nobody_waits.set()
            yield account

    async def unused(self) -> None:
        """Returns when a turn could be had at once and nobody asks for it: one more worker is of use."""
        if self.only is not None:
            return await self.only.throttle.unused()
        while not self.over():
            await self._nobody_waits.wait()
            offer = choose_account(self._offers())
            wait = 1.0 if offer is None else offer.wait_seconds
            if wait <= SOON_SECONDS:
                return None
            await self._shutdown.sleep(wait)
        return None

    async def _next(self) -> PooledAccount | None:
        """The account that makes the next call, once it may."""
        while not self.over():
            self._changed.clear()
            offer = choose_account(self._offers())
            if offer is not None and offer.wait_seconds <= SOON_SECONDS:
                account = self.accounts[offer.place]
                if account.breaker.is_open:
                    account.breaker.probe()
                    account.probe_at, account.probe_under_way = None, True
                return account
            seconds = self._quota_seconds() if offer is None else offer.wait_seconds
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._changed.wait()
        return None

    def _in_use(self) -> Iterator[PooledAccount]:
        return (account for account in self.accounts if account.parked is None)

    def _offers(self) -> Iterator[Offer]:
        """What each account could do now or later; those that have reached a cap are parked here."""
        day = shanghai_day(self._now())
        for place, account in enumerate(self.accounts):
            if account.parked is not None or account.gate.reopens_in_seconds():
                continue
            verdict = account.budget.reserve(day)
            if verdict is Verdict.GO:
                account.budget.release(day)
                rests = self._breaker_seconds(account)
                if rests is not None:
                    wait_seconds = max(rests, account.throttle.opens_in_seconds())
                    yield Offer(place, wait_seconds, account.price)
            elif verdict is not Verdict.WAIT:
                self.park(account, Reason(CAP_REASONS[verdict]))

    def _breaker_seconds(self, account: PooledAccount) -> float | None:
        """How long until the account may be tried in its outage; None while it is tried, and where it has
        been tried often enough."""
        breaker, now = account.breaker, asyncio.get_running_loop().time()
        if not breaker.is_open:
            account.probe_at = None
            return 0.0
        if account.probe_under_way:
            return None
        if account.probe_at is None:
            unreachable = breaker.unreachable
            seconds = breaker.next_pause_seconds()
            if seconds is None:
                self.park(account, account.why_no_more_probes())
                return None
            account.probe_at = now + seconds
            account.emit(CircuitOpened(seconds, breaker.probes, account.last_failure, unreachable))
        return max(0.0, account.probe_at - now)

    def _quota_seconds(self) -> float | None:
        """How long the first of the quotas that are waited for takes; None where there is none."""
        waits = (account.gate.reopens_in_seconds() for account in self._in_use())
        return min((wait for wait in waits if wait), default=None)


def labelled(name: str | None, emit: Callable[[Event], None]) -> Callable[[Event], None]:
    """`emit` for what happens to one account of several, called by its `name`; None for the only one."""
    return emit if name is None else lambda event: emit(OfAccount(name, event))
