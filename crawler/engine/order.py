"""The order of work: which keyword's page is asked for next."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Protocol

from crawler.engine.keyword_history import WORTHWHILE, Look
from crawler.engine.keyword_task import KeywordTask
from crawler.engine.yield_model import YieldModel
from crawler.model import Work


class Order(Protocol):
    """Hands out keywords page by page. A task is with one worker at a time."""

    def next(self) -> KeywordTask | None:
        """The keyword whose page is asked for next; None where there is none left to hand out."""
        ...

    def new_needed(self, task: KeywordTask, entries: int) -> int:
        """How many creators new to the database the task's page must bring, with so many entries, for its
        keyword to be read on, where that need not be read whole."""
        ...

    def page_saved(self, task: KeywordTask, creators_new: int, entries: int, *, goes_on: bool) -> None:
        """Takes back a task whose page brought so many creators new to the database, with so many entries; it
        `goes_on` at its next page, or is done."""
        ...

    def defer(self, task: KeywordTask) -> None:
        """Takes back a task to hand it out once more after all others."""
        ...


class FileOrder:
    """Keywords as the work list has them, each to its end before the next begins. With a `model` the end may
    come where it says that reading on is not worthwhile."""

    def __init__(self, work: Iterator[Work], model: YieldModel | None = None) -> None:
        self._work = work
        self._model = model
        self._going_on: list[KeywordTask] = []
        self._deferred: deque[KeywordTask] = deque()

    def next(self) -> KeywordTask | None:
        """A keyword that was begun, else a new one, else one that was deferred."""
        if self._going_on:
            return self._going_on.pop()
        work = next(self._work, None)
        if work is not None:
            return KeywordTask(work)
        return self._deferred.popleft().come_back() if self._deferred else None

    def new_needed(self, task: KeywordTask, entries: int) -> int:
        """As many as make the next page worthwhile; none without a model."""
        work = task.work
        if self._model is None or work.keyword_id not in self._model.pages:
            return 0
        return self._model.new_needed(work.keyword_id, work.page, entries, WORTHWHILE)

    def page_saved(self, task: KeywordTask, creators_new: int, entries: int, *, goes_on: bool) -> None:
        """A keyword that goes on is the next to be handed out."""
        if goes_on:
            self._going_on.append(task)
        if self._model is not None and (known := self._model.pages.get(task.work.keyword_id)) is not None:
            look = Look(task.work.page, 0.0, creators_new, entries, not goes_on)
            self._model.saw(task.work.keyword_id, look, known.options)

    def defer(self, task: KeywordTask) -> None:
        """After all others."""
        self._deferred.append(task)
