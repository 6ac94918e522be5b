"""The conductor: workers, retries, stopping. All control flow of a crawl stands here.

Keywords go in parallel, the pages of a keyword one after the other. Each call is written down before it is
sent and settled together with its page; what to do with an outcome is decided in `policy`, here it is done.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from crawler.clock import Now, shanghai_day
from crawler.commands import DropCall, FailKeyword, Ledger, OpenCall, SavePage, SettleCall
from crawler.engine.budget import Budget, Verdict
from crawler.engine.circuit_breaker import CircuitBreaker
from crawler.engine.drift import DriftDetector
from crawler.engine.events import (
    CallEnded,
    CircuitClosed,
    CircuitOpened,
    Event,
    KeywordDeferred,
    KeywordDone,
    KeywordFailed,
    PageStored,
    RateLimited,
    RetryPause,
    Stopping,
)
from crawler.engine.policy import (
    ATTEMPTS_MAX,
    EXIT_SOME_FAILED,
    EXIT_STOPPED,
    NOT_UNDERSTOOD,
    Action,
    Blame,
    Decision,
    backoff_seconds,
    decide,
    stop_reason,
    unreadable,
)
from crawler.engine.shutdown import (
    DAY_CAP,
    NO_CREATORS,
    OUTAGE,
    RATE_LIMIT,
    RESPONSE_DRIFT,
    RUN_CAP,
    Shutdown,
    StopCause,
)
from crawler.engine.throttle import Throttle
from crawler.errors import CrawlerError
from crawler.model import (
    Charge,
    FailedKeyword,
    Outcome,
    Page,
    PageRequest,
    PageSaved,
    Reply,
    Settlement,
    Work,
)
from crawler.vendor.endpoints import Endpoint

REFUSALS_MAX = 12
"""Times in a row the rate may be lowered without one good answer before the run stops."""

DRIFT_END = StopCause("stopped", RESPONSE_DRIFT, EXIT_SOME_FAILED)

LONG_PAUSE_SECONDS = 10.0
"""A pause before a retry that is worth telling: only the API asks for one."""


class Client(Protocol):
    """Sends exactly one request for each call."""

    async def call(self, request: PageRequest) -> Outcome:
        """How the request ended."""
        ...


@dataclass(frozen=True, slots=True)
class Sent:
    """A call that was sent and came home, with what to do about it."""

    call_id: int
    sent_at: float
    outcome: Outcome
    decision: Decision


class Crawl:
    """Crawls the work it is given until there is none left or the run is ending."""

    def __init__(
        self,
        *,
        endpoint: Endpoint,
        client: Client,
        ledger: Ledger,
        throttle: Throttle,
        budget: Budget,
        outage: CircuitBreaker,
        strangeness: DriftDetector,
        stop: Shutdown,
        seen_by: Callable[[Work], set[str]],
        emit: Callable[[Event], None],
        rng: random.Random,
        now: Now,
        keep_replies: bool = False,
    ) -> None:
        self._endpoint = endpoint
        self._client = client
        self._ledger = ledger
        self._throttle = throttle
        self._budget = budget
        self._circuit_breaker = outage
        self._shutdown = stop
        self._seen_by = seen_by
        self._emit = emit
        self._rng = rng
        self._now = now
        self._keep_replies = keep_replies
        self._work: Iterator[Work] = iter(())
        self._deferred: deque[Work] = deque()
        self._settled = asyncio.Event()
        self._probing = asyncio.Lock()
        self._in_flight = 0
        self._refusals_in_a_row = 0
        self._last_trouble = ""
        self.rate_limited = 0
        self.strangeness = strangeness
        self.keywords_done = 0
        self.failures: list[FailedKeyword] = []
        self.charges: Counter[Charge] = Counter()
        """Calls sent, by what they cost: for when the ledger cannot be read any more."""

    async def run(self, work: Iterator[Work], workers: int) -> None:
        """Returns when all work is done, or the run is ending and every call in flight has come home."""
        self._work = work
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._worker()) for _ in range(workers)]
            leaver = group.create_task(self._leave(tasks))
            await asyncio.wait(tasks)
            leaver.cancel()

    async def _leave(self, tasks: list[asyncio.Task[None]]) -> None:
        """Says that the run is ending, whoever ended it, and gives up the calls in flight if asked to."""
        self._emit(Stopping(await self._shutdown.ending(), self._in_flight))
        await self._shutdown.left()
        for task in tasks:
            task.cancel()

    async def _worker(self) -> None:
        try:
            while not self._shutdown.requested and (chosen := self._next_keyword()) is not None:
                await self._keyword(*chosen)
        except CrawlerError as exc:
            self._shutdown.request(StopCause("stopped", exc.english, EXIT_STOPPED))

    def _next_keyword(self) -> tuple[Work, bool] | None:
        """The next keyword and whether this is its last chance: those put off come after all others."""
        work = next(self._work, None)
        if work is not None:
            return work, False
        return (self._deferred.popleft(), True) if self._deferred else None

    async def _keyword(self, work: Work, last_chance: bool) -> None:
        seen = self._seen_by(work) if work.page > 1 else set()
        page: int | None = work.page
        while page is not None and not self._shutdown.requested:
            page = await self._page(replace(work, page=page), seen, last_chance)

    async def _page(self, work: Work, seen: set[str], last_chance: bool) -> int | None:
        """Gets page `work.page` and saves it: the next page to ask for, None where the keyword ends here."""
        attempt = 1
        while True:
            sent = await self._call(work, attempt)
            if sent is None:
                return None
            page = self._read(sent)
            if page is not None and not page.unreadable:
                return await self._save(work, sent, attempt, seen, page)
            if page is not None:
                sent = replace(sent, decision=unreadable(page.oddity))
            decision = sent.decision
            # Whoever waits for a turn has to know at once, not only when this call is settled durably.
            if decision.rule.action is Action.STOP_RUN:
                self._shutdown.request(StopCause("stopped", decision.reason, decision.rule.exit_code))
            elif decision.rule.action is Action.SLOW_DOWN:
                self._slow_down(sent)
            await self._settle(work, sent, attempt)
            match decision.rule.action:
                case Action.STOP_RUN:
                    return None
                case Action.FAIL_KEYWORD:
                    await self._fail(work, decision.reason)
                    if decision.rule in NOT_UNDERSTOOD:
                        self.strangeness.not_understood()
                        await self._end_if_drifted()
                    return None
                case Action.RETRY if attempt >= ATTEMPTS_MAX and not self._circuit_breaker.on:
                    await self._defer_or_fail(work, decision.reason, last_chance)
                    return None
                case Action.RETRY:
                    pause = backoff_seconds(attempt, decision.retry_after_seconds, self._rng)
                    if pause >= LONG_PAUSE_SECONDS:
                        self._emit(RetryPause(work, pause))
                    await self._shutdown.sleep(pause)
                    attempt += not self._circuit_breaker.on
                    if self._circuit_breaker.on and not last_chance:
                        # A probe with another keyword tells whether the service or this one is to blame.
                        await self._defer_or_fail(work, decision.reason, last_chance)
                        return None

    async def _call(self, work: Work, attempt: int) -> Sent | None:
        """One call when its turn comes; None where the run is ending. In an outage calls go one by one."""
        while self._circuit_breaker.on and not self._shutdown.requested:
            async with self._probing:
                if self._circuit_breaker.on and not self._shutdown.requested and await self._wait_for_probe():
                    return await self._send(work, attempt)
        return await self._send(work, attempt)

    async def _wait_for_probe(self) -> bool:
        seconds = self._circuit_breaker.next_pause_seconds()
        if seconds is None:
            self._shutdown.request(StopCause("stopped", OUTAGE, EXIT_STOPPED))
            return False
        self._emit(CircuitOpened(seconds, self._circuit_breaker.probes, self._last_trouble))
        await self._shutdown.sleep(seconds)
        return not self._shutdown.requested

    async def _send(self, work: Work, attempt: int) -> Sent | None:
        async with self._throttle.turn():
            day = await self._reserve()
            if day is None:
                return None
            try:
                call_id = await self._ledger.write(OpenCall(work, work.page, attempt))
            except BaseException:
                self._budget.release(day)
                self._settled.set()
                raise
        assert isinstance(call_id, int)
        if self._shutdown.requested:
            self._budget.release(day)
            self._settled.set()
            await self._ledger.write(DropCall(call_id))
            return None
        sent_at = asyncio.get_running_loop().time()
        self._in_flight += 1
        self.charges[Charge.UNKNOWN] += 1
        try:
            outcome = await self._client.call(PageRequest(self._endpoint.path, work.text, work.page))
        except BaseException:
            self._budget.settle(day, Charge.UNKNOWN)
            self._settled.set()
            raise
        finally:
            self._in_flight -= 1
        decision = decide(outcome, answered=self.strangeness.others_are_answered)
        charge = decision.rule.charge
        self.charges[Charge.UNKNOWN] -= 1
        self.charges[charge] += 1
        self._budget.settle(day, charge)
        self._settled.set()
        return Sent(call_id, sent_at, outcome, decision)

    async def _reserve(self) -> str | None:
        """The day on whose account a call may go now; None where the run is ending, by a cap for one."""
        while not self._shutdown.requested:
            day = shanghai_day(self._now())
            match self._budget.reserve(day):
                case Verdict.GO:
                    return day
                case Verdict.WAIT:
                    self._settled.clear()
                    await self._settled.wait()
                case Verdict.RUN_CAP:
                    self._shutdown.request(StopCause("stopped", RUN_CAP, EXIT_STOPPED))
                case Verdict.DAY_CAP:
                    self._shutdown.request(StopCause("stopped", DAY_CAP, EXIT_STOPPED))
        return None

    def _read(self, sent: Sent) -> Page | None:
        """The page in an answer that has one, empty where it says that there is no more."""
        action = sent.decision.rule.action
        if action is Action.USE and isinstance(sent.outcome, Reply):
            return self._endpoint.read_page(sent.outcome.data)
        return Page(()) if action is Action.END_KEYWORD else None

    async def _save(self, work: Work, sent: Sent, attempt: int, seen: set[str], page: Page) -> int | None:
        assert isinstance(sent.outcome, Reply)
        self._went_well()
        keys = {creator.identity for creator in page.creators} - seen
        seen |= keys
        reason = stop_reason(page, work, len(keys), sent.decision.rule.action)
        body = sent.outcome.body if self._keep_replies or page.oddity is not None else None
        saved = await self._ledger.write(
            SavePage(sent.call_id, _settlement(sent), work, work.page, page, len(keys), reason, body)
        )
        assert isinstance(saved, PageSaved)
        self._emit(_call_ended(work, sent, attempt))
        self._emit(PageStored(work, work.page, page.entries, len(page.rejects), saved, page.oddity))
        self.strangeness.read(work, page)
        if reason is None:
            return work.page + 1
        self.keywords_done += 1
        self._emit(KeywordDone(work, work.page, reason))
        await self._end_if_drifted()
        return None

    async def _end_if_drifted(self) -> None:
        """Ends the run over answers not to be believed; in one transaction what they seemed to end is due."""
        if not self.strangeness.too_many:
            return
        self._shutdown.request(DRIFT_END)
        suspects = self.strangeness.requeue()
        self.keywords_done -= len(suspects)
        await asyncio.gather(*(self._fail(work, NO_CREATORS) for work in suspects))

    async def _settle(self, work: Work, sent: Sent, attempt: int) -> None:
        decision = sent.decision
        paid = decision.rule.action is Action.FAIL_KEYWORD and decision.rule.charge is not Charge.FREE
        kept = sent.outcome.body if paid and isinstance(sent.outcome, Reply) else None
        await self._ledger.write(SettleCall(sent.call_id, _settlement(sent), work, work.page, kept))
        self._emit(_call_ended(work, sent, attempt))
        if decision.rule.blame is Blame.SERVICE:
            self._last_trouble = decision.reason
            self._circuit_breaker.record(service_failed=True)
        elif decision.rule.blame is Blame.KEYWORD:
            self._went_well()

    def _went_well(self) -> None:
        """The service answered in its own words: neither rate limit nor outage."""
        self._throttle.went_well()
        self._refusals_in_a_row = 0
        if self._circuit_breaker.record(service_failed=False):
            self._emit(CircuitClosed())

    def _slow_down(self, sent: Sent) -> None:
        self.rate_limited += 1
        lowered = self._throttle.slow_down(sent.sent_at, sent.decision.retry_after_seconds)
        self._emit(RateLimited(str(self._throttle.rate), lowered, self._throttle.pause_seconds()))
        self._refusals_in_a_row += lowered
        if self._refusals_in_a_row > REFUSALS_MAX:
            self._shutdown.request(StopCause("stopped", RATE_LIMIT, EXIT_STOPPED))

    async def _defer_or_fail(self, work: Work, reason: str, last_chance: bool) -> None:
        if last_chance:
            await self._fail(work, reason)
        else:
            self._deferred.append(work)
            self._emit(KeywordDeferred(work, reason))

    async def _fail(self, work: Work, reason: str) -> None:
        await self._ledger.write(FailKeyword(work, work.page, reason))
        self.failures.append(FailedKeyword(work.text, work.page, reason))
        self._emit(KeywordFailed(work, reason))


def _settlement(sent: Sent) -> Settlement:
    outcome, decision = sent.outcome, sent.decision
    error = None if decision.rule.action in (Action.USE, Action.END_KEYWORD) else decision.reason
    return Settlement(decision.rule.charge, decision.code, outcome.http_status, outcome.milliseconds, error)


def _call_ended(work: Work, sent: Sent, attempt: int) -> CallEnded:
    outcome, decision = sent.outcome, sent.decision
    return CallEnded(
        work, work.page, attempt, decision.code, outcome.http_status, decision.rule.charge,
        outcome.milliseconds, decision.reason,
    )  # fmt: skip
