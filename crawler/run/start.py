"""The beginning of a run: what is due, what the account holds, and whether it may be spent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import version

from sqlite_utils import Database

from crawler.engine.account_pool import labelled
from crawler.engine.clock_witness import ClockWitness
from crawler.engine.events import Event, FinishedInFuture, LineSkipped, RunStarted, SpendingAhead
from crawler.engine.shutdown import Shutdown
from crawler.errors import InputError
from crawler.i18n import _
from crawler.model import Keyword, Problem
from crawler.money import Money
from crawler.run.database_replaced import SameFile
from crawler.run.dependencies import Dependencies
from crawler.run.ordering import Ordering
from crawler.run.spending_check import WorkAhead, balances_told, check_currency, first_spending
from crawler.settings.run import RunSettings
from crawler.settings.service_address import service_of
from crawler.settings.spending import spending_options
from crawler.store import runs
from crawler.store.database import store_errors
from crawler.store.spending_options import keep_spending_options
from crawler.store.worklist import Worklist, pages_ahead
from crawler.vendor.client import ApiSettings

Approve = Callable[[SpendingAhead], Awaitable[bool]]


async def approved(ahead: SpendingAhead) -> bool:
    """Yes to whatever is ahead."""
    return True


@dataclass(frozen=True, slots=True)
class RunStart:
    """What is done before the first call: all of it, or nothing is left behind."""

    settings: RunSettings
    db: Database
    file: SameFile
    shutdown: Shutdown
    emit: Callable[[Event], None]
    approve: Approve
    dependencies: Dependencies
    witness: ClockWitness

    async def begin(self, keywords: Iterable[Keyword | Problem]) -> tuple[int, Worklist]:
        """Reads the keywords and starts a run, in one transaction: unreadable input leaves nothing behind."""
        settings, db, dependencies = self.settings, self.db, self.dependencies
        service, now = service_of(settings.senders[0].base_url), dependencies.now
        with store_errors(settings.db), db.atomic():
            runs.claim_service(db.conn, service)
            run_id = runs.start_run(db.conn, version("creator-crawler"), now, settings.price_of_all)
            if settings.accounts:
                prices = {each.name: each.price for each in settings.senders if each.name is not None}
                runs.start_accounts(db.conn, run_id, prices)
            keep_spending_options(db.conn, spending_options(settings))
            worklist = dependencies.parts.make_worklist(
                db.conn,
                _usable(keywords, self.emit),
                endpoint_id=dependencies.endpoint.id,
                pages_max=settings.pages_max,
                refresh_after=settings.refresh_after,
                now=now,
                worthwhile=settings.refresh == "worthwhile",
            )
            if not worklist.listed:
                raise InputError(_("the given files contain no keyword"))
            worklist = self._leave_out(worklist, run_id)
            self.witness.finished_in_future = worklist.finished_in_future
            check_currency(db.conn, settings, self.dependencies.now())
            await self._tell_money(WorkAhead(worklist.due, pages_ahead(db.conn)))
            self.file.check()  # answers were waited for: of the service, and maybe of a person
        self.emit(
            RunStarted(run_id, worklist.listed, worklist.repeated, worklist.due, str(settings.db), service)
        )
        if worklist.finished_in_future:
            self.emit(FinishedInFuture(worklist.finished_in_future))
        return run_id, worklist

    def _leave_out(self, worklist: Worklist, run_id: int) -> Worklist:
        """The work list without the keywords of which too little is expected."""
        ordering = Ordering(self.db.conn, self.settings, self.dependencies)
        return self.dependencies.parts.leave_out(
            self.db.conn,
            worklist,
            ordering.not_worth_asking(),
            endpoint_id=self.dependencies.endpoint.id,
            run_id=run_id,
            stop_below=self.settings.stop_below or 0.0,
        )

    async def _tell_money(self, ahead: WorkAhead) -> None:
        """Says what the account holds and, the first time, what is ahead; raises InputError where that is not
        wanted."""
        settings = self.settings
        balances = await balances_told(settings, ahead, self.shutdown, self._ask_balance)
        for account, balance in zip(settings.senders, balances, strict=False):  # none, where no call is ahead
            if balance is not None:
                name = account.name if len(settings.senders) > 1 else None
                labelled(name, self.emit)(balance)
        first = first_spending(self.db.conn, self.settings, ahead)
        if first is not None and not self.shutdown.requested:
            self.emit(first)
            if not await self.approve(first) and not self.shutdown.requested:
                raise InputError(
                    _("nothing was asked for and nothing spent; --max-calls or --budget sets a cap")
                )

    async def _ask_balance(self, account: ApiSettings) -> Money | None:
        """What the account holds; the answer tells the service's time as well, before anything is paid."""
        answer = await self.dependencies.parts.ask_balance(account)
        self.witness.hear(answer.clock_ahead_seconds)
        return answer.balance


def _usable(keywords: Iterable[Keyword | Problem], emit: Callable[[Event], None]) -> Iterator[Keyword]:
    for item in keywords:
        if isinstance(item, Problem):
            emit(LineSkipped(item))
        else:
            yield item
