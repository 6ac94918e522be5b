"""One night from keywords to summary: opens what a crawl needs, lets it run, and writes down how it ended."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from pathlib import Path

from sqlite_utils import Database

from crawler.clock import Now, shanghai_day, utc_now
from crawler.commands import Write
from crawler.config import RunSettings, service_of
from crawler.engine.budget import Budget
from crawler.engine.circuit_breaker import CircuitBreaker, CircuitBreakerLimits
from crawler.engine.drift import DriftDetector
from crawler.engine.events import Event, LineSkipped, RunStarted
from crawler.engine.loop import DRIFT_END, Crawl
from crawler.engine.policy import EXIT_DONE, EXIT_SOME_FAILED, EXIT_STOPPED
from crawler.engine.shutdown import ALL_DONE, NOTHING_DUE, SOME_FAILED, Shutdown, StopCause
from crawler.engine.throttle import Throttle
from crawler.errors import FILE_GONE, CrawlerError, InputError, StoreError
from crawler.i18n import _
from crawler.model import (
    CallCounts,
    Charge,
    Keyword,
    KeywordCounts,
    PageSaved,
    Problem,
    RunSummary,
    UserCounts,
    Work,
)
from crawler.rate import parse_rate
from crawler.store import runs
from crawler.store.database import open_database, store_errors
from crawler.store.ledger import GroupCommit
from crawler.store.lock import hold
from crawler.store.worklist import Worklist, due_work, make_worklist
from crawler.store.writer import Store
from crawler.vendor.client import ApiSettings, open_api
from crawler.vendor.endpoints import SEARCH_USER_V2

ENDPOINT = SEARCH_USER_V2
END_PATIENCE_MILLISECONDS = 60_000


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What a night takes from outside itself: chance, the time of day, and the limits of an outage."""

    rng: random.Random
    now: Now = utc_now
    outage: CircuitBreakerLimits = field(default_factory=CircuitBreakerLimits)


async def run_crawl(
    settings: RunSettings,
    keywords: Iterable[Keyword | Problem],
    *,
    stop: Shutdown | None = None,
    emit: Callable[[Event], None] = lambda event: None,
    dependencies: Dependencies | None = None,
) -> RunSummary:
    """The summary of a night over `keywords`, of which only those that are due are asked for.

    Raises AlreadyRunning, InputError, WrongService or StoreError before any call is made; what happens later
    is told in the summary, except StoreError where not even that can be read from the database.
    """
    dependencies = dependencies or Dependencies(random.Random())
    with hold(settings.db):
        db = open_database(settings.db)
        try:
            run_id, worklist = _begin(db, settings, keywords, dependencies.now, emit)
            night = _Run(settings, db, run_id, worklist, stop or Shutdown(), emit, dependencies)
            return await night.run()
        finally:
            db.close()


def _begin(
    db: Database,
    settings: RunSettings,
    keywords: Iterable[Keyword | Problem],
    now: Now,
    emit: Callable[[Event], None],
) -> tuple[int, Worklist]:
    """Reads the keywords and starts a run, in one transaction: unreadable input leaves nothing behind."""
    service = service_of(settings.base_url)
    with store_errors(settings.db), db.atomic():
        runs.claim_service(db.conn, service)
        run_id = runs.start_run(db.conn, version("creator-crawler"), now)
        worklist = make_worklist(
            db.conn,
            _usable(keywords, emit),
            endpoint_id=ENDPOINT.id,
            pages_max=settings.pages_max,
            refresh_after=settings.refresh_after,
            now=now,
        )
        if not worklist.listed:
            raise InputError(_("there is no keyword in the files given: nothing to ask for"))
    emit(RunStarted(run_id, worklist.listed, worklist.repeated, worklist.due, str(settings.db), service))
    return run_id, worklist


def _usable(keywords: Iterable[Keyword | Problem], emit: Callable[[Event], None]) -> Iterator[Keyword]:
    for item in keywords:
        if isinstance(item, Problem):
            emit(LineSkipped(item))
        else:
            yield item


