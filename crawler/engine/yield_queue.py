"""`--order yield`: each next call goes where the most creators new to the database are expected."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator
from random import Random
from typing import NamedTuple

from crawler.engine.keyword_history import (
    AIMS,
    PAGE_SIZE,
    Aim,
    Explanation,
    FreshKeyword,
    KeywordHistory,
    Look,
)
from crawler.engine.yield_model import YieldModel

NEIGHBOURS_MAX = 50
"""Neighbours at most whose places are found anew when one of them is looked at."""


class Candidate(NamedTuple):
    """A page that may be next; the least comes first."""

    stage: int
    minus_value: float
    minus_priority: int
    position: int
    keyword_id: int
    page: int
    edition: int


class YieldQueue:
    """Says which page is asked for next, keyword by keyword in the order of its pages.

    Interrupted work comes first; then what `YieldModel` values most. `rng` draws what a keyword's factor
    might be, so that one of which little is known is looked at now and then; None takes its mean. Keywords
    nobody has looked at are taken from `fresh`, which is in order, only as they come up. A keyword that was
    given out is not given out again before `saw` tells what it brought; one that failed is never told of.
    """

    def __init__(
        self,
        histories: Iterable[KeywordHistory],
        fresh: Iterable[FreshKeyword] = (),
        rng: Random | None = None,
        aim: Aim = AIMS["both"],
    ) -> None:
        self._histories = {one.keyword_id: one for one in histories}
        self.model = YieldModel(self._histories.values(), aim)
        self._fresh = iter(fresh)
        self._head = next(self._fresh, None)
        self._options: dict[int, KeywordHistory | FreshKeyword] = dict(self._histories)
        self._asked: dict[int, int] = {}
        self._edition: dict[int, int] = {}
        self._members: dict[int, list[int]] = defaultdict(list)
        for one in self._histories.values():
            if one.group is not None:
                self._members[one.group].append(one.keyword_id)
        self._chance = {} if rng is None else {one: self.model.draw(one, rng) for one in self._histories}
        self._heap = [entrance for keyword_id in self._histories for entrance in self._entrances(keyword_id)]
        heapq.heapify(self._heap)

    def next(self) -> tuple[int, int] | None:
        """The keyword and the page to ask for; None where all there is was given out."""
        while self._heap and self._is_outdated(self._heap[0]):
            heapq.heappop(self._heap)
        head = self._head
        if head is not None:
            value = self.model.value(head.keyword_id, 1)
            first = Candidate(1, -value, -head.priority, head.position, head.keyword_id, 1, 0)
            if not self._heap or first < self._heap[0]:
                self._head = next(self._fresh, None)
                self._options[head.keyword_id] = head
                return self._given_out(head.keyword_id, 1)
        if not self._heap:
            return None
        chosen = heapq.heappop(self._heap)
        return self._given_out(chosen.keyword_id, chosen.page)

    def _given_out(self, keyword_id: int, page: int) -> tuple[int, int]:
        """A keyword is with one worker at a time: whatever else is in the heap of it is outdated."""
        self._asked[keyword_id] = page
        self._edition[keyword_id] = self._edition.get(keyword_id, 0) + 1
        return keyword_id, page

    def saw(
        self, keyword_id: int, page: int, new: float, *, entries: int = PAGE_SIZE, last: bool = False
    ) -> None:
        """Takes up what a page brought: `new` to the database of the `entries` it showed; `last` says that
        the keyword ends there."""
        options = self._options[keyword_id]
        last = last or not entries or page >= options.pages_max
        self.model.saw(keyword_id, Look(page, 0.0, new, entries, last), options)
        if last:
            self._asked[keyword_id] = 0  # of which there is no candidate
        else:
            self._asked[keyword_id] = page + 1
            heapq.heappush(self._heap, self._candidate(keyword_id, page + 1))
        self._move_neighbours(keyword_id)

    def expected_new(self, keyword_id: int, page: int) -> float:
        """How many creators new to the database that page is expected to bring."""
        return self.model.expected(keyword_id, page)

    def explain(self, keyword_id: int, page: int = 1) -> Explanation:
        """Why that page stands where it does."""
        return self.model.explain(keyword_id, page)

    def _entrances(self, keyword_id: int) -> Iterator[Candidate]:
        """Where a keyword can be taken up: where it broke off, or was left; else anew, or deeper where it may
        be."""
        history = self._histories[keyword_id]
        if history.unfinished_page is not None:
            self._asked[keyword_id] = history.unfinished_page
            yield self._candidate(keyword_id, history.unfinished_page, stage=0)
            return
        if history.unread_page is not None:
            self._asked[keyword_id] = history.unread_page
            yield self._candidate(keyword_id, history.unread_page)
            return
        yield self._candidate(keyword_id, 1)
        if history.deeper_page is not None:
            yield self._candidate(keyword_id, history.deeper_page)

    def _candidate(self, keyword_id: int, page: int, stage: int = 1) -> Candidate:
        options = self._options[keyword_id]
        chance = self._chance.get(keyword_id, 1.0)
        value = self.model.value(keyword_id, page, chance=chance) if stage else 0.0
        edition = self._edition.get(keyword_id, 0)
        return Candidate(stage, -value, -options.priority, options.position, keyword_id, page, edition)

    def _is_outdated(self, candidate: Candidate) -> bool:
        at = self._asked.get(candidate.keyword_id, candidate.page)
        edition = self._edition.get(candidate.keyword_id, 0)
        too_deep = candidate.page > self._options[candidate.keyword_id].pages_max
        return at != candidate.page or edition != candidate.edition or too_deep

    def _move_neighbours(self, keyword_id: int) -> None:
        """Finds the places of neighbours anew that have not been looked at tonight."""
        history = self._histories.get(keyword_id)
        if history is None or history.group is None:
            return
        members = self._members[history.group]
        if len(members) > NEIGHBOURS_MAX:
            return
        for other in members:
            if other not in self._asked:
                self._edition[other] = self._edition.get(other, 0) + 1
                for entrance in self._entrances(other):
                    heapq.heappush(self._heap, entrance)
