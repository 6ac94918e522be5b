"""The checkers that read the bill line by line: money, caps, pace, and what is sent when nothing may be."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from itertools import groupby
from math import ceil, log

from crawler.account import Account
from crawler.reasons import ReasonCode
from crawler.simulator import Fault, Line
from tests.simulation.play import History, RunResult
from tests.simulation.scenario import AccountLife
from tests.simulation.snapshot import Row
from tests.simulation.virtual_time import BEGIN_SECONDS, WallClock

MOMENT_SECONDS = 0.0015
"""The ledger's times are cut to milliseconds."""

STOP_CODES = {100, 101, 303, 404, 600, 601, 602}
SHANGHAI = timezone(timedelta(hours=8))


def every_call_accounted_for(history: History) -> Iterator[str]:
    """One call is one request on the wire; what it cost stands in the ledger, or "unknown" where nobody can
    know, and then only for a call in flight at the end of its run or one that got no readable answer."""
    calls, lines = defaultdict(list), defaultdict(list)
    for row in history.lived[-1].after.calls:
        calls[row.keyword, row.page].append(row)
    for line in history.lines:
        lines[line.keyword, line.page].append(line)
    in_time = _answers_come_in_time(history)
    for page in sorted(calls.keys() | lines.keys()):
        yield from (f"{page}: {flaw}" for flaw in _mismatches(calls[page], lines[page], in_time))


def _answers_come_in_time(history: History) -> bool:
    """Whether no run gives up on an answer that only takes its time: that one is lost, whatever it says."""
    patience_seconds = min(life.settings.timeout_seconds for life in history.lived)
    return _slowest_answer_seconds(history) < patience_seconds


def _slowest_answer_seconds(history: History) -> float:
    service = history.scenario.service
    slow_301 = service.slow_301_seconds if Fault.CODE_301 in service.faults else None
    return max(service.latency_seconds[1], slow_301[1] if slow_301 else 0.0)


def _mismatches(rows: list[Row], lines: list[Line], in_time: bool) -> Iterator[str]:
    """Rows and lines of one page belong together in order; only an unsettled row may have no line."""
    at = 0
    for number, row in enumerate(rows):
        following = loop_time(rows[number + 1].sent_at) if number + 1 < len(rows) else float("inf")
        line = lines[at] if at < len(lines) else None
        earliest, latest = loop_time(row.sent_at) - MOMENT_SECONDS, following + MOMENT_SECONDS
        if line is None or not earliest <= line.at < latest:
            if row.settled:
                yield f"a call of {row.sent_at} is in the ledger as {row.charge} and not on the bill"
            continue
        at += 1
        if row.account is not None and AccountLife(row.account).token != line.token:
            yield f"booked to {row.account} in the ledger: {line}"
        if row.charge != "unknown" and (row.charge == "charged") != line.charged:
            yield f"{row.charge} in the ledger, charged={line.charged} on the bill: {line}"
        plain = line.fault is None and line.code in (0, 201)
        if row.charge == "unknown" and row.settled and plain and in_time:
            yield f"unknown in the ledger after a plain answer: {line}"
        if row.code is not None and row.code != str(line.code):
            yield f"code {row.code} in the ledger: {line}"
    yield from (f"on the bill and not in the ledger: {line}" for line in lines[at:])


def paid_twice_at_most_what_was_in_flight(history: History) -> Iterator[str]:
    """A page is charged again only where nobody can know that it was charged before, and where a run was to
    read its keyword anew."""
    broken = [life for life in history.lived if life.error is not None and not life.life.ending.refusal]
    unknown = Counter(
        (row.keyword, row.page)
        for row in history.lived[-1].after.calls
        if row.charge == "unknown" and not any(_within(row, life) for life in broken)
    )
    anew = _times_read_anew(history)
    for page, times in _charges(history).items():
        if times - 1 > unknown[page] + anew[page[0]]:
            yield f"{page} was charged {times} times, of which {unknown[page]} were unknown"
    for life in history.lived:
        in_flight = unsettled(life)
        if in_flight > life.settings.workers:
            yield f"{in_flight} calls in flight with {life.settings.workers} workers"
        if in_flight and life.summary is not None and life.left is None and not life.life.ending.refusal:
            yield f"{in_flight} calls never settled by a run that ended in peace"


