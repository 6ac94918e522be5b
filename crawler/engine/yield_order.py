"""`--order yield` as the loop takes it: tasks of keywords, handed out where a page should bring most."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from random import Random

from crawler.engine.keyword_history import WORTHWHILE, Aim, FreshKeyword, KeywordHistory
from crawler.engine.keyword_task import KeywordTask
from crawler.engine.yield_queue import YieldQueue
from crawler.model import DueKeyword, Work

SEEN_KEPT_MAX = 5_000
"""Keywords begun of which is kept in memory whom they showed; of more it is read when they come up again."""


class YieldOrder:
    """Keywords page by page, each where a call is worth most by `aim`.

    `again` is work that was begun in earlier runs, of which `histories` tell, `fresh` the rest.
    """

    def __init__(
        self,
        again: Iterable[DueKeyword],
        histories: Iterable[KeywordHistory],
        fresh: Iterable[DueKeyword],
        rng: Random,
        aim: Aim,
    ) -> None:
        self._works: dict[int, Work] = {due.work.keyword_id: due.work for due in again}
        self._begun: dict[int, KeywordTask] = {}
        self._deferred: deque[KeywordTask] = deque()
        self._order = YieldQueue(histories, self._fresh(fresh), rng, aim)

    def _fresh(self, fresh: Iterable[DueKeyword]) -> Iterator[FreshKeyword]:
        for due in fresh:
            work = due.work
            self._works[work.keyword_id] = work
            yield FreshKeyword(work.keyword_id, due.priority, due.position, work.pages_max)

    def next(self) -> KeywordTask | None:
        """The keyword whose page is worth most, else one that was deferred."""
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

    def new_needed(self, task: KeywordTask, entries: int) -> int:
        """As many as make the next page worthwhile."""
        return self._order.model.new_needed(task.work.keyword_id, task.work.page, entries, WORTHWHILE)

    def page_saved(self, task: KeywordTask, creators_new: int, entries: int, *, goes_on: bool) -> None:
        """Puts the keyword where its next page belongs."""
        if goes_on:
            if len(self._begun) >= SEEN_KEPT_MAX:
                task.seen = None
            self._begun[task.work.keyword_id] = task
        work = task.work
        self._order.saw(work.keyword_id, work.page, creators_new, entries=entries, last=not goes_on)

    def defer(self, task: KeywordTask) -> None:
        """After all others."""
        self._deferred.append(task)
