"""The checkers: each gives, in words, the ways in which a history breaks one promise.

They compare the database with the simulator's truth and bill, never with the crawler's tables alone.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta, timezone

from crawler.simulator import Fault, Line, followers
from tests.simulation.expected import CUT_SHORT, ends_are_vague, expected
from tests.simulation.play import TOKEN, History, Lived, Row
from tests.simulation.virtual_time import BEGIN_SECONDS, WallClock

Check = Callable[[History], Iterable[str]]

MOMENT_SECONDS = 0.0015
"""The ledger's times are cut to milliseconds."""

STOP_CODES = {100, 101, 303, 404, 600, 601, 602}
SHANGHAI = timezone(timedelta(hours=8))


def nothing_lost(history: History) -> Iterator[str]:
    """Every creator that the API holds for the keywords is there, and who found whom."""
    wanted, last = expected(history), history.lived[-1].after
    there = {identity for identity, _red_id, _fans in last.users}
    yield from (f"lost {identity}" for identity in sorted(wanted.users - there))
    yield from (f"lost sighting {each}" for each in sorted(wanted.sightings - last.sightings))


def nothing_invented(history: History) -> Iterator[str]:
    """Nobody else is there, nobody twice, and with the followers that were shown."""
    wanted, last = expected(history), history.lived[-1].after
    ids = Counter(identity for identity, _red_id, _fans in last.users)
    red_ids = Counter(red_id for _identity, red_id, _fans in last.users if red_id)
    yield from (f"doubled {each}" for each, times in (ids + red_ids).items() if times > 1)
    yield from (f"invented {identity}" for identity in sorted(ids.keys() - wanted.users_allowed))
    yield from (f"invented sighting {each}" for each in sorted(last.sightings - wanted.sightings_allowed))
    creators = {creator.id: creator for creator in history.truth.creators.values()}
    odd = {each.index for each in history.truth.shown if each.odd is not None}
    for identity, red_id, fans in last.users:
        creator = creators.get(identity)
        if creator is None or creator.index in odd:
            continue
        shown = followers(creator)
        if red_id != creator.red_id or fans != (shown.value if shown else None):
            yield f"{identity} has red_id {red_id} and {fans} followers"


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
        following = _seconds(rows[number + 1].sent_at) if number + 1 < len(rows) else float("inf")
        line = lines[at] if at < len(lines) else None
        fits = line is not None and _seconds(row.sent_at) - MOMENT_SECONDS <= line.at < following + MOMENT_SECONDS  # fmt: skip  # noqa: E501 - one thought
        if not fits or line is None:
            if row.settled:
                yield f"a call of {row.sent_at} is in the ledger as {row.charge} and not on the bill"
            continue
        at += 1
        if row.charge != "unknown" and (row.charge == "charged") != line.charged:
            yield f"{row.charge} in the ledger, charged={line.charged} on the bill: {line}"
        plain = line.fault is None and line.code in (0, 201)
        if row.charge == "unknown" and row.settled and plain and in_time:
            yield f"unknown in the ledger after a plain answer: {line}"
        if row.code is not None and row.code != str(line.code):
            yield f"code {row.code} in the ledger: {line}"
    yield from (f"on the bill and not in the ledger: {line}" for line in lines[at:])


def paid_twice_at_most_what_was_in_flight(history: History) -> Iterator[str]:
    """A page is charged again only where nobody can know that it was charged before."""
    for page, times in _charges(history).items():
        rows = [row for row in history.lived[-1].after.calls if (row.keyword, row.page) == page]
        unknown = sum(row.charge == "unknown" for row in rows)
        if times - 1 > unknown:
            yield f"{page} was charged {times} times, of which {unknown} were unknown"
    for life in history.lived:
        in_flight = unsettled(life)
        if in_flight > life.settings.workers:
            yield f"{in_flight} calls in flight with {life.settings.workers} workers"
        if in_flight and life.summary is not None and life.left is None and not life.life.ending.refusal:
            yield f"{in_flight} calls never settled by a run that ended in peace"


def unsettled(life: Lived) -> int:
    """Calls that were in flight when a run ended."""
    rows = life.after.calls
    run_id = max((row.run_id for row in rows), default=0)
    begun = life.begun - MOMENT_SECONDS
    return sum(not row.settled and row.run_id == run_id and _seconds(row.sent_at) >= begun for row in rows)


