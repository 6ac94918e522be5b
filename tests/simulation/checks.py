"""The checkers: each gives, in words, the ways in which a history breaks one promise.

They compare the database with the simulator's truth and bill, never with the crawler's tables alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator

from crawler.simulator import followers
from tests.simulation.account_checks import (
    an_account_stops_alone,
    each_account_keeps_its_caps,
    the_summary_tells_each_account,
)
from tests.simulation.bill_checks import (
    a_learnt_pace_follows_the_limit,
    a_quota_is_believed_only_where_it_was_named,
    caps_hold,
    every_call_accounted_for,
    loop_time,
    nothing_is_sent_after_the_end,
    pace_is_kept,
    paid_twice_at_most_what_was_in_flight,
    what_is_due_is_asked_or_named,
)
from tests.simulation.expected import CUT_SHORT, ends_are_vague, expected
from tests.simulation.play import TOKEN, History, RunResult

PATIENCE_SECONDS = 130.0
"""How long before its page was saved a call may have been sent."""

Check = Callable[[History], Iterable[str]]


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
    states = {
        text: reason if reason == "not_worthwhile" else state
        for text, _page, state, reason in history.lived[-1].after.checkpoints
    }
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
        begun = {text: loop_time(moment) - PATIENCE_SECONDS for text, moment in life.after.begun.items()}
        paid = {
            (line.keyword, line.page)
            for line in history.lines
            if line.charged and begun.get(line.keyword, 0.0) <= line.at <= life.ended
        }
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


def complete_means_to_the_end(history: History) -> Iterator[str]:
    """Whenever a run ends, a keyword that is called complete has been read down to its last page; one that
    was seen in part says so."""
    if ends_are_vague(history):
        return
    last_pages, truth = expected(history).last_pages, history.truth
    spoilt = {line.keyword for line in history.lines if line.fault in CUT_SHORT}
    for number, life in enumerate(history.lived):
        for keyword, next_page, state, reason in life.after.checkpoints:
            last_page = min(last_pages[keyword], max(1, truth.pages[keyword]))
            if (
                state == "done"
                and reason != "not_worthwhile"
                and keyword not in spoilt
                and next_page <= last_page
            ):
                yield f"after run {number}: {keyword} is {reason} at page {next_page - 1} of {last_page}"


def a_replay_changes_nothing(history: History) -> Iterator[str]:
    """What was read once and is read again by the same reader is the same."""
    for changed in history.replays:
        yield from (f"changed by a replay: {line}" for line in changed)


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
    tokens = {TOKEN, *(each.token for life in history.lived for each in life.settings.senders)}
    if any(token.encode() in history.files for token in tokens):
        yield "the token is in the database's files"
    said = {"an event": history.events, "a log line": history.logged, "a run": history.lived}
    for where, what in said.items():
        text = _without_settings(what)
        yield from (f"the token is in {where}" for token in tokens if token in text)


def _without_settings(what: Iterable[object]) -> str:
    return " ".join(
        str(each.summary) + str(each.error) if isinstance(each, RunResult) else repr(each) for each in what
    )


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


def no_warnings(history: History) -> Iterator[str]:
    """No library has anything to warn of."""
    yield from (line for line in history.logged if not line.startswith(("DEBUG", "INFO")))


CHECKS: tuple[Check, ...] = (
    nothing_lost,
    nothing_invented,
    every_call_accounted_for,
    paid_twice_at_most_what_was_in_flight,
    caps_hold,
    each_account_keeps_its_caps,
    an_account_stops_alone,
    the_summary_tells_each_account,
    pace_is_kept,
    a_learnt_pace_follows_the_limit,
    a_quota_is_believed_only_where_it_was_named,
    every_run_ends_well,
    checkpoints_never_run_ahead,
    complete_means_to_the_end,
    what_is_due_is_asked_or_named,
    a_replay_changes_nothing,
    a_second_run_changes_nothing,
    the_token_is_nowhere,
    nothing_is_sent_after_the_end,
    nothing_needless_is_bought,
    the_database_is_sound,
    no_warnings,
)


def violations(history: History) -> dict[str, list[str]]:
    """What is broken, by the name of the checker that found it."""
    found = {check.__name__: list(check(history)) for check in CHECKS}
    return {name: flaws for name, flaws in found.items() if flaws}
