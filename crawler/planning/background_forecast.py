"""The forecast of a run: made beside its first calls, from the database as it was before them."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol

from crawler.clock import Now, stamp
from crawler.engine.shutdown import Shutdown
from crawler.forecast import Forecast, compare_forecast
from crawler.planning.forecast_inputs import KEYWORDS_READ_MAX, DueSample, due_sample_in_steps
from crawler.planning.plan import plan_of
from crawler.settings.run import RunSettings
from crawler.store.forecasts import keep_forecast
from crawler.store.quota_waits import quota_wait_seconds
from crawler.store.readonly import snapshot
from crawler.store.worklist import Worklist
from crawler.summary import RunSummary

if TYPE_CHECKING:
    from sqlite_utils import Database


FIRST_CALLS_SECONDS = 1.0
"""How long a work list that takes a while to look through leaves the event loop to the first calls."""

PATIENCE_SECONDS = 10.0
"""How long the end of a run waits for its forecast."""


class Offload(Protocol):
    """Does some work while the event loop goes on."""

    def __call__(self, work: Callable[[], Forecast]) -> Awaitable[Forecast]:
        """What the work gives."""


async def in_thread(work: Callable[[], Forecast]) -> Forecast:
    """What `work` gives, done in a thread that the end of the process does not wait for."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Forecast] = loop.create_future()

    def settle(found: Forecast | None, error: BaseException | None) -> None:
        if answer.done():  # nobody waits any more
            return
        if error is not None:
            answer.set_exception(error)
        elif found is not None:
            answer.set_result(found)

    def run() -> None:
        found, error = None, None
        try:
            found = work()
        except BaseException as exc:  # for whoever waits
            error = exc
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(settle, found, error)

    threading.Thread(target=run, name="forecast", daemon=True).start()
    return await answer


class BackgroundForecast:
    """Makes the forecast of a run beside its calls, and keeps it with the run.

    It is read from a snapshot taken before the first call, so that no call waits for it. Where nothing is due
    or the database cannot be read twice there is none, and the run goes on without.
    """

    def __init__(
        self, db: Database, run_id: int, worklist: Worklist, settings: RunSettings, endpoint_id: int, now: Now
    ) -> None:
        self._db = db
        self._run_id = run_id
        self._worklist = worklist
        self._settings = settings
        self._endpoint_id = endpoint_id
        self._now = now
        self._snapshot: sqlite3.Connection | None = None
        self._making: asyncio.Task[None] | None = None
        self._forecast: Forecast | None = None

    def begin(self, offload: Offload) -> None:
        """Takes the snapshot; the rest is done while the run goes on."""
        if self._worklist.due:
            with suppress(sqlite3.Error):
                self._snapshot = snapshot(self._settings.db)
                self._making = asyncio.create_task(self._make(self._snapshot, offload))

    async def _make(self, connection: sqlite3.Connection, offload: Offload) -> None:
        with suppress(sqlite3.Error, MemoryError):
            if self._worklist.due > KEYWORDS_READ_MAX:
                await asyncio.sleep(FIRST_CALLS_SECONDS)
            for sample in due_sample_in_steps(self._db.conn, self._worklist.listed):  # noqa: B007 - the last one is used
                await asyncio.sleep(0)  # calls go on between the steps
            moment = self._now()  # a thread has no clock of the loop's
            self._forecast = await offload(partial(self._read, connection, sample, moment))
            with self._db.atomic():  # where that is locked just now, it is kept at the end
                self.keep()

    def _read(self, connection: sqlite3.Connection, sample: DueSample, moment: datetime) -> Forecast:
        self._snapshot = None  # whoever reads it closes it
        with closing(connection):
            return plan_of(connection, sample, self._settings, self._endpoint_id, lambda: moment).forecast

    async def end(self, shutdown: Shutdown) -> None:
        """Waits for the forecast, but not for long, and not at all in a hurry."""
        if self._making is not None:
            hurry = asyncio.create_task(shutdown.wait_forced())
            waited = {self._making, hurry}
            await asyncio.wait(waited, timeout=PATIENCE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            hurry.cancel()
            if self._making.done():
                self._making.result()

    def cancel(self) -> None:
        """Nobody waits for it any more."""
        if self._making is not None:
            self._making.cancel()
        if self._snapshot is not None:
            self._snapshot.close()

    def keep(self) -> None:
        """Writes the forecast down, inside the caller's transaction."""
        if self._forecast is not None:
            keep_forecast(self._db.conn, self._run_id, self._forecast)

    def with_accuracy(self, summary: RunSummary) -> RunSummary:
        """The summary with how far the forecast was off."""
        if self._forecast is None:
            return summary
        waited = quota_wait_seconds(self._db.conn, self._run_id, stamp(self._now()))
        accuracy = compare_forecast(
            self._forecast,
            outcome=summary.outcome,
            reason=summary.reason.code,
            charged=summary.calls.charged,
            seconds=max(0.0, summary.seconds - waited),
            creators=summary.creators.new,
        )
        return replace(summary, forecast=accuracy)