def charged_twice(history: History) -> int:
    """How many charges there were beyond the first of each page."""
    return sum(times - 1 for times in _charges(history).values())


def _charges(history: History) -> Counter[tuple[str, int]]:
    return Counter((line.keyword, line.page) for line in history.lines if line.charged)


def caps_hold(history: History) -> Iterator[str]:
    """No run is charged for more than its cap, no day of any run for more than the day's."""
    for life in history.lived:
        charged = [line for line in _lines_of(history, life) if line.charged]
        cap = life.settings.calls_max
        if cap is not None and len(charged) > cap:
            yield f"{len(charged)} charged, --max-calls was {cap}"
        day_cap = life.settings.calls_max_per_day
        if day_cap is None or not charged:
            continue
        days = Counter(_day(line) for line in history.lines if line.charged and line.at <= life.ended)
        for day in {_day(line) for line in charged}:
            if days[day] > day_cap:
                yield f"{days[day]} charged on {day}, --max-calls-per-day was {day_cap}"


def pace_is_kept(history: History) -> Iterator[str]:
    """No second holds more calls than the rate, retries and restarts included; a rate below one a second
    keeps that distance between calls."""
    for life in history.lived:
        per_second = _per_second(life.settings.rate)
        if per_second is None:
            continue
        lines = _lines_of(history, life)
        if not lines:
            continue
        window_seconds, allowed = (
            (1.0, int(per_second)) if per_second == int(per_second) else (1 / per_second, 1)
        )
        # Calls of the run before count for the first second of this one, if that was no faster.
        earlier = [
            line.at for line in history.lines if line.at < life.begun and _as_slow(history, line, per_second)
        ]
        times = earlier + [line.at for line in lines]
        for number, moment in enumerate(times):
            many = bisect_left(times, moment + window_seconds - 1e-6) - number
            if many > allowed:
                yield f"{many} calls within {window_seconds:.3f} s, the rate was {life.settings.rate}"
                break


def _as_slow(history: History, line: Line, per_second: float) -> bool:
    for life in history.lived:
        if life.begun <= line.at <= life.ended:
            rate = _per_second(life.settings.rate)
            return rate is not None and rate <= per_second
    return False


def _per_second(rate: str) -> float | None:
    if rate == "unlimited":
        return None
    if rate == "auto":
        return 40 / 60
    number, _slash, unit = rate.partition("/")
    return float(number) / {"s": 1, "m": 60}[unit]


def every_run_ends_well(history: History) -> Iterator[str]:
    """No run breaks, and once the faults have stopped one run finishes everything."""
    for life in history.lived:
        refusal = life.life.ending.refusal
        told = refusal is not None and life.error is not None and refusal.value[0] in life.error
        if life.error is not None and not (told and "creators.db" in life.error):
            yield f"a run broke: {life.error}"
    last = history.lived[-2].summary
    if last is None or last.outcome != "done" or last.keywords.left or last.keywords.failed:
        yield f"without faults the run did not finish: {last}"
    states = {text: state for text, _page, state, _reason in history.lived[-1].after.checkpoints}
    yield from (
        f"{text} is {states.get(text)}" for text, _ in history.scenario.keywords if states.get(text) != "done"
    )


def checkpoints_never_run_ahead(history: History) -> Iterator[str]:
    """Whenever a run ends, all pages before a keyword's checkpoint were paid for and are in the database."""
    shown = defaultdict(set)
    for each in history.truth.shown:
        creator = history.truth.creators[each.index]
        shown[each.keyword, each.page].add((each.keyword, creator.id, f"red_id:{creator.red_id}"))
    for number, life in enumerate(history.lived):
        paid = {(line.keyword, line.page) for line in history.lines if line.charged and line.at <= life.ended}
        spoilt = {(line.keyword, line.page) for line in history.lines if line.fault in CUT_SHORT}
        for keyword, next_page, _state, _reason in life.after.checkpoints:
            for page in range(1, next_page):
                if (keyword, page) not in paid:
                    yield f"after run {number}: {keyword} is past page {page}, which was never bought"
                if (keyword, page) in spoilt:
                    continue
                for text, identity, provisional in shown[keyword, page]:
                    if not {(text, identity), (text, provisional)} & life.after.sightings:
                        yield f"after run {number}: {identity} of {keyword}, page {page}, is not there"


