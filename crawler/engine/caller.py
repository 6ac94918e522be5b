"""One call when its turn comes: within the pace, the caps and the circuit breaker, and never unrecorded."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from crawler.clock import Now, shanghai_day
from crawler.endpoint import Action
from crawler.engine.budget import Budget, Verdict
from crawler.engine.call_gate import Hours
from crawler.engine.circuit_breaker import CircuitBreaker
from crawler.engine.events import CircuitOpened, Event
from crawler.engine.policy import Decision, Policy
from crawler.engine.ports import Client, Ledger
from crawler.engine.response_drift import DriftDetector
from crawler.engine.shutdown import Shutdown
from crawler.engine.throttle import Throttle
from crawler.model import Charge, Outcome, Work
from crawler.reasons import Reason, ReasonCode


@dataclass(frozen=True, slots=True)
class Answer:
    """A call that was sent and has ended, with what to do about it."""

    call_id: int
    sent_at: float
    outcome: Outcome
    decision: Decision


class Caller:
    """Sends the calls of all workers."""

    def __init__(
        self,
        *,
        client: Client,
        ledger: Ledger,
        policy: Policy,
        throttle: Throttle,
        budget: Budget,
        breaker: CircuitBreaker,
        drift: DriftDetector,
        hours: Hours,
        shutdown: Shutdown,
        emit: Callable[[Event], None],
        now: Now,
    ) -> None:
        self._client = client
        self._ledger = ledger
        self._policy = policy
        self._throttle = throttle
        self._budget = budget
        self._breaker = breaker
        self._drift = drift
        self._hours = hours
        self._shutdown = shutdown
        self._emit = emit
        self._now = now
        self._settled = asyncio.Event()
        self._probing = asyncio.Lock()
        self.in_flight = 0
        self.last_failure = Reason(ReasonCode.NO_ANSWER)
        self.charges: Counter[Charge] = Counter()
        """Calls sent, by what they cost: for when the ledger cannot be read any more."""

    async def call(self, work: Work, attempt: int) -> Answer | None:
        """The answer to one call; None where the run is ending. In an outage calls go one by one."""
        while self._breaker.is_open and not self._shutdown.requested:
            async with self._probing:
                if self._breaker.is_open and not self._shutdown.requested and await self._wait_for_probe():
                    return await self._send(work, attempt)
        return await self._send(work, attempt)

    async def _wait_for_probe(self) -> bool:
        breaker = self._breaker
        unreachable = breaker.unreachable
        seconds = breaker.next_pause_seconds()
        if seconds is None:
            code = ReasonCode.UNREACHABLE if unreachable else ReasonCode.OUTAGE
            self._shutdown.request(Reason(code, self.last_failure.details if unreachable else {}))
            return False
        self._emit(CircuitOpened(seconds, breaker.probes, self.last_failure, unreachable))
        await self._shutdown.sleep(seconds)
        breaker.probe()
        return not self._shutdown.requested

    async def _send(self, work: Work, attempt: int) -> Answer | None:
        while True:
            async with self._throttle.turn():
                day = await self._reserve()
                if day is None:
                    return None
                try:
                    call_id = await self._ledger.open_call(work, attempt)
                except BaseException:
                    self._release(day)
                    raise
            if not self._hours.over() and not self._hours.closed:
                return await self._ask(work, call_id, day)
            self._release(day)
            await self._ledger.drop_call(call_id)

    async def _ask(self, work: Work, call_id: int, day: str) -> Answer:
        """The call itself: from here on it counts as sent, however it ends."""
        sent_at = asyncio.get_running_loop().time()
        self.in_flight += 1
        self.charges[Charge.UNKNOWN] += 1
        try:
            outcome = await self._client.call(self._policy.endpoint.request(work.text, work.page))
        except BaseException:
            self._settle(day, Charge.UNKNOWN)
            raise
        finally:
            self.in_flight -= 1
        decision = self._policy.decide(outcome, answered=self._drift.others_are_answered)
        charge = decision.rule.charge
        self.charges[Charge.UNKNOWN] -= 1
        self.charges[charge] += 1
        # A stop must be known before anyone takes the place that this call gives back.
        if decision.rule.action is Action.STOP_RUN:
            self._hours.stop(decision.reason)
        self._settle(day, charge)
        return Answer(call_id, sent_at, outcome, decision)

    async def _reserve(self) -> str | None:
        """The day on whose account the next call goes; None where a cap or the end of the run forbids it."""
        while not self._hours.over():
            if self._hours.closed:
                await self._hours.wait_open()
                continue
            day = shanghai_day(self._now())
            match self._budget.reserve(day):
                case Verdict.GO:
                    return day
                case Verdict.WAIT:
                    self._settled.clear()
                    await self._settled.wait()
                case Verdict.RUN_CAP:
                    self._shutdown.request(Reason(ReasonCode.CALL_CAP))
                case Verdict.DAY_CAP:
                    self._shutdown.request(Reason(ReasonCode.DAY_CAP))
                case Verdict.RUN_BUDGET:
                    self._shutdown.request(Reason(ReasonCode.BUDGET))
                case Verdict.DAY_BUDGET:
                    self._shutdown.request(Reason(ReasonCode.BUDGET_PER_DAY))
        return None

    def _release(self, day: str) -> None:
        self._budget.release(day)
        self._settled.set()

    def _settle(self, day: str, charge: Charge) -> None:
        self._budget.settle(day, charge)
        self._settled.set()
