"""Every checker is shown to fail: a bug is planted into a part of the night, and the named checker finds it.

The same scenarios pass with the parts as they are, so that it is the bug that is found.
"""

from __future__ import annotations

import asyncio
import copy
import logging
from collections.abc import Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from crawler.endpoint import Endpoint
from crawler.engine.account_budget import AccountBudget, CommonBudget, CommonCaps
from crawler.engine.account_pool import AccountPool
from crawler.engine.budget import Budget, Verdict
from crawler.engine.call_gate import CallGate
from crawler.engine.caller import Caller
from crawler.engine.policy import NO_ANSWER, Policy, WireRules
from crawler.engine.throttle import Throttle
from crawler.model import CallFailed, Charge, Page
from crawler.rate import LearntLimit, Rate
from crawler.reasons import ReasonCode
from crawler.simulator import SimulatorSettings
from crawler.store import sql
from crawler.store.ledger import Ledger
from crawler.store.transactions import Store
from crawler.store.worklist import due_work, leave_out, make_worklist
from crawler.store.write_buffer import Rows
from crawler.vendor.client import open_api
from crawler.vendor.search_user_v2 import SEARCH_USER_V2
from tests.simulation import checks
from tests.simulation.checks import violations
from tests.simulation.play import play
from tests.simulation.scenario import AccountLife, Ending, EndingKind, Life, Scenario
from tests.simulation.virtual_time import Hang


class SettledBeforeItsCheckpoint(Rows):
    """The page commits with its call, the checkpoint afterwards."""

    def write(self):
        checkpoints = self._rows.pop(sql.SAVE_CHECKPOINT, [])
        super().write()
        self._connection.execute("COMMIT")
        self._connection.execute("BEGIN")
        self._connection.executemany(sql.SAVE_CHECKPOINT, checkpoints)


class CheckpointBeforeItsPage(Rows):
    """The checkpoint commits first, the page afterwards."""

    def write(self):
        self._connection.executemany(sql.SAVE_CHECKPOINT, self._rows.pop(sql.SAVE_CHECKPOINT, []))
        self._connection.execute("COMMIT")
        self._connection.execute("BEGIN")
        super().write()


class CallsItComplete(Rows):
    """A keyword that a refresh left at its first pages is called complete."""

    def add(self, statement, row):
        if statement == sql.SAVE_CHECKPOINT:
            row = tuple("no_more" if value == "not_worthwhile" else value for value in row)
        super().add(statement, row)


class SkipsAPage(Rows):
    """The checkpoint of a refresh says one page more than was read."""

    def add(self, statement, row):
        if statement == sql.SAVE_CHECKPOINT and "not_worthwhile" in row:
            endpoint_id, keyword_id, generation, next_page, *rest = row
            row = (endpoint_id, keyword_id, generation, next_page + 1, *rest)
        super().add(statement, row)


class KeepsTheWrongReply(Ledger):
    """The archive has the reply of the page before."""

    last = None

    async def save_page(self, fetched):
        body, self.last = self.last or fetched.body, fetched.body
        return await super().save_page(replace(fetched, body=body))


def left_out_in_silence(connection, worklist, expected, **settings):
    """What is not worth asking is dropped, and noted nowhere."""
    before = leave_out(connection, worklist, expected, **settings)
    connection.execute("DELETE FROM not_asked")
    return before


class Careless(Store):
    """Switches the foreign keys off, and deletes what is referred to."""

    def apply(self, writes):
        self._connection.execute("PRAGMA foreign_keys = OFF")
        self._connection.execute("DELETE FROM endpoints")
        return super().apply(writes)


class Doubling(Store):
    """Keeps a creator twice, under the same red_id."""

    def apply(self, writes):
        answers = super().apply(writes)
        self._connection.execute(
            """
            INSERT OR IGNORE INTO users (id, red_id, first_seen_at, written_at, first_run_id, written_run_id)
            SELECT 'x' || id, red_id, first_seen_at, written_at, first_run_id, written_run_id
              FROM users WHERE id NOT LIKE 'x%'
            """
        )
        return answers


def one_page_too_far(connection) -> Iterator[Any]:
    return (replace(work, page=work.page + (work.page > 1)) for work in due_work(connection))


def one_page_too_early(connection) -> Iterator[Any]:
    return (replace(work, page=max(1, work.page - 1)) for work in due_work(connection))


