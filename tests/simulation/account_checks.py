"""The checkers of runs with several accounts: each keeps its own caps, and one that stops stops alone."""

from __future__ import annotations

from collections.abc import Iterator

from crawler.account import Account
from crawler.reasons import ReasonCode
from tests.simulation.bill_checks import day_of, lines_by, lines_of, price_of, senders
from tests.simulation.play import History, RunResult

OF_ACCOUNTS = {
    ReasonCode.CALL_CAP, ReasonCode.DAY_CAP, ReasonCode.BUDGET, ReasonCode.BUDGET_PER_DAY,
    ReasonCode.DAILY_QUOTA, ReasonCode.BALANCE, ReasonCode.SPENDING_CAP, ReasonCode.OUTAGE,
    ReasonCode.UNREACHABLE, ReasonCode.RATE_LIMIT, ReasonCode.TOKEN_INVALID, ReasonCode.NO_PERMISSION,
    ReasonCode.NO_SUCH_ROUTE,
}  # fmt: skip
"""Why an account, and with the last one a run, makes no more calls."""

NAMED_BY = {
    ReasonCode.DAILY_QUOTA: {303}, ReasonCode.BALANCE: {601}, ReasonCode.SPENDING_CAP: {602},
    ReasonCode.TOKEN_INVALID: {100, 101}, ReasonCode.NO_PERMISSION: {600},
}  # fmt: skip


def each_account_keeps_its_caps(history: History) -> Iterator[str]:
    """No account is charged for more than its own caps, whatever the others are."""
    for life, account in senders(history):
        if account.name is None:
            continue
        charged = [line for line in lines_by(history, life, account) if line.charged]
        spent = sum(price_of(history, line) or 0 for line in charged)
        if account.calls_max is not None and len(charged) > account.calls_max:
            yield f"{len(charged)} charged to {account.name}, max-calls was {account.calls_max}"
        if account.budget is not None and spent > account.budget.amount:
            yield f"{spent} charged to {account.name}, budget was {account.budget}"
        for day in {day_of(line) for line in charged}:
            yield from _day_caps(history, life, account, day)


def _day_caps(history: History, life: RunResult, account: Account, day: str) -> Iterator[str]:
    lines = [
        line
        for line in history.lines
        if line.token == account.token and line.charged and line.at <= life.ended and day_of(line) == day
    ]
    cap, budget = account.calls_max_per_day, account.budget_per_day
    if cap is not None and len(lines) > cap:
        yield f"{len(lines)} charged to {account.name} on {day}, max-calls-per-day was {cap}"
    own = account.price.amount if account.price else 0
    spent = sum(price_of(history, line) or own for line in lines)
    if budget is not None and spent > budget.amount:
        yield f"{spent} charged to {account.name} on {day}, budget-per-day was {budget}"


def an_account_stops_alone(history: History) -> Iterator[str]:
    """A run ends for what stops accounts only when all of them have stopped, for one of their reasons; and an
    account is not given up for what nobody told it."""
    for number, life in enumerate(history.lived):
        if life.summary is None or len(life.settings.accounts) < 2 or life.error is not None:
            continue
        accounts, reason = life.summary.accounts, life.summary.reason
        going_on = [each.name for each in accounts if each.reason is None]
        if reason.code in OF_ACCOUNTS and accounts:
            if going_on:
                yield f"run {number} ended with {reason.code}, and {going_on} could go on"
            elif reason not in [each.reason for each in accounts]:
                yield f"run {number} ended with {reason.code}, which stopped none of its accounts"
        lines = lines_of(history, life)
        for each, account in zip(accounts, life.settings.accounts, strict=False):
            told = {line.code for line in lines if line.token == account.token}
            named = NAMED_BY.get(each.reason.code) if each.reason else None
            if named and not named & told:
                yield f"run {number} gave up {each.name} for {each.reason}, which nobody said of it"


def the_summary_tells_each_account(history: History) -> Iterator[str]:
    """What a run says of its accounts adds up to what it says of all, and is what is on the bill of each."""
    for number, life in enumerate(history.lived):
        if life.summary is None or not life.summary.accounts:
            continue
        calls, accounts = life.summary.calls, life.summary.accounts
        for charge in ("charged", "free", "unknown"):
            added = sum(getattr(each.calls, charge) for each in accounts)
            if added != getattr(calls, charge):
                yield f"run {number}: {charge} adds up to {added} of {getattr(calls, charge)}"
        for each, account in zip(accounts, life.settings.accounts, strict=True):
            charged = sum(line.charged for line in lines_by(history, life, account))
            if not each.calls.charged <= charged <= each.calls.charged + each.calls.unknown:
                yield f"run {number}: {each.calls} of {each.name}, {charged} charged on its bill"