def a_second_run_changes_nothing(history: History) -> Iterator[str]:
    """Run again at once, it asks for nothing and leaves every row as it was."""
    life = history.lived[-1]
    calls = [line for line in history.lines if line.at >= life.begun]
    if calls:
        yield f"{len(calls)} calls by a run that had nothing to do"
    before, after = history.dumps
    yield from (f"changed by it: {line}" for line in sorted(set(before) ^ set(after)))


def the_token_is_nowhere(history: History) -> Iterator[str]:
    """Not in the files, not in an event, not in a log line, not in a summary."""
    if TOKEN.encode() in history.files:
        yield "the token is in the database's files"
    said = {"an event": history.events, "a log line": history.logged, "a run": history.lived}
    yield from (
        f"the token is in {where}" for where, what in said.items() if TOKEN in _without_settings(what)
    )


def _without_settings(what: Iterable[object]) -> str:
    return " ".join(
        str(each.summary) + str(each.error) if isinstance(each, Lived) else repr(each) for each in what
    )


def nothing_is_sent_after_the_end(history: History) -> Iterator[str]:
    """Told to stop, by a signal or by the API, a run sends nothing new; told to leave, it leaves."""
    in_time, answer_seconds = _answers_come_in_time(history), _slowest_answer_seconds(history)
    for number, life in enumerate(history.lived):
        lines = _lines_of(history, life)
        ends = [line.at + answer_seconds for line in lines if line.code in STOP_CODES and in_time]
        if life.stop_asked is not None:
            ends.append(life.stop_asked)
        late = [line for line in lines if ends and line.at > min(ends) + 1e-6]
        if late:
            yield f"run {number} sent {len(late)} calls after its end: {late[0]}"
        refusals = sum(line.code in STOP_CODES for line in lines)
        if refusals > life.settings.workers and in_time:
            yield f"run {number} asked {refusals} times for what the account does not have"
        if life.left is not None and life.ended > life.left + 0.5:
            yield f"run {number} was told to leave at {life.left} and left at {life.ended}"
        slowest = life.settings.timeout_seconds
        if life.stop_asked is not None and life.left is None and life.ended > life.stop_asked + slowest + 1.0:
            yield f"run {number} was told to stop at {life.stop_asked} and ended at {life.ended}"


def nothing_needless_is_bought(history: History) -> Iterator[str]:
    """No page is asked for beyond the end of its keyword."""
    if ends_are_vague(history):
        return
    last_pages = expected(history).last_pages
    for keyword, page in sorted({(line.keyword, line.page) for line in history.lines}):
        if page > last_pages[keyword]:
            yield f"page {page} of {keyword} was asked for, which ends at {last_pages[keyword]}"


def the_database_is_sound(history: History) -> Iterator[str]:
    """Integrity and foreign keys hold after every run."""
    for number, life in enumerate(history.lived):
        yield from (f"after run {number}: {flaw}" for flaw in life.after.flaws)


def nobody_complains(history: History) -> Iterator[str]:
    """No library has anything to warn of."""
    yield from (line for line in history.logged if not line.startswith(("DEBUG", "INFO")))


CHECKS: tuple[Check, ...] = (
    nothing_lost,
    nothing_invented,
    every_call_accounted_for,
    paid_twice_at_most_what_was_in_flight,
    caps_hold,
    pace_is_kept,
    every_run_ends_well,
    checkpoints_never_run_ahead,
    a_second_run_changes_nothing,
    the_token_is_nowhere,
    nothing_is_sent_after_the_end,
    nothing_needless_is_bought,
    the_database_is_sound,
    nobody_complains,
)


def violations(history: History) -> dict[str, list[str]]:
    """What is broken, by the name of the checker that found it."""
    found = {check.__name__: list(check(history)) for check in CHECKS}
    return {name: flaws for name, flaws in found.items() if flaws}


def _lines_of(history: History, life: Lived) -> list[Line]:
    return [line for line in history.lines if life.begun <= line.at <= life.ended]


def _seconds(stamp: str) -> float:
    """A time of the ledger on the loop's clock."""
    return (datetime.fromisoformat(stamp) - WallClock.START).total_seconds() + BEGIN_SECONDS


def _day(line: Line) -> str:
    return str((WallClock.START + timedelta(seconds=line.at - BEGIN_SECONDS)).astimezone(SHANGHAI).date())