def unsettled(life: RunResult) -> int:
    """Calls that were in flight when a run ended."""
    return sum(not row.settled and _within(row, life) for row in life.after.calls)


def _within(row: Row, life: RunResult) -> bool:
    """Whether a call was made by that run; at the same moment the next one could not begin."""
    return life.begun - MOMENT_SECONDS <= loop_time(row.sent_at) <= life.ended


def charged_twice(history: History) -> int:
    """Charges beyond the first of each page and of each time that its keyword was due anew."""
    anew = _times_read_anew(history)
    return sum(max(0, times - 1 - anew[page[0]]) for page, times in _charges(history).items())


def _times_read_anew(history: History) -> Counter[str]:
    """How many runs were to read a keyword again from its first page, and did."""
    return Counter(
        keyword
        for life in history.lived
        if life.life.refreshes
        for keyword in {line.keyword for line in lines_of(history, life) if line.page == 1}
    )


def _charges(history: History) -> Counter[tuple[str, int]]:
    return Counter((line.keyword, line.page) for line in history.lines if line.charged)


def caps_hold(history: History) -> Iterator[str]:
    """No run is charged for more than its cap, no day of any run for more than the day's."""
    for life in history.lived:
        charged = [line for line in lines_of(history, life) if line.charged]
        cap = life.settings.calls_max
        if cap is not None and len(charged) > cap:
            yield f"{len(charged)} charged, --max-calls was {cap}"
        if life.summary is not None and life.summary.reason.code is ReasonCode.CALL_CAP:
            calls = life.summary.calls
            if not life.settings.accounts and calls.charged + calls.unknown != cap:
                yield f"stopped at {calls.charged} charged and {calls.unknown} unknown, --max-calls was {cap}"
        yield from _budgets_hold(history, life, charged)
        day_cap = life.settings.calls_max_per_day
        if day_cap is None or not charged:
            continue
        days = Counter(day_of(line) for line in history.lines if line.charged and line.at <= life.ended)
        for day in {day_of(line) for line in charged}:
            if days[day] > day_cap:
                yield f"{days[day]} charged on {day}, --max-calls-per-day was {day_cap}"


def _budgets_hold(history: History, life: RunResult, charged: list[Line]) -> Iterator[str]:
    """In money, at what each run was told a call costs."""
    price, budget, per_day = (getattr(life.settings, name) for name in ("price", "budget", "budget_per_day"))
    if budget is not None and sum(price_of(history, line) or 0 for line in charged) > budget.amount:
        yield f"{len(charged)} charged at {price}, --budget was {budget}"
    if (
        not life.settings.accounts
        and life.summary is not None
        and life.summary.reason.code is ReasonCode.BUDGET
    ):
        calls = life.summary.calls.charged + life.summary.calls.unknown
        if not price.amount * calls <= budget.amount < price.amount * (calls + 1):
            yield f"stopped after {calls} calls at {price}, --budget was {budget}"
    if per_day is None:
        return
    dearest = max(each.price.amount for each in life.settings.senders if each.price)
    for day in {day_of(line) for line in charged}:
        spent = sum(
            price_of(history, line) or dearest
            for line in history.lines
            if line.charged and line.at <= life.ended and day_of(line) == day
        )
        if spent > per_day.amount:
            yield f"{spent} spent on {day}, --budget-per-day was {per_day}"


def price_of(history: History, line: Line) -> Decimal | None:
    """What the run that made a call was told it costs by that account."""
    for life in history.lived:
        if life.begun <= line.at <= life.ended:
            prices = {each.token: each.price for each in life.settings.senders}
            price = prices[line.token]
            return None if price is None else price.amount
    return None


