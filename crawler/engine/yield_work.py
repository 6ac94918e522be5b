"""`--order yield` as the loop takes it: tasks of keywords, handed out where a page should bring most."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from random import Random

from crawler.engine.history import FreshKeyword, KeywordHistory, Look
from crawler.engine.keyword_task import KeywordTask
from crawler.engine.neighbours import neighbourhoods
from crawler.engine.yield_order import YieldOrder
from crawler.model import Work

SEEN_KEPT_MAX = 5_000
"""Keywords begun of which is kept in memory whom they showed; of more it is read when they come up again."""


class YieldWork:
    """Keywords page by page, each where most creators new to the database are expected.

    `again` is work that was begun in earlier runs, `fresh` the rest; both with priority and place. `pages`
    are those read in earlier runs, keyword by keyword in the order of time, `finders` the keywords that found
    each creator. What a cap cut off longer ago than `stale_days` can be gone on with or begun anew; what was
    cut off since comes first.
    """

    def __init__(
        self,
        again: Iterable[tuple[Work, int, int]],
        pages: Iterable[tuple[int, int, float, int, int, bool]],
        finders: Iterable[Sequence[int]],
        fresh: Iterable[tuple[Work, int, int]],
        stale_days: float,
        rng: Random,
    ) -> None:
        self._works: dict[int, Work] = {}
        self._begun: dict[int, KeywordTask] = {}
        self._deferred: deque[KeywordTask] = deque()
        looks: dict[int, list[Look]] = {}
        for keyword_id, page, days_ago, new, entries, last in pages:
            looks.setdefault(keyword_id, []).append(Look(page, days_ago, new, entries, last))
        group = neighbourhoods(finders)
        histories = []
        for work, priority, position in again:
            self._works[work.keyword_id] = work
            seen = looks.get(work.keyword_id, ())
            stale = min((look.days_ago for look in seen), default=0.0) >= stale_days
            going_on = work.page if work.page > 1 else None
            histories.append(
                KeywordHistory(
                    work.keyword_id, seen, priority, position, work.pages_max, group.get(work.keyword_id),
                    unfinished_page=None if stale else going_on, deeper_page=going_on if stale else None,
                )
            )  # fmt: skip
        self._order = YieldOrder(histories, self._fresh(fresh), rng)

    def _fresh(self, fresh: Iterable[tuple[Work, int, int]]) -> Iterator[FreshKeyword]:
        for work, priority, position in fresh:
            self._works[work.keyword_id] = work
            yield FreshKeyword(work.keyword_id, priority, position, work.pages_max)

    def next(self) -> KeywordTask | None:
        """The keyword whose page is expected to bring most, else one that was deferred."""
        chosen = self._order.next()
        if chosen is None:
            return self._deferred.popleft().come_back() if self._deferred else None
        keyword_id, page = chosen
        task = self._begun.pop(keyword_id, None)
        if task is not None:
            return task
        work = self._works.pop(keyword_id)
        if work.page != page:  # begun anew, though it was not finished
            work = replace(work, page=page, generation=work.generation + 1)
        return KeywordTask(work)

    def page_saved(self, task: KeywordTask, creators_new: int) -> None:
        """Puts the keyword where its next page belongs."""
        if len(self._begun) >= SEEN_KEPT_MAX:
            task.seen = None
        self._begun[task.work.keyword_id] = task
        self._order.saw(task.work.keyword_id, task.work.page - 1, creators_new)

    def defer(self, task: KeywordTask) -> None:
        """After all others."""
        self._deferred.append(task)