def all_but_the_last(connection) -> Iterator[Any]:
    return iter(list(due_work(connection))[:-1])


def always_due(*args, **settings):
    return make_worklist(*args, **settings | {"refresh_after": timedelta(0)})


class RetryOutsideTheThrottle(Caller):
    """Only first attempts wait for their turn."""

    async def _send(self, work, attempt):
        if attempt == 1:
            return await super()._send(work, attempt)
        hasty = copy.copy(self)
        (account,) = (copy.copy(each) for each in self._pool.accounts)
        account.throttle = Throttle(Rate(None), asyncio.sleep)
        hasty._pool = copy.copy(self._pool)
        hasty._pool.accounts = (account,)
        return await Caller._send(hasty, work, attempt)


class ForgetfulThrottle(Throttle):
    """Knows nothing of the calls of the run before."""

    def __init__(self, rate, sleep, last_sent_seconds_ago=None, **learnt):
        super().__init__(rate, sleep)


class DeafThrottle(Throttle):
    """Hears no refusal."""

    def slow_down(self, sent_at, retry_after_seconds):
        self.went_well(sent_at)
        return False


class HastyThrottle(Throttle):
    """Begins a search with the ceiling."""

    def __init__(self, rate, *args, **kwargs):
        learnt = LearntLimit(2 * rate.per_second, found=False) if rate.learns else None
        super().__init__(rate, *args, **kwargs | {"learnt": learnt})


class CapCheckedAfterSending(Budget):
    """Looks only at what has been charged, not at what is under way."""

    def reserve(self, day):
        self._in_flight += 1
        self._in_flight_by_day[day] += 1
        if self._run_max is not None and self._spent >= self._run_max:
            return Verdict.RUN_CAP
        if self._day_max is not None and self._spent_by_day[day] >= self._day_max:
            return Verdict.DAY_CAP
        return Verdict.GO


class BudgetCheckedAfterSending(Budget):
    """Looks at the money only once it is spent."""

    def reserve(self, day):
        self._in_flight += 1
        self._in_flight_by_day[day] += 1
        money = self._money
        if money.run_max is not None and self._spent >= money.run_max:
            return Verdict.RUN_BUDGET
        if money.day_max is not None and self._used_by_day[day] >= money.day_max:
            return Verdict.DAY_BUDGET
        return Verdict.GO


class BudgetForgetsYesterdaysPrice(Budget):
    """Counts the day's earlier calls at this run's price."""

    def __init__(self, run_max, day_max, spent_by_day, money):
        super().__init__(run_max, day_max, spent_by_day, replace(money, used_by_day=spent_by_day))


class HasNoClock(CallGate):
    """Never ends of itself."""

    def over(self):
        return self._shutdown.requested

    async def end_on_time(self):
        pass


class AsksEveryHour(CallGate):
    """Has no patience for the whole night."""

    async def _slept_until(self, moment):
        await self._shutdown.sleep(3600.0)
        return False


class CapTakesCallsInFlightForCharged(Budget):
    """Stops although a call under way may turn out free."""

    def reserve(self, day):
        verdict = super().reserve(day)
        return Verdict.RUN_CAP if verdict is Verdict.WAIT else verdict


class AsksAParkedAccountAgain(AccountPool):
    """Forgets a few times that an account is parked."""

    forgotten = 0

    def park(self, account, reason):
        super().park(account, reason)
        if any(self._in_use()) and self.forgotten < 20:
            self.forgotten += 1
            account.parked = None


class EndsWithItsFirstAccount(AccountPool):
    """Ends the run for what stops one account."""

    def park(self, account, reason):
        super().park(account, reason)
        self._shutdown.request(reason)


class CapsOnlyTogether(AccountBudget):
    """Reserves nothing for the account itself."""

    def reserve(self, day):
        verdict = self._common.reserve(day, self._price)
        if verdict is Verdict.GO:
            self._own._in_flight += 1
            self._own._in_flight_by_day[day] += 1
        return verdict


class CapsOnlyForEach(CommonBudget):
    """Has no caps of all accounts together."""

    def __init__(self, caps):
        super().__init__(CommonCaps())


class CountsAtTheLowestPrice(CommonBudget):
    """Takes every call for one of the cheapest account."""

    cheapest = Decimal("0.01")

    def reserve(self, day, price):
        return super().reserve(day, self.cheapest)

    def release(self, day, price):
        super().release(day, self.cheapest)

    def _spend(self, day, price):
        super()._spend(day, self.cheapest)