def pace_is_kept(history: History) -> Iterator[str]:
    """No second holds more calls than evenly spaced ones would be, no whole number of seconds up to ten more
    than the rate, retries and restarts included; a rate below one a second keeps that distance between calls."""
    for life, account in senders(history):
        per_second = per_second_of(account.rate)
        if per_second is None:
            continue
        lines = lines_by(history, life, account)
        if not lines:
            continue
        # Calls of the run before count for the first second of this one, if that was no faster.
        earlier = [
            line.at
            for line in history.lines
            if line.token == account.token and line.at < life.begun and _as_slow(history, line, per_second)
        ]
        times = earlier + [line.at for line in lines]
        for window_seconds, allowed in _windows_of(per_second):
            for number, moment in enumerate(times):
                many = bisect_left(times, moment + window_seconds - 1e-6) - number
                if many > allowed:
                    yield f"{many} calls within {window_seconds:.3f} s, the rate was {account.rate}"
                    break


def _windows_of(per_second: float) -> list[tuple[float, int]]:
    """Windows by their seconds, with the most calls that they may hold."""
    whole = [
        (float(seconds), round(per_second * seconds))
        for seconds in range(1, 11)
        if abs(per_second * seconds - round(per_second * seconds)) < 1e-9
    ]
    return [(1.0, ceil(per_second)), *whole] if per_second >= 1 and whole else [(1 / per_second, 1)]


def a_learnt_pace_follows_the_limit(history: History) -> Iterator[str]:
    """Under `auto` a new database begins carefully, and what refuses everything is hardly asked."""
    if not _answers_come_in_time(history):
        return
    climbed: set[str] = set()
    for number, (life, account) in enumerate(senders(history)):
        first = account.token not in climbed
        climbed.add(account.token)
        if not account.rate.startswith("auto"):
            continue
        lines = lines_by(history, life, account)
        if first:
            yield from _climbs_too_fast(lines)
        for refused in _refused_in_a_row(lines):
            # Those in flight when the first refusal was answered, and then single calls, ever further apart.
            minutes = (refused[-1].at - refused[0].at) / 60
            allowed = life.settings.workers + 10 + 6 * minutes
            if len(refused) > allowed:
                yield f"run {number} was refused {len(refused)} times in a row over {minutes:.1f} minutes"


CLIMB_PER_SECOND, CLIMB_DOUBLING_SECONDS = 40 / 60, 6.0
DOUBLINGS_MAX = 64
"""After so many nobody could send more, and a number with fraction holds a thousand of them only."""


def _climbs_too_fast(lines: list[Line]) -> Iterator[str]:
    """More calls since the first than 40 a minute, doubled every six seconds, would have sent."""
    for number, line in enumerate(lines):
        seconds = line.at - lines[0].at
        doubled = 2 ** min(seconds / CLIMB_DOUBLING_SECONDS, DOUBLINGS_MAX)
        calls = CLIMB_PER_SECOND * CLIMB_DOUBLING_SECONDS / log(2) * (doubled - 1)
        if number > 1.05 * calls + 2:
            yield f"{number} calls within {seconds:.1f} s of the first"
            return


def _refused_in_a_row(lines: list[Line]) -> Iterator[list[Line]]:
    for refused, group in groupby(lines, lambda line: line.code == 302 and line.fault is None):
        if refused:
            yield list(group)


def a_quota_is_believed_only_where_it_was_named(history: History) -> Iterator[str]:
    """No run stops for a quota of which the API did not speak."""
    for number, life in enumerate(history.lived):
        if life.summary is None or life.summary.reason.code is not ReasonCode.DAILY_QUOTA:
            continue
        if not any(line.code == 303 for line in lines_of(history, life)):
            yield f"run {number} stopped for a quota that was never named"


def _as_slow(history: History, line: Line, per_second: float) -> bool:
    for life in history.lived:
        if life.begun <= line.at <= life.ended:
            rate = per_second_of({each.token: each.rate for each in life.settings.senders}[line.token])
            return rate is not None and rate <= per_second
    return False


def per_second_of(rate: str) -> float | None:
    if rate == "unlimited":
        return None
    if rate == "auto":
        return 100
    number, _slash, unit = rate.removeprefix("auto:").partition("/")
    return float(number) / {"s": 1, "m": 60}[unit]


