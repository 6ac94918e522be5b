"""What a run is put together from, and what it takes from outside itself."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlite_utils import Database

from crawler.clock import Now, utc_now
from crawler.endpoint import Endpoint
from crawler.engine.account_budget import AccountBudget, CommonBudget
from crawler.engine.account_pool import AccountPool
from crawler.engine.budget import Budget
from crawler.engine.call_gate import CallGate
from crawler.engine.caller import Caller
from crawler.engine.circuit_breaker import CircuitBreakerLimits
from crawler.engine.interfaces import Client
from crawler.engine.policy import Policy
from crawler.engine.response_drift import DriftLimits
from crawler.engine.throttle import Throttle
from crawler.model import Work
from crawler.planning.background_forecast import Offload, in_thread
from crawler.store.database import open_database
from crawler.store.disk_reserve import DiskReserve
from crawler.store.ledger import Ledger
from crawler.store.read_ahead import ReadAhead, read_ahead_of
from crawler.store.transactions import Store
from crawler.store.worklist import Worklist, due_work, leave_out, make_worklist
from crawler.vendor.balance import BalanceAnswer, ask_balance
from crawler.vendor.client import ApiSettings, open_api
from crawler.vendor.search_user_v2 import SEARCH_USER_V2

T = TypeVar("T")


OpenClient = Callable[[ApiSettings], AbstractAsyncContextManager[Client]]


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a run. Tests pass parts with a planted bug, to show that it is found."""

    open_database: Callable[[Path], Database] = open_database
    open_client: OpenClient = open_api
    ask_balance: Callable[[ApiSettings], Awaitable[BalanceAnswer]] = ask_balance
    make_worklist: Callable[..., Worklist] = make_worklist
    leave_out: Callable[..., Worklist] = leave_out
    due_work: Callable[[sqlite3.Connection], Iterator[Work]] = due_work
    store: type[Store] | partial[Store] = Store
    ledger: type[Ledger] = Ledger
    read_ahead: Callable[[Path], ReadAhead | None] = read_ahead_of
    reserve: Callable[[Path, int], DiskReserve] = DiskReserve
    budget: type[Budget] = Budget
    account_budget: type[AccountBudget] = AccountBudget
    common_budget: type[CommonBudget] = CommonBudget
    pool: type[AccountPool] = AccountPool
    throttle: type[Throttle] = Throttle
    policy: type[Policy] | partial[Policy] = Policy
    caller: type[Caller] = Caller
    call_gate: type[CallGate] = CallGate
    offload: Offload = in_thread


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What a run takes from outside: random source, clock, endpoint, limits, and its parts."""

    rng: random.Random = field(default_factory=random.Random)
    now: Now = utc_now
    endpoint: Endpoint = SEARCH_USER_V2
    breaker_limits: CircuitBreakerLimits = field(default_factory=CircuitBreakerLimits)
    drift_limits: DriftLimits = field(default_factory=DriftLimits)
    parts: Parts = field(default_factory=Parts)
