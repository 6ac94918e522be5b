"""One call when its turn comes: within the pace, the caps and the circuit breaker, and never unrecorded."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from crawler.clock import Now, shanghai_day
from crawler.endpoint import Action
from crawler.engine.account_pool import AccountPool, PooledAccount
from crawler.engine.budget import CAP_REASONS, Verdict
from crawler.engine.events import CircuitOpened, Event
from crawler.engine.interfaces import Ledger
from crawler.engine.policy import FORBIDDEN, Decision, Policy
from crawler.engine.response_drift import DriftDetector
from crawler.engine.shutdown import Shutdown
from crawler.model import CallFailed, Charge, FailureKind, Page, Reply, Work
from crawler.reasons import Reason


@dataclass(frozen=True, slots=True)
class Answer:
    """A call that was sent and has ended, with what to do about it and the account that sent it.

    `body` is there where the answer could be decoded, `page` where there is one in it. What was decoded is
    not kept: while pages wait for their commit it would go cold, and cold memory is dear to free.
    """

    call_id: int
    sent_at: float
    http_status: int | None
    milliseconds: int
    body: bytes | None
    page: Page | None
    was_sent: bool
    decision: Decision
    account: PooledAccount


class Caller:
    """Sends the calls of all workers."""

    def __init__(
        self,
        *,
        pool: AccountPool,
        ledger: Ledger,
        policy: Policy,
        drift: DriftDetector,
        shutdown: Shutdown,
        emit: Callable[[Event], None],
        now: Now,
        hear_clock: Callable[[float | None], None],
    ) -> None:
        self._pool = pool
        self._ledger = ledger
        self._policy = policy
        self._drift = drift
        self._shutdown = shutdown
        self._emit = emit
        self._now = now
        self._hear_clock = hear_clock
        self._settled = asyncio.Event()
        self.in_flight = 0
        self.charges: Counter[Charge] = Counter()
        """Calls sent, by what they cost: for when the ledger cannot be read any more."""

    async def call(self, work: Work, attempt: int) -> Answer | None:
        """The answer to one call; None where the run is ending. In an outage calls go one by one; with
        several accounts the pool sees to that."""
        only = self._pool.only
        while only is not None and only.breaker.is_open and not self._shutdown.requested:
            async with only.probing:
                if only.breaker.is_open and not self._shutdown.requested and await self._wait_for_probe(only):
                    return await self._send(work, attempt)
        return await self._send(work, attempt)

    async def _wait_for_probe(self, only: PooledAccount) -> bool:
        breaker = only.breaker
        reason, unreachable = only.why_no_more_probes(), breaker.unreachable
        seconds = breaker.next_pause_seconds()
        if seconds is None:
            self._pool.park(only, reason)
            return False
        self._emit(CircuitOpened(seconds, breaker.probes, only.last_failure, unreachable))
        await self._shutdown.sleep(seconds)
        breaker.probe()
        return not self._shutdown.requested

    async def _send(self, work: Work, attempt: int) -> Answer | None:
        while True:
            async with self._pool.turn() as account:
                if account is None:
                    return None
                day = await self._reserve(account)
                if day is not None:
                    try:
                        call_id = await self._ledger.open_call(work, attempt, account.name)
                    except BaseException:
                        self._release(account, day)
                        raise
                elif self._pool.over():
                    return None
            if day is None:  # another account may still have room
                continue
            if self._may_go(account, day):
                return await self._ask(work, call_id, day, account)
            self._release(account, day)
            await self._ledger.drop_call(call_id)

    def _may_go(self, account: PooledAccount, day: str) -> bool:
        """Whether a call that has been written down may be sent; not where midnight passed over that, for its
        place is one of yesterday's."""
        may = not self._pool.over() and not account.gate.closed and account.parked is None
        return may and day == shanghai_day(self._now())

    async def _ask(self, work: Work, call_id: int, day: str, account: PooledAccount) -> Answer:
        """The call itself: from here on it counts as sent, however it ends."""
        sent_at = asyncio.get_running_loop().time()
        self.in_flight += 1
        self.charges[Charge.UNKNOWN] += 1
        try:
            outcome = await account.client.call(self._policy.endpoint.request(work.text, work.page))
        except BaseException:
            self._settle(account, day, Charge.UNKNOWN)
            raise
        finally:
            self.in_flight -= 1
        if isinstance(outcome, Reply):
            self._hear_clock(outcome.clock_ahead_seconds)
        decision = self._policy.decide(outcome, answered=self._answered(account))
        charge = decision.rule.charge
        self.charges[Charge.UNKNOWN] -= 1
        self.charges[charge] += 1
        # A stop must be known before anyone takes the place that this call gives back.
        if decision.rule.action is Action.STOP_RUN:
            account.gate.stop(decision.reason)
        elif decision.rule is FORBIDDEN:
            account.forbidden()
        self._settle(account, day, charge)
        body = outcome.body if isinstance(outcome, Reply) else None
        page = self._policy.page_in(outcome, decision)
        was_sent = not (isinstance(outcome, CallFailed) and outcome.kind is FailureKind.NOT_SENT)
        ended = (outcome.http_status, outcome.milliseconds, body, page, was_sent)
        return Answer(call_id, sent_at, *ended, decision, account)

    def _answered(self, account: PooledAccount) -> bool:
        """Whether a gateway's bare status says nothing about this account."""
        others = self._drift.others_are_answered
        return others and (self._pool.only is not None or account.is_served)

    async def _reserve(self, account: PooledAccount) -> str | None:
        """The day on whose account the next call goes; None where a cap or the end of the run forbids it."""
        only = self._pool.only is not None
        while not self._pool.over():
            if account.gate.closed and only:
                await account.gate.wait_open()
                continue
            day = shanghai_day(self._now())
            verdict = account.budget.reserve(day)
            if verdict is Verdict.GO:
                return day
            if verdict is not Verdict.WAIT:
                self._pool.park(account, Reason(CAP_REASONS[verdict]))
            elif only:
                self._settled.clear()
                await self._settled.wait()
            if not only:
                return None
        return None

    def _release(self, account: PooledAccount, day: str) -> None:
        account.budget.release(day)
        account.probe_under_way = False
        self._changed()

    def _settle(self, account: PooledAccount, day: str, charge: Charge) -> None:
        account.budget.settle(day, charge)
        self._changed()

    def _changed(self) -> None:
        self._settled.set()
        self._pool.wake()