class BooksToAnother(Ledger):
    """Every call is another account's."""

    async def open_call(self, work, attempt, account):
        return await super().open_call(work, attempt, {"a": "b", "b": "c", "c": "a"}[account])


class BooksToTheFirst(Ledger):
    """Every call is the first account's."""

    async def open_call(self, work, attempt, account):
        return await super().open_call(work, attempt, "a")


class AskedByTwoAccounts(Caller):
    """What one account has brought is asked of the next one too."""

    async def call(self, work, attempt):
        await super().call(work, attempt)
        return await super().call(work, attempt)


class AnswerLost(Ledger):
    """What is written down is never answered for."""

    async def _commit(self, write):
        await super()._commit(write)
        await asyncio.get_running_loop().create_future()


def client(change):
    """Replaces `open_api` by one whose client's `call` is `change(api, request)`."""

    @asynccontextmanager
    async def opened(settings):
        async with open_api(settings) as api:

            class Changed:
                async def call(self, request):
                    return await change(api, request)

            yield Changed()

    return {"open_client": opened}


async def swallows_cancellation(api, request):
    task = asyncio.ensure_future(api.call(request))
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            continue
    return task.result()


async def sends_again_by_itself(api, request):
    outcome = await api.call(request)
    return await api.call(request) if isinstance(outcome, CallFailed) else outcome


async def logs_the_token(api, request):
    logging.getLogger("crawler").debug("asking with %s", api._settings.token)
    return await api.call(request)


async def warns(api, request):
    logging.getLogger("crawler").warning("something is odd")
    return await api.call(request)


class NeverEnds(Policy):
    """Goes on to the page limit, whatever the pages say."""

    def end_of_keyword(self, page, work, new_to_keyword, action):
        return ReasonCode.PAGE_LIMIT if work.page >= work.pages_max else None


def shortens_ids(data: object) -> Page:
    page = SEARCH_USER_V2.read_page(data)
    return replace(page, creators=tuple(each._replace(id=each.id and each.id[:20]) for each in page.creators))


def rule(code: int, like: int) -> dict[str, Endpoint]:
    """The endpoint with the rule of one code replaced by that of another."""
    codes = SEARCH_USER_V2.codes
    return {"endpoint": replace(SEARCH_USER_V2, codes={**codes, code: codes[like]})}


WORLD = SimulatorSettings(
    seed=7, creators=60, users_per_page=3, pages_per_keyword=(2, 3), latency_seconds=(1.0, 2.0)
)
KEYWORDS = (("穿搭", None), ("显高穿搭", None), ("美食", None), ("露营", None))


def scenario(*lives: Life, **service: Any) -> Scenario:
    return Scenario(7, KEYWORDS, 6, replace(WORLD, **service), lives)


def killed_before_each_statement() -> list[Scenario]:
    """From where the first page can be on its way to the database until it is there for certain."""
    return [
        replace(
            scenario(Life(ending=Ending(EndingKind.KILL_BEFORE, statement=number))), keywords=KEYWORDS[:1]
        )
        for number in range(20, 90)
    ]


@dataclass(frozen=True)
class Planted:
    """A bug, where it shows, and who finds it."""

    finds: str
    scenarios: list[Scenario]
    parts: dict[str, Any] = field(default_factory=dict)


KILLED = [
    scenario(Life(workers=2, ending=Ending(EndingKind.KILL_AT, seconds=seconds)))
    for seconds in (2.5, 4.0, 6.5)
]
CALM = [scenario(Life())]
FAILING = [scenario(Life(rate="3/s", workers=8), faults={"301": 0.6}, latency_seconds=(0.0, 0.1))]
CAPPED = [scenario(Life(calls_max=5)), scenario(Life(calls_max_per_day=5))]
LIMITED = [
    scenario(Life(rate=rate, workers=8), rate_limit=2, rate_window_seconds=60.0, latency_seconds=(0.1, 0.2))
    for rate in ("auto", "auto:20/s")
]
BUDGETS = [
    scenario(Life(price="0.05", budget="0.28CNY")),
    scenario(Life(price="0.05", budget_per_day="0.28CNY")),
]
REFRESHED = [
    scenario(Life(), Life(refreshes=True, refresh="worthwhile", order=order, aim="new", gap_seconds=900.0))
    for order in ("file", "yield")
]
ANEW = [
    scenario(Life(gap_seconds=3600.0), Life(refreshes=True, refresh="worthwhile", order="auto", aim="new"))
]
A, B, C = (AccountLife(name, rate="2/s") for name in ("a", "b", "c"))
THREE = [scenario(Life(accounts=(A, B, C)))]
FIRST_WITHOUT_QUOTA = [scenario(Life(accounts=(A, B, C)), accounts={A.token: {"daily_quota": 2}})]
DEARER = [scenario(Life(accounts=(replace(A, price="0.01"), replace(B, price="0.08")), budget="0.20"))]
OWN_CAPS = [
    scenario(Life(accounts=(replace(A, calls_max=2), B))),
    scenario(Life(accounts=(replace(A, price="0.05", budget="0.12"), B))),
]
LEAVING = [
    scenario(Life(ending=Ending(EndingKind.LEAVE, seconds=1.0)), latency_seconds=(30.0, 30.0)),
]

