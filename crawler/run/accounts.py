"""The accounts of a run, put together: what is known of each, its pace, its caps, its client."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from crawler.account import Account
from crawler.clock import next_occurrence
from crawler.engine.account_budget import CommonCaps
from crawler.engine.account_pool import AccountPool, Caps, PooledAccount, labelled
from crawler.engine.call_gate import CallGate
from crawler.engine.circuit_breaker import CircuitBreaker
from crawler.engine.events import Event
from crawler.engine.shutdown import Shutdown
from crawler.engine.throttle import Throttle
from crawler.rate import parse_rate
from crawler.reasons import Reason
from crawler.run.dependencies import Dependencies
from crawler.run.spending_check import money_by_day, money_caps
from crawler.settings.run import RunSettings
from crawler.store import runs
from crawler.store.rate_limits import DEFAULT_ACCOUNT, LimitKeeper
from crawler.vendor.client import ApiSettings


@dataclass(frozen=True, slots=True)
class _Sender:
    """An account with what the database tells of it."""

    account: Account
    limit: LimitKeeper
    throttle: Throttle
    budget: Caps


class RunAccounts:
    """Reads what is known of each account; `open` makes them ready to send calls."""

    def __init__(
        self,
        settings: RunSettings,
        connection: sqlite3.Connection,
        dependencies: Dependencies,
        shutdown: Shutdown,
    ) -> None:
        self._settings = settings
        self._connection = connection
        self._dependencies = dependencies
        self._shutdown = shutdown
        moment = dependencies.now()
        self._common = dependencies.parts.common_budget(self._common_caps(moment))
        self._senders = tuple(self._sender(account, moment) for account in settings.senders)

    def keep_limits(self, *, always: bool = False) -> None:
        """Writes down what was learnt of each account's limit, in the caller's transaction."""
        for sender in self._senders:
            sender.limit.keep(always=always)

    @asynccontextmanager
    async def open(self, emit: Callable[[Event], None]) -> AsyncIterator[AccountPool]:
        """The accounts with a client each, for the time of the block."""
        settings, parts = self._settings, self._dependencies.parts
        several = len(self._senders) > 1
        async with AsyncExitStack() as stack:
            pooled = []
            for sender in self._senders:
                account = sender.account
                api = ApiSettings(
                    account.base_url,
                    account.token,
                    settings.timeout_seconds,
                    worker=account.worker,
                    other_tokens=tuple(each.token for each in settings.senders),
                )
                pooled.append(
                    PooledAccount(
                        name=account.name,
                        price=_amount(account),
                        client=await stack.enter_async_context(parts.open_client(api)),
                        throttle=sender.throttle,
                        budget=sender.budget,
                        breaker=CircuitBreaker(self._dependencies.breaker_limits),
                        emit=labelled(account.name if several else None, emit),
                    )
                )
            yield parts.pool(pooled, self._call_gate, self._shutdown, self._dependencies.now)

    def _call_gate(self, account: PooledAccount, park: Callable[[Reason], None]) -> CallGate:
        settings, now = self._settings, self._dependencies.now
        return self._dependencies.parts.call_gate(
            until=None if settings.until is None else next_occurrence(settings.until, now()),
            waits=settings.wait_for_quota,
            shutdown=self._shutdown,
            emit=account.emit,
            now=now,
            park=park,
        )

    def _sender(self, account: Account, moment: datetime) -> _Sender:
        connection, dependencies = self._connection, self._dependencies
        last_sent_seconds_ago = runs.seconds_since_last_call(connection, dependencies.now, account.name)
        limit = LimitKeeper(
            connection, dependencies.endpoint.id, dependencies.now, account.name or DEFAULT_ACCOUNT
        )
        throttle = dependencies.parts.throttle(
            parse_rate(account.rate),
            self._shutdown.sleep,
            last_sent_seconds_ago,
            learnt=limit.known,
            sent_seconds_ago=limit.calls_lately_seconds_ago(),
        )
        limit.learn_from(lambda: throttle.learnt)
        return _Sender(account, limit, throttle, self._budget(account, moment))

    def _budget(self, account: Account, moment: datetime) -> Caps:
        """The account's caps before those of all; an account without a name has those of the run alone."""
        connection, parts = self._connection, self._dependencies.parts
        if account.name is None:
            settings = self._settings
            return parts.budget(
                settings.calls_max,
                settings.calls_max_per_day,
                self._spent_by_day(settings, moment),
                money_caps(connection, settings, moment),
            )
        own = parts.budget(
            account.calls_max,
            account.calls_max_per_day,
            self._spent_by_day(account, moment, account.name),
            money_caps(connection, account, moment, account.name),
        )
        return parts.account_budget(own, self._common, _amount(account))

    def _spent_by_day(
        self, caps: RunSettings | Account, moment: datetime, account: str | None = runs.ANY_ACCOUNT
    ) -> dict[str, int]:
        """Earlier calls by day, which are counted only where a cap asks for them: a day may have many."""
        if caps.calls_max_per_day is None:
            return {}
        return runs.calls_charged_by_day(self._connection, moment, account)

    def _common_caps(self, moment: datetime) -> CommonCaps:
        """Those of the run; without accounts they stand in the way of its only one."""
        settings, connection = self._settings, self._connection
        if not settings.accounts:
            return CommonCaps()
        dearest = max(map(_amount, settings.senders))
        return CommonCaps(
            calls_max=settings.calls_max,
            calls_max_per_day=settings.calls_max_per_day,
            budget=None if settings.budget is None else settings.budget.amount,
            budget_per_day=None if settings.budget_per_day is None else settings.budget_per_day.amount,
            calls_by_day=self._spent_by_day(settings, moment),
            money_by_day=money_by_day(connection, moment, dearest) if settings.budget_per_day else {},
        )


def _amount(account: Account) -> Decimal:
    return Decimal(0) if account.price is None else account.price.amount
