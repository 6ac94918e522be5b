"""What a forecast rests on: keywords that are due, and what earlier nights tell of them."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace

from crawler.clock import Now, age_in_days
from crawler.engine.keyword_history import AIMS, FreshKeyword, KeywordHistory, Look
from crawler.engine.keyword_neighbours import neighbour_groups
from crawler.engine.keyword_worth import keyword_histories, not_worth_asking, resumed
from crawler.engine.yield_model import YieldModel
from crawler.model import DueKeyword, Keyword
from crawler.planning.forecast import Due, worthwhile_calls
from crawler.settings.run import RunSettings
from crawler.store.page_history import (
    count_due,
    due_again,
    due_in_portions,
    finders,
    finished_due,
    pages_read,
)
from crawler.store.worklist import copy_basis, leave_out, make_worklist, not_asked
from crawler.summary import NotAsked

KEYWORDS_READ_MAX = 2_000
"""Of more keywords that are due, every so many-th is looked at, and counts for those passed over."""

PAGES_READ_MAX = 100_000
"""Of the pages of many nights, the latest so many are looked at."""

_NO_RUN = 0
"""Under this number a copy notes what a run would leave out."""


@dataclass(frozen=True, slots=True)
class DueSample:
    """The work list of a run: how many keywords it has, and `every` so many-th of those that are due, in
    file order of work."""

    listed: int
    due: int
    unfinished: int
    never_asked: int
    every: int
    keywords: tuple[DueKeyword, ...]


def read_due_sample(
    connection: sqlite3.Connection, listed: int, keywords_max: int = KEYWORDS_READ_MAX
) -> DueSample:
    """What is ahead, from the connection that the work list was made on."""
    *_before, sample = due_sample_in_steps(connection, listed, keywords_max)
    return sample


def due_sample_in_steps(
    connection: sqlite3.Connection, listed: int, keywords_max: int = KEYWORDS_READ_MAX
) -> Iterator[DueSample]:
    """The same in steps, each with what is known so far, so that others get their turn between them; the last
    one has it all."""
    due = count_due(connection)
    sample = DueSample(listed, due, 0, 0, math.ceil(due / keywords_max) or 1, ())
    yield sample
    for portion in due_in_portions(connection, every=sample.every):
        sample = replace(
            sample,
            unfinished=sample.unfinished + portion.unfinished,
            never_asked=sample.never_asked + portion.never_asked,
            keywords=sample.keywords + portion.keywords,
        )
        yield sample


@dataclass(frozen=True, slots=True)
class PlannedWorklist:
    """A work list as a run would have it, on the connection it was made on: how many keywords it lists, those
    it leaves out, the least promising first, and how many were `finished_in_future`."""

    connection: sqlite3.Connection
    listed: int
    not_asked: tuple[NotAsked, ...]
    finished_in_future: int


@contextmanager
def planned_worklist(
    connection: sqlite3.Connection,
    keywords: Iterable[Keyword],
    settings: RunSettings,
    endpoint_id: int,
    now: Now,
) -> Iterator[PlannedWorklist]:
    """The work list that a run would make of `keywords`, in a copy in memory."""
    from crawler.store.migrations import migrate  # loads much that the command's help does not need

    with closing(sqlite3.connect(":memory:", isolation_level=None)) as memory:
        migrate(memory)
        copy_basis(connection, memory)
        worklist = make_worklist(
            memory,
            keywords,
            endpoint_id=endpoint_id,
            pages_max=settings.pages_max,
            refresh_after=settings.refresh_after,
            now=now,
            worthwhile=settings.refresh == "worthwhile",
        )
        if settings.stop_below:
            leave_out(
                memory,
                worklist,
                _not_worth_asking(connection, memory, settings, endpoint_id, now),
                endpoint_id=endpoint_id,
                run_id=_NO_RUN,
                stop_below=settings.stop_below,
            )
        left_out = not_asked(memory, _NO_RUN)
        yield PlannedWorklist(memory, worklist.listed, left_out, worklist.finished_in_future)


def _not_worth_asking(
    connection: sqlite3.Connection,
    worklist: sqlite3.Connection,
    settings: RunSettings,
    endpoint_id: int,
    now: Now,
) -> dict[int, float]:
    """What a run would leave out, by all that is known: not only by what a forecast looks at."""
    pages = pages_read(connection, endpoint_id=endpoint_id, now=now)
    finding = finders(connection, endpoint_id=endpoint_id)
    stale_days = age_in_days(settings.refresh_after, now())
    histories = keyword_histories(due_again(worklist), pages, finding, stale_days)
    finished = finished_due(worklist, endpoint_id=endpoint_id)
    return not_worth_asking(histories, finished, settings.stop_below or 0.0)


@dataclass(frozen=True, slots=True)
class ForecastInputs:
    """What is known of the keywords ahead, in the same order: all of them, those that were looked at, those
    nobody has looked at; and of `everyone` that was looked at, due or not."""

    due: tuple[Due, ...]
    histories: tuple[KeywordHistory, ...]
    fresh: tuple[FreshKeyword, ...]
    everyone: tuple[KeywordHistory, ...]


def read_forecast_inputs(
    connection: sqlite3.Connection, sample: DueSample, settings: RunSettings, endpoint_id: int, now: Now
) -> ForecastInputs:
    """What earlier nights tell of what is ahead."""
    looks: dict[int, list[Look]] = {}
    pages = pages_read(
        connection, endpoint_id=endpoint_id, now=now, every=sample.every, pages_max=PAGES_READ_MAX
    )
    for read in pages:
        looks.setdefault(read.keyword_id, []).append(Look(*read[1:]))
    group = neighbour_groups(finders(connection, endpoint_id=endpoint_id)) if looks else {}
    everyone = {
        keyword_id: KeywordHistory(keyword_id, told, group=group.get(keyword_id))
        for keyword_id, told in looks.items()
    }
    stale_days = age_in_days(settings.refresh_after, now())
    due, histories, fresh = [], [], []
    for position, one in enumerate(sample.keywords):
        work = one.work
        history = everyone.get(work.keyword_id)
        if history is None:
            fresh.append(FreshKeyword(work.keyword_id, one.priority, position, work.pages_max))
        else:
            history = replace(history, priority=one.priority, position=position, pages_max=work.pages_max)
            history = resumed(history, one, stale_days)
            everyone[work.keyword_id] = history
            histories.append(history)
        due.append(Due(work.keyword_id, work.page, work.pages_max, history))
    asked = _as_far_as_asked(due, sample, histories, settings)
    return ForecastInputs(asked, tuple(histories), tuple(fresh), tuple(everyone.values()))


def _as_far_as_asked(
    due: Sequence[Due], sample: DueSample, histories: Sequence[KeywordHistory], settings: RunSettings
) -> tuple[Due, ...]:
    """What is due; of what need not be read whole as far down as it is worthwhile."""
    if all(one.work.whole for one in sample.keywords):
        return tuple(due)
    model = YieldModel(histories, AIMS[settings.aim])
    return tuple(
        one if keyword.work.whole else replace(one, calls_worthwhile=worthwhile_calls(one, model))
        for one, keyword in zip(due, sample.keywords, strict=True)
    )
