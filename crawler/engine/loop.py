"""The loop: workers, pages, retries, shutdown. All control flow of a run stands here.

Keywords go in parallel, the pages of a keyword one after the other, each page in one transaction with its
call and its checkpoint. What to do with an answer is decided in `policy`, which keyword comes next in
`order`, when a call may go in `caller`; here it is done.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from crawler.endpoint import Action, Blame
from crawler.engine.account_pool import AccountPool
from crawler.engine.caller import Answer, Caller
from crawler.engine.events import (
    CallEnded,
    Draining,
    Event,
    KeywordDeferred,
    KeywordDone,
    KeywordFailed,
    PageStored,
    RateLimited,
    RetryPause,
)
from crawler.engine.interfaces import Ledger
from crawler.engine.keyword_task import KeywordTask, TaskState
from crawler.engine.order import Order
from crawler.engine.policy import NOT_UNDERSTOOD, Decision, Policy, unreadable
from crawler.engine.response_drift import DriftDetector
from crawler.engine.shutdown import Shutdown
from crawler.engine.workers import run_workers
from crawler.errors import CrawlerError
from crawler.model import (
    CallWithoutPage,
    Charge,
    FetchedPage,
    Page,
    Settlement,
    Work,
)
from crawler.reasons import Reason, ReasonCode
from crawler.summary import CallCounts, FailedKeyword, RunStatistics

LONG_PAUSE_SECONDS = 10.0
"""A pause before a retry that is worth telling."""


class Engine:
    """Crawls the work it is given until there is none left or the run is ending."""

    def __init__(
        self,
        *,
        order: Order,
        caller: Caller,
        ledger: Ledger,
        policy: Policy,
        pool: AccountPool,
        drift: DriftDetector,
        shutdown: Shutdown,
        emit: Callable[[Event], None],
        rng: random.Random,
        archive: bool = True,
    ) -> None:
        self._order = order
        self._caller = caller
        self._ledger = ledger
        self._policy = policy
        self._pool = pool
        self._drift = drift
        self._shutdown = shutdown
        self._emit = emit
        self._rng = rng
        self._archive = archive
        self._rate_limited = 0
        self._keywords_done = 0
        self._failures: list[FailedKeyword] = []

    async def run(self, workers: int) -> RunStatistics:
        """What was done, once all work is, or the run is ending and every call in flight has ended."""
        async with asyncio.TaskGroup() as group:
            tasks: list[asyncio.Task[None]] = []
            drain = group.create_task(self._drain(tasks))
            await run_workers(group, tasks, self._worker, workers, self._pool)
            drain.cancel()
        return self.statistics

    @property
    def statistics(self) -> RunStatistics:
        """What was done so far."""
        charges = self._caller.charges
        calls = CallCounts.of(charges[Charge.CHARGED], charges[Charge.FREE], charges[Charge.UNKNOWN])
        return RunStatistics(
            self._keywords_done, tuple(self._failures), calls, self._rate_limited, self._drift.pages
        )

    async def _drain(self, tasks: list[asyncio.Task[None]]) -> None:
        """Announces that the run is ending, and gives up the calls in flight if that is forced."""
        reason = await self._shutdown.wait_requested()
        self._pool.wake()
        self._emit(Draining(reason, self._caller.in_flight))
        await self._shutdown.wait_forced()
        for task in tasks:
            task.cancel()

    async def _worker(self) -> None:
        try:
            while not self._shutdown.requested and (task := self._order.next()) is not None:
                await self._one_page(task)
        except CrawlerError as exc:
            self._shutdown.request(exc.reason)

    async def _one_page(self, task: KeywordTask) -> None:
        """Asks for the page that `task` is at until it is saved, or the task is over for now."""
        if task.seen is None:
            task.seen = self._ledger.creators_seen(task.work) if task.work.page > 1 else set()
        while task.state is TaskState.ASKING:
            answer = await self._caller.call(task.work, task.attempt)
            if answer is None:
                task.state = TaskState.STOPPED
                return
            page = answer.page
            if page is None:
                await self._without_page(task, answer, answer.decision)
            elif page.unreadable:
                await self._without_page(task, answer, unreadable(page.oddity))
            else:
                await self._save(task, answer, page)
                return

    async def _save(self, task: KeywordTask, answer: Answer, page: Page) -> None:
        """Saves a page; its keyword goes on with the next or is done."""
        self._went_well(answer)
        answer.account.served()
        work = task.work
        assert task.seen is not None
        met = {creator.identity for creator in page.creators} - task.seen
        task.seen |= met
        end = self._policy.end_of_keyword(page, work, len(met), answer.decision.rule.action)
        body = answer.body if self._archive or page.oddity is not None else None
        # What the page must bring is said beforehand, so that the keyword ends in the page's own transaction.
        needed = 0 if work.whole or end is not None else self._order.new_needed(task, page.entries)
        saved = await self._ledger.save_page(
            FetchedPage(answer.call_id, _settlement(answer, None), work, page, len(met), end, body, needed)
        )
        end = end or saved.end
        answer.account.emit(_call_ended(task, answer, answer.decision))
        self._emit(PageStored(work, work.page, page.entries, len(page.rejects), saved, page.oddity))
        self._drift.read(work, page)
        self._order.page_saved(task, saved.creators_new, page.entries, goes_on=end is None)
        if end is None:
            task.next_page()
            return
        task.state = TaskState.DONE
        self._keywords_done += 1
        self._emit(KeywordDone(work, work.page, end))
        await self._end_if_drifted()

    async def _without_page(self, task: KeywordTask, answer: Answer, decision: Decision) -> None:
        """Settles a call that brought no page, and does what is decided."""
        rule = decision.rule
        fails = rule.action is Action.FAIL_KEYWORD
        # Tasks that wait for a turn must know at once, not only when this call is settled durably.
        if rule.action is Action.SLOW_DOWN:
            self._slow_down(answer)
        body = answer.body if fails and rule.charge is not Charge.FREE else None
        await self._ledger.settle_call(
            CallWithoutPage(
                answer.call_id,
                _settlement(answer, decision),
                task.work,
                body,
                decision.reason if fails else None,
            )
        )
        answer.account.emit(_call_ended(task, answer, decision))
        self._blame(answer, decision)
        match rule.action:
            case Action.STOP_RUN:
                # Where the quota is waited for, or another account goes on, the same page is asked for again.
                task.state = TaskState.STOPPED if self._shutdown.requested else TaskState.ASKING
            case Action.FAIL_KEYWORD:
                task.state = TaskState.FAILED
                self._failed(task.work, decision.reason)
                if rule in NOT_UNDERSTOOD:
                    self._drift.not_understood()
                    await self._end_if_drifted()
            case Action.RETRY if self._attempts_are_used_up(task):
                await self._give_up(task, decision.reason)
            case Action.RETRY:
                await self._retry(task, decision)

    def _attempts_are_used_up(self, task: KeywordTask) -> bool:
        """In an outage no attempt counts: the service is to blame, not the keyword."""
        return task.attempt >= self._policy.retries.attempts_max and not self._pool.in_outage

    async def _retry(self, task: KeywordTask, decision: Decision) -> None:
        """Waits; then the same page again, unless an outage is better probed with another keyword, which
        tells whether the service or this one is to blame."""
        asked = decision.retry_after_seconds
        seconds = self._policy.backoff_seconds(task.attempt, asked, self._rng)
        if seconds >= LONG_PAUSE_SECONDS:
            self._emit(RetryPause(task.work, seconds, asked=asked is not None and seconds <= asked))
        task.state = TaskState.WAITING
        await self._shutdown.sleep(seconds)
        if self._pool.in_outage and not task.last_chance:
            await self._give_up(task, decision.reason)
        else:
            task.ask_again(counts=not self._pool.in_outage)

    async def _give_up(self, task: KeywordTask, reason: Reason) -> None:
        """Defers a keyword, or fails it where it was deferred before."""
        task.give_up()
        if task.state is TaskState.DEFERRED:
            self._order.defer(task)
            self._emit(KeywordDeferred(task.work, reason))
        else:
            await self._ledger.fail_keywords([task.work], reason)
            self._failed(task.work, reason)

    async def _end_if_drifted(self) -> None:
        """Ends the run because answers cannot be trusted; the keywords they seemed to end are due again."""
        if not self._drift.drifted:
            return
        self._shutdown.request(Reason(ReasonCode.RESPONSE_DRIFT))
        suspects = self._drift.requeue()
        if not suspects:
            return
        self._keywords_done -= len(suspects)
        reason = Reason(ReasonCode.NO_CREATORS)
        await self._ledger.fail_keywords(suspects, reason)
        for work in suspects:
            self._failed(work, reason)

    def _failed(self, work: Work, reason: Reason) -> None:
        self._failures.append(FailedKeyword(work.text, work.page, reason))
        self._emit(KeywordFailed(work, reason))

    def _blame(self, answer: Answer, decision: Decision) -> None:
        """Tells the account's circuit breaker what a call without a page says about the service."""
        answer.account.probe_under_way = False
        if decision.rule.blame is Blame.SERVICE:
            answer.account.failed(decision.reason, connected=answer.was_sent)
        elif decision.rule.blame is Blame.KEYWORD:
            self._went_well(answer)
        self._pool.wake()

    def _went_well(self, answer: Answer) -> None:
        answer.account.probe_under_way = False
        answer.account.went_well(answer.sent_at)
        self._pool.wake()

    def _slow_down(self, answer: Answer) -> None:
        self._rate_limited += 1
        account, throttle = answer.account, answer.account.throttle
        lowered, too_often = account.slow_down(answer.sent_at, answer.decision.retry_after_seconds)
        account.emit(RateLimited(str(throttle.rate), lowered, throttle.pause_seconds()))
        if too_often:
            self._pool.park(account, Reason(ReasonCode.RATE_LIMIT))


def _settlement(answer: Answer, decision: Decision | None) -> Settlement:
    """How the ledger keeps a call; `decision` is None for one that brought its page."""
    taken = decision or answer.decision
    reason = None if decision is None else decision.reason
    return Settlement(taken.rule.charge, taken.code, answer.http_status, answer.milliseconds, reason)


def _call_ended(task: KeywordTask, answer: Answer, decision: Decision) -> CallEnded:
    work = task.work
    return CallEnded(
        work, work.page, task.attempt, decision.code, answer.http_status, decision.rule.charge,
        answer.milliseconds, decision.reason,
    )  # fmt: skip