def what_is_due_is_asked_or_named(history: History) -> Iterator[str]:
    """A run that looks at everything again and says that it is done asked for every keyword, but for those
    that it names."""
    for number, life in enumerate(history.lived):
        if not life.life.refreshes or life.summary is None or life.summary.outcome != "done":
            continue
        asked = {line.keyword for line in lines_of(history, life)}
        named = {each.text for each in life.summary.not_asked}
        for text, _limit in history.scenario.keywords:
            if text not in asked | named:
                yield f"run {number} neither asked for {text} nor named it"
            if text in named and (text in asked or life.settings.stop_below is None):
                yield f"run {number} names {text} as not asked for"


def nothing_is_sent_after_the_end(history: History) -> Iterator[str]:
    """Told to stop, by a signal or by the API, a run sends nothing new; told to leave, it leaves."""
    in_time, answer_seconds = _answers_come_in_time(history), _slowest_answer_seconds(history)
    for number, (life, account) in enumerate(senders(history)):
        lines = lines_by(history, life, account)
        stops = STOP_CODES - {303} if life.settings.wait_for_quota else STOP_CODES
        ends = [line.at + answer_seconds for line in lines if line.code in stops and in_time]
        if life.settings.until is not None:
            ends.append(_loop_time(life.settings.until))
        if life.settings.wait_for_quota and in_time:
            yield from _the_quota_is_waited_for(number, life, lines, answer_seconds)
        if life.stop_asked is not None:
            ends.append(life.stop_asked)
        late = [line for line in lines if ends and line.at > min(ends) + 1e-6]
        if late:
            yield f"run {number} sent {len(late)} calls after its end: {late[0]}"
        refusals = sum(line.code in stops for line in lines)
        if refusals > life.settings.workers and in_time:
            yield f"run {number} asked {refusals} times for what the account does not have"
        if life.left is not None and life.ended > life.left + 0.5:
            yield f"run {number} was told to leave at {life.left} and left at {life.ended}"
        slowest = life.settings.timeout_seconds
        if life.stop_asked is not None and life.left is None and life.ended > life.stop_asked + slowest + 1.0:
            yield f"run {number} was told to stop at {life.stop_asked} and ended at {life.ended}"


EARLY_SECONDS = 3600.0
"""In a day's first hour a quota that is used up is asked for again, for it may be yesterday's."""


def _the_quota_is_waited_for(
    number: int, life: RunResult, lines: list[Line], answer_seconds: float
) -> Iterator[str]:
    """After an answer that the day's quota is used up, nothing more is sent on that day."""
    refused = [
        line
        for line in lines
        if line.code == 303 and _seconds_of_day(line.at + answer_seconds) >= EARLY_SECONDS
    ]
    for day in {day_of(line) for line in refused}:
        of_day = [line for line in refused if day_of(line) == day]
        first = min(line.at for line in of_day) + answer_seconds
        late = [line for line in lines if day_of(line) == day and line.at > first + 1e-6]
        if late:
            yield f"run {number} asked {len(late)} times on {day} after the quota was used up: {late[0]}"
        if len(of_day) > life.settings.workers:
            yield f"run {number} asked {len(of_day)} times on {day} for a quota that was used up"


def _seconds_of_day(at: float) -> float:
    moment = (WallClock.START + timedelta(seconds=at - BEGIN_SECONDS)).astimezone(SHANGHAI)
    return (moment - moment.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()


def senders(history: History) -> Iterator[tuple[RunResult, Account]]:
    """Each run with each account that it made calls by."""
    return ((life, account) for life in history.lived for account in life.settings.senders)


def lines_by(history: History, life: RunResult, account: Account) -> list[Line]:
    """The calls of a run by one account, as they are on the bill."""
    return [line for line in lines_of(history, life) if line.token == account.token]


def lines_of(history: History, life: RunResult) -> list[Line]:
    return [line for line in history.lines if life.begun <= line.at <= life.ended]


def loop_time(stamp: str) -> float:
    """A time of the ledger on the loop's clock."""
    return _loop_time(datetime.fromisoformat(stamp))


def _loop_time(moment: datetime) -> float:
    """A moment on the loop's clock."""
    return (moment - WallClock.START).total_seconds() + BEGIN_SECONDS


def day_of(line: Line) -> str:
    return str((WallClock.START + timedelta(seconds=line.at - BEGIN_SECONDS)).astimezone(SHANGHAI).date())
