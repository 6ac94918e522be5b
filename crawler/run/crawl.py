"""One run from keywords to summary: opens what the engine needs, lets it run, writes down how it ended."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, nullcontext
from dataclasses import replace
from functools import partial

from sqlite_utils import Database

from crawler.engine.account_pool import AccountPool
from crawler.engine.clock_witness import ClockWitness
from crawler.engine.events import Event, OrderChosen
from crawler.engine.loop import Engine
from crawler.engine.order import Order
from crawler.engine.response_drift import DriftDetector
from crawler.engine.shutdown import Shutdown
from crawler.errors import CrawlerError, StoreError
from crawler.model import Keyword, Problem
from crawler.planning.background_forecast import BackgroundForecast
from crawler.reasons import Reason
from crawler.run.accounts import RunAccounts
from crawler.run.client_opener import client_opener
from crawler.run.database_replaced import SameFile
from crawler.run.dependencies import Dependencies
from crawler.run.end_reason import end_reason
from crawler.run.later_calls import reason_with_later_calls
from crawler.run.ordering import Ordering
from crawler.run.start import Approve, RunStart, approved
from crawler.settings.run import RunSettings
from crawler.store import runs
from crawler.store.database import store_errors
from crawler.store.disk_reserve import DiskReserve
from crawler.store.ledger import Ledger
from crawler.store.lock import hold
from crawler.store.worklist import Worklist, not_asked
from crawler.summary import (
    AccountSummary,
    CallCounts,
    ChosenOrder,
    CreatorCounts,
    KeywordCounts,
    NotAsked,
    RunStatistics,
    RunSummary,
)

END_PATIENCE_MILLISECONDS = 60_000


async def run_crawl(
    settings: RunSettings,
    keywords: Iterable[Keyword | Problem],
    *,
    shutdown: Shutdown | None = None,
    emit: Callable[[Event], None] = lambda event: None,
    approve: Approve = approved,
    dependencies: Dependencies | None = None,
) -> RunSummary:
    """The summary of a run over `keywords`, of which only those that are due are asked for.

    `approve` is asked before a database's first paid calls, where no cap binds them.

    Raises AlreadyRunning, ClusterError, InputError, WrongService or StoreError before any call is made; what
    happens later is told in the summary, except StoreError where not even that can be read from the database.
    """
    dependencies, shutdown = dependencies or Dependencies(), shutdown or Shutdown()
    parts = dependencies.parts
    with hold(settings.db):
        # A cluster that cannot be used is known before anything is begun.
        async with client_opener(settings, parts.open_client, shutdown, emit) as open_client:
            dependencies = replace(dependencies, parts=replace(parts, open_client=open_client))
            with (
                closing(parts.open_database(settings.db)) as db,
                closing(parts.reserve(settings.db, settings.workers)) as reserve,
            ):
                file = SameFile(settings.db)  # as it was opened: it takes a while until the first call
                witness = ClockWitness(shutdown, emit, dependencies.now)
                beginning = RunStart(settings, db, file, shutdown, emit, approve, dependencies, witness)
                run_id, worklist = await beginning.begin(keywords)
                opened = settings, db, file
                run = _Run(*opened, run_id, worklist, shutdown, emit, dependencies, reserve, witness)
                return await run.run()


class _Run:
    """The parts of one run and what is written down at its end."""

    def __init__(
        self,
        settings: RunSettings,
        db: Database,
        file: SameFile,
        run_id: int,
        worklist: Worklist,
        shutdown: Shutdown,
        emit: Callable[[Event], None],
        dependencies: Dependencies,
        reserve: DiskReserve,
        witness: ClockWitness,
    ) -> None:
        self._settings = settings
        self._witness = witness
        self._reserve = reserve
        self._connection: sqlite3.Connection = db.conn
        self._db = db
        self._run_id = run_id
        self._due = worklist.due
        self._shutdown = shutdown
        self._emit = emit
        self._dependencies = dependencies
        self._parts = dependencies.parts
        self._now = dependencies.now
        self._file = file
        self._order_taken = ChosenOrder("file", asked=False)
        self._not_asked: tuple[NotAsked, ...] = ()
        self._forecast = BackgroundForecast(
            db, run_id, worklist, settings, dependencies.endpoint.id, dependencies.now
        )

    async def run(self) -> RunSummary:
        """Crawls and returns the summary, which is in the database too wherever that can be written."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        settings = self._settings
        with store_errors(settings.db):
            store = self._parts.store(
                self._db, settings.db, self._run_id, self._dependencies.endpoint.id, self._now
            )
            accounts = RunAccounts(settings, self._connection, self._dependencies, self._shutdown)
            drift = DriftDetector(runs.answered_before(self._connection), self._dependencies.drift_limits)
            self._order_taken = Ordering(self._connection, settings, self._dependencies).taken()
            self._not_asked = not_asked(self._connection, self._run_id)
        read_ahead = self._parts.read_ahead(settings.db)
        ledger = self._parts.ledger(
            store, partial(self._before_commit, accounts), self._make_room, read_ahead
        )
        with nullcontext() if read_ahead is None else closing(read_ahead):
            async with accounts.open(self._emit) as pool:
                engine = self._engine(pool, ledger, drift)
                ending = asyncio.create_task(pool.end_on_time())
                self._forecast.begin(self._parts.offload)
                try:
                    statistics = await engine.run(min(settings.workers, max(1, self._due)))
                    await ledger.close()
                    seconds = loop.time() - begun
                    await self._forecast.end(self._shutdown)
                finally:
                    ending.cancel()
                    self._forecast.cancel()
        parked = {each.name: each.parked for each in pool.accounts if each.name and each.parked}
        return self._end(statistics, drift.drifted, seconds, accounts, parked)

    def _engine(self, pool: AccountPool, ledger: Ledger, drift: DriftDetector) -> Engine:
        policy = self._parts.policy(self._dependencies.endpoint)
        caller = self._parts.caller(
            pool=pool,
            ledger=ledger,
            policy=policy,
            drift=drift,
            shutdown=self._shutdown,
            emit=self._emit,
            now=self._now,
            hear_clock=self._witness.hear,
        )
        return Engine(
            order=self._order(),
            caller=caller,
            ledger=ledger,
            policy=policy,
            pool=pool,
            drift=drift,
            shutdown=self._shutdown,
            emit=self._emit,
            rng=self._dependencies.rng,
            archive=self._settings.archive,
        )

    def _order(self) -> Order:
        settings, taken = self._settings, self._order_taken
        self._emit(OrderChosen(taken.order, taken.asked, len(self._not_asked), settings.stop_below))
        ordering = Ordering(self._connection, settings, self._dependencies)
        with store_errors(settings.db):
            return ordering.order_of(taken.order)

    def _before_commit(self, accounts: RunAccounts) -> None:
        self._file.check()
        with store_errors(self._settings.db):
            accounts.keep_limits()

    def _make_room(self, full: StoreError) -> bool:
        """Gives what was kept for the calls in flight to them, and sends no more."""
        self._shutdown.request(full.reason)
        return self._reserve.release()

    def _end(
        self,
        statistics: RunStatistics,
        drifted: bool,
        seconds: float,
        accounts: RunAccounts,
        parked: Mapping[str, Reason],
    ) -> RunSummary:
        reason = end_reason(
            statistics,
            due=self._due,
            left_out=len(self._not_asked),
            requested=self._shutdown.reason,
            drifted=drifted,
        )
        try:
            with store_errors(self._settings.db):
                self._file.check()
                self._connection.execute(f"PRAGMA busy_timeout = {END_PATIENCE_MILLISECONDS}")
                calls = runs.count_calls(self._connection, self._run_id)
                creators = runs.count_creators(self._connection, self._run_id)
                reason = reason_with_later_calls(self._connection, self._settings, reason, self._now())
                summary = self._summary(replace(statistics, calls=calls), reason, seconds, creators)
                summary = replace(summary, accounts=self._account_summaries(parked))
                summary = self._forecast.with_accuracy(summary)
                with self._db.atomic():
                    accounts.keep_limits(always=True)
                    for name, why in parked.items():
                        runs.end_account(self._connection, self._run_id, name, why)
                    self._forecast.keep()
                    runs.end_run(self._connection, self._run_id, summary, statistics.rate_limited, self._now)
        except CrawlerError as exc:
            # What was saved before stays saved; only the end of the run could not be written.
            return self._summary(statistics, exc.reason, seconds, CreatorCounts())
        return summary

    def _account_summaries(self, parked: Mapping[str, Reason]) -> tuple[AccountSummary, ...]:
        """What each account did, where there is more than one."""
        senders = self._settings.senders
        if len(senders) == 1:
            return ()
        calls = runs.count_calls_by_account(self._connection, self._run_id)
        return tuple(
            AccountSummary(
                each.name or "", calls.get(each.name, CallCounts()), each.price, parked.get(each.name or "")
            )
            for each in senders
        )

    def _summary(
        self, statistics: RunStatistics, reason: Reason, seconds: float, creators: CreatorCounts
    ) -> RunSummary:
        done, failed = statistics.keywords_done, len(statistics.failures)
        return RunSummary(
            reason,
            KeywordCounts(self._due, done, failed, self._due - done - failed),
            statistics.calls,
            creators,
            round(seconds, 3),
            str(self._settings.db),
            statistics.failures,
            statistics.strange_answers,
            self._settings.price_of_all,
            self._order_taken,
            self._not_asked,
            clock_ahead=self._witness.ahead,
        )
