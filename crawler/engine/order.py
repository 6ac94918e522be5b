"""The order of work: which keyword's page is asked for next."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Protocol

from crawler.engine.keyword_task import KeywordTask
from crawler.model import Work


class Order(Protocol):
    """Hands out keywords page by page. A task is with one worker at a time."""

    def next(self) -> KeywordTask | None:
        """The keyword whose page is asked for next; None where there is none left to hand out."""
        ...

    def page_saved(self, task: KeywordTask, creators_new: int) -> None:
        """Takes back a task whose page brought so many creators new to the database; it goes on at its next
        page, unless it is done."""
        ...

    def defer(self, task: KeywordTask) -> None:
        """Takes back a task to hand it out once more after all others."""
        ...


class FileOrder:
    """Keywords as the work list has them, each to its end before the next begins."""

    def __init__(self, work: Iterator[Work]) -> None:
        self._work = work
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

    def page_saved(self, task: KeywordTask, creators_new: int) -> None:
        """A keyword that goes on is the next to be handed out."""
        self._going_on.append(task)

    def defer(self, task: KeywordTask) -> None:
        """After all others."""
        self._deferred.append(task)