BUGS = {
    "split transaction, page first": Planted(
        "paid_twice_at_most_what_was_in_flight",
        killed_before_each_statement(),
        {"store": partial(Store, rows=SettledBeforeItsCheckpoint)},
    ),
    "split transaction, checkpoint first": Planted(
        "checkpoints_never_run_ahead",
        killed_before_each_statement(),
        {"store": partial(Store, rows=CheckpointBeforeItsPage)},
    ),
    "split transaction, a page lost": Planted(
        "nothing_lost",
        killed_before_each_statement(),
        {"store": partial(Store, rows=CheckpointBeforeItsPage)},
    ),
    "resume off by one, ahead": Planted("nothing_lost", KILLED, {"due_work": one_page_too_far}),
    "resume off by one, behind": Planted(
        "paid_twice_at_most_what_was_in_flight", KILLED, {"due_work": one_page_too_early}
    ),
    "retry outside the throttle": Planted("pace_is_kept", FAILING, {"caller": RetryOutsideTheThrottle}),
    "restart outside the throttle": Planted(
        "pace_is_kept",
        [scenario(*[Life(rate="40/m", gap_seconds=0.05, ending=Ending(EndingKind.KILL_AT, 4.0))] * 2)],
        {"throttle": ForgetfulThrottle},
    ),
    "302 ignored": Planted("a_learnt_pace_follows_the_limit", LIMITED, {"throttle": DeafThrottle}),
    "a search that begins with the ceiling": Planted(
        "a_learnt_pace_follows_the_limit", LIMITED, {"throttle": HastyThrottle}
    ),
    "a learnt limit taken for a quota": Planted(
        "a_quota_is_believed_only_where_it_was_named", LIMITED, rule(302, 303)
    ),
    "retry after 100": Planted(
        "nothing_is_sent_after_the_end", [scenario(Life(), tokens=("another",))], rule(100, 301)
    ),
    "303 treated as 302": Planted(
        "nothing_is_sent_after_the_end", [scenario(Life(), daily_quota=3)], rule(303, 302)
    ),
    "swallowed cancellation": Planted(
        "nothing_is_sent_after_the_end", LEAVING, client(swallows_cancellation)
    ),
    "cap checked after sending": Planted("caps_hold", CAPPED, {"budget": CapCheckedAfterSending}),
    "a budget checked after sending": Planted(
        "caps_hold", BUDGETS, {"budget": BudgetCheckedAfterSending}
    ),
    "a day's budget at one price": Planted(
        "caps_hold",
        [
            scenario(
                Life(price="0.20", calls_max=2, gap_seconds=0.05),
                Life(price="0.05", budget_per_day="0.50"),
            )
        ],
        {"budget": BudgetForgetsYesterdaysPrice},
    ),
    "calls after their time": Planted(
        "nothing_is_sent_after_the_end",
        [scenario(Life(until_seconds=2.5, workers=1))],
        {"call_gate": HasNoClock},
    ),
    "a used up quota asked again": Planted(
        "nothing_is_sent_after_the_end",
        [scenario(Life(wait_for_quota=True, workers=2), daily_quota=3, latency_seconds=(0.5, 1.0))],
        {"call_gate": AsksEveryHour},
    ),
    "cap reached before it is": Planted(
        "caps_hold",
        [scenario(Life(calls_max=5), faults={"301": 0.5})],
        {"budget": CapTakesCallsInFlightForCharged},
    ),
    "a request sent again by itself": Planted(
        "every_call_accounted_for",
        [scenario(Life(), faults={"drop-paid": 0.4})],
        client(sends_again_by_itself),
    ),
    "a charged call taken for free": Planted(
        "every_call_accounted_for",
        [scenario(Life(), faults={"drop-paid": 0.4})],
        {"policy": partial(Policy, wire=WireRules(no_answer=replace(NO_ANSWER, charge=Charge.FREE)))},
    ),
    "a parked account asked again": Planted(
        "nothing_is_sent_after_the_end", FIRST_WITHOUT_QUOTA, {"pool": AsksAParkedAccountAgain}
    ),
    "one account ends the run of all": Planted(
        "an_account_stops_alone", FIRST_WITHOUT_QUOTA, {"pool": EndsWithItsFirstAccount}
    ),
    "caps that hold only together": Planted(
        "each_account_keeps_its_caps", OWN_CAPS, {"account_budget": CapsOnlyTogether}
    ),
    "caps that hold only for each": Planted(
        "caps_hold",
        [scenario(Life(accounts=(A, B, C), calls_max=4))],
        {"common_budget": CapsOnlyForEach},
    ),
    "a budget at the lowest price": Planted("caps_hold", DEARER, {"common_budget": CountsAtTheLowestPrice}),
    "a charge booked to another account": Planted(
        "every_call_accounted_for", THREE, {"ledger": BooksToAnother}
    ),
    "a summary of one account": Planted(
        "the_summary_tells_each_account", THREE, {"ledger": BooksToTheFirst}
    ),
    "a page asked twice because two accounts had it": Planted(
        "paid_twice_at_most_what_was_in_flight", THREE, {"caller": AskedByTwoAccounts}
    ),
    "finished keywords are due again": Planted(
        "a_second_run_changes_nothing", CALM, {"make_worklist": always_due}
    ),
    "a page skipped and called complete": Planted(
        "complete_means_to_the_end", REFRESHED, {"store": partial(Store, rows=CallsItComplete)}
    ),
    "a page skipped and called seen": Planted(
        "checkpoints_never_run_ahead", ANEW, {"store": partial(Store, rows=SkipsAPage)}
    ),
    "a keyword left out and not named": Planted(
        "what_is_due_is_asked_or_named",
        [scenario(Life(), Life(refreshes=True, stop_below=1000.0))],
        {"leave_out": left_out_in_silence},
    ),
    "another page's reply in the archive": Planted(
        "a_replay_changes_nothing", [scenario(Life(workers=1, replayed=True))], {"ledger": KeepsTheWrongReply}
    ),
    "ids cut short": Planted(
        "nothing_invented", CALM, {"endpoint": replace(SEARCH_USER_V2, read_page=shortens_ids)}
    ),
    "a creator twice": Planted("nothing_invented", CALM, {"store": Doubling}),
    "pages beyond the end": Planted(
        "nothing_needless_is_bought", CALM, {"policy": NeverEnds}
    ),
    "a keyword forgotten": Planted("every_run_ends_well", CALM, {"due_work": all_but_the_last}),
    "the token in a log": Planted("the_token_is_nowhere", CALM, client(logs_the_token)),
    "a dangling reference": Planted("the_database_is_sound", CALM, {"store": Careless}),
    "a warning": Planted("no_warnings", CALM, client(warns)),
}  # fmt: skip


@pytest.mark.parametrize("bug", BUGS.values(), ids=list(BUGS))
def test_the_checker_finds_the_planted_bug(bug, folder):
    for number, each in enumerate(bug.scenarios):
        place = folder / str(number)
        place.mkdir()
        found = violations(play(each, place, **bug.parts))
        if bug.finds in found:
            return
    pytest.fail(f"{bug.finds} found nothing")


def test_an_answer_that_never_comes_is_a_hang(folder):
    with pytest.raises(Hang):
        play(scenario(Life()), folder, ledger=AnswerLost)


def test_without_a_bug_none_of_these_scenarios_breaks_a_promise(folder):
    scenarios = {repr(each): each for bug in BUGS.values() for each in bug.scenarios[:1]}
    for number, each in enumerate(scenarios.values()):
        place = folder / str(number)
        place.mkdir()
        assert violations(play(each, place)) == {}


def test_every_checker_has_its_bug():
    assert {bug.finds for bug in BUGS.values()} == {check.__name__ for check in checks.CHECKS}
