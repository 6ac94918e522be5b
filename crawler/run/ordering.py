"""The order in which a run asks for its work, and what is not worth asking for, by what is known of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from crawler.clock import age_in_days
from crawler.engine.keyword_history import AIMS, KeywordHistory
from crawler.engine.keyword_worth import keyword_histories, not_worth_asking
from crawler.engine.order import FileOrder, Order
from crawler.engine.yield_model import YieldModel
from crawler.engine.yield_order import YieldOrder
from crawler.model import DueKeyword
from crawler.run.dependencies import Dependencies
from crawler.settings.run import RunSettings
from crawler.store import page_history as history
from crawler.store.database import store_errors
from crawler.summary import ChosenOrder

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ordering:
    """Reads what is known of a run's keywords; its work list has been made."""

    connection: sqlite3.Connection
    settings: RunSettings
    dependencies: Dependencies

    def taken(self) -> ChosenOrder:
        """The order that was asked for, else the one that learns where there is anything to learn from."""
        if self.settings.order != "auto":
            return ChosenOrder(self.settings.order, asked=True)
        known = history.any_pages(
            self.connection, endpoint_id=self.dependencies.endpoint.id, now=self.dependencies.now
        )
        return ChosenOrder("yield" if known else "file", asked=False)

    def order_of(self, order: str) -> Order:
        """The work of a run in that order."""
        parts, aim = self.dependencies.parts, AIMS[self.settings.aim]
        if order == "file" and self.settings.refresh == "full":
            return FileOrder(self._read(parts.due_work))
        due, histories = self._known()
        if order == "file":
            return FileOrder(self._read(parts.due_work), YieldModel(histories, aim))
        return YieldOrder(due, histories, self._read(history.due_fresh), self.dependencies.rng, aim)

    def not_worth_asking(self) -> dict[int, float]:
        """The keywords of which fewer new creators are expected than are wanted of a call, and how many."""
        if not self.settings.stop_below:
            return {}
        finished = history.finished_due(self.connection, endpoint_id=self.dependencies.endpoint.id)
        return not_worth_asking(self._known()[1], finished, self.settings.stop_below)

    def _known(self) -> tuple[list[DueKeyword], list[KeywordHistory]]:
        again, pages, finders = history.read_due_history(
            self.connection, self.dependencies.endpoint.id, self.dependencies.now
        )
        due = list(again)
        stale_days = age_in_days(self.settings.refresh_after, self.dependencies.now())
        return due, keyword_histories(due, pages, finders, stale_days)

    def _read(self, due: Callable[[sqlite3.Connection], Iterator[T]]) -> Iterator[T]:
        with store_errors(self.settings.db):
            yield from due(self.connection)