class _Run:
    """The parts of one night and what is written down at its end."""

    def __init__(
        self,
        settings: RunSettings,
        db: Database,
        run_id: int,
        worklist: Worklist,
        stop: Shutdown,
        emit: Callable[[Event], None],
        dependencies: Dependencies,
    ) -> None:
        self._settings = settings
        self._connection: sqlite3.Connection = db.conn
        self._db = db
        self._run_id = run_id
        self._due = worklist.due
        self._shutdown = stop
        self._emit = emit
        self._rng = dependencies.rng
        self._now = dependencies.now
        self._circuit_breaker = CircuitBreaker(dependencies.outage)
        self._file = _file_at(settings.db)

    async def run(self) -> RunSummary:
        """Crawls and returns the summary, which is in the database too wherever that can be written."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        settings = self._settings
        with store_errors(settings.db):
            store = Store(self._db, settings.db, self._run_id, ENDPOINT.id, self._now)
            last_sent_seconds_ago = runs.seconds_since_last_call(self._connection, self._now)
            answered_before = runs.answered_before(self._connection)
            budget = self._budget()
        journal = GroupCommit(partial(self._apply, store))
        throttle = Throttle(parse_rate(settings.rate), self._shutdown.sleep, last_sent_seconds_ago)
        async with open_api(ApiSettings(settings.base_url, settings.token, settings.timeout_seconds)) as api:
            crawl = Crawl(
                endpoint=ENDPOINT,
                client=api,
                ledger=journal,
                throttle=throttle,
                budget=budget,
                outage=self._circuit_breaker,
                strangeness=DriftDetector(answered_before),
                stop=self._shutdown,
                seen_by=store.seen_by,
                emit=self._emit,
                rng=self._rng,
                now=self._now,
                keep_replies=settings.keep_replies,
            )
            await crawl.run(self._work(), min(settings.workers, max(1, self._due)))
            await journal.close()
        return self._end(crawl, loop.time() - begun)

    def _apply(self, store: Store, writes: Sequence[Write]) -> list[int | PageSaved | None]:
        self._check_file()
        return store.apply(writes)

    def _check_file(self) -> None:
        """Raises StoreError where another file, or none, stands at the database's path: SQLite would go on
        writing into the one that nobody finds any more."""
        if _file_at(self._settings.db) != self._file:
            raise StoreError(_(FILE_GONE) % self._settings.db)

    def _work(self) -> Iterator[Work]:
        with store_errors(self._settings.db):
            yield from due_work(self._connection)

    def _budget(self) -> Budget:
        settings, moment = self._settings, self._now()
        spent = runs.calls_charged_on_day(self._connection, moment)
        return Budget(settings.calls_max, settings.calls_max_per_day, {shanghai_day(moment): spent})

    def _end(self, crawl: Crawl, seconds: float) -> RunSummary:
        cause = self._cause(crawl)
        try:
            with store_errors(self._settings.db):
                self._check_file()
                self._connection.execute(f"PRAGMA busy_timeout = {END_PATIENCE_MILLISECONDS}")
                summary = self._summary(crawl, cause, seconds)
                with self._db.atomic():
                    runs.end_run(self._connection, self._run_id, summary, crawl.rate_limited, self._now)
        except CrawlerError as exc:
            # What was saved before stays saved; the closing words are missing, and perhaps the ledger.
            return self._told(
                crawl, StopCause("stopped", exc.english, EXIT_STOPPED), seconds, *_counted(crawl)
            )
        return summary

    def _cause(self, crawl: Crawl) -> StopCause:
        finished = crawl.keywords_done + len(crawl.failures) >= self._due
        if crawl.strangeness.too_many and (self._shutdown.cause or DRIFT_END).outcome == "stopped":
            return DRIFT_END
        if self._shutdown.cause is not None and not finished:
            return self._shutdown.cause
        assert finished, "a run that nothing stopped has left work behind"
        if crawl.failures:
            return StopCause("failed", SOME_FAILED, EXIT_SOME_FAILED)
        return StopCause("done", ALL_DONE if self._due else NOTHING_DUE, EXIT_DONE)

    def _summary(self, crawl: Crawl, cause: StopCause, seconds: float) -> RunSummary:
        calls = runs.count_calls(self._connection, self._run_id)
        users = runs.count_users(self._connection, self._run_id)
        return self._told(crawl, cause, seconds, calls, users)

    def _told(
        self, crawl: Crawl, cause: StopCause, seconds: float, calls: CallCounts, users: UserCounts
    ) -> RunSummary:
        done, failed = crawl.keywords_done, len(crawl.failures)
        return RunSummary(
            cause.outcome,
            cause.reason,
            cause.exit_code,
            KeywordCounts(self._due, done, failed, self._due - done - failed),
            calls,
            users,
            round(seconds, 3),
            str(self._settings.db),
            tuple(crawl.failures),
            crawl.strangeness.pages,
        )


def _file_at(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _counted(crawl: Crawl) -> tuple[CallCounts, UserCounts]:
    """What is known without the database: every call and what it cost, of the creators nothing."""
    charges = crawl.charges
    calls = CallCounts.of(charges[Charge.CHARGED], charges[Charge.FREE], charges[Charge.UNKNOWN])
    return calls, UserCounts()
