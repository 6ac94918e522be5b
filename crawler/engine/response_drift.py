"""The drift detector: tells an API that has changed from keywords without creators, by too many strange
answers in a row."""

from __future__ import annotations

from dataclasses import dataclass, replace

from crawler.model import Page, Work


@dataclass(frozen=True, slots=True)
class DriftLimits:
    """`strange_max` strange answers in a row end a run: each costs money, and an API that has changed
    would be paid all night for nothing. `forbidden_max` bare statuses of a gateway in a row are taken to
    concern all calls where earlier runs were answered."""

    strange_max: int = 20
    forbidden_max: int = 3


class DriftDetector:
    """Watches for answers that are not understood, or that name no creator without being a plain empty page.

    An answer that names a creator starts the count again. `pages` counts those of the second kind.
    """

    def __init__(self, answered_before: bool, limits: DriftLimits | None = None) -> None:
        self._limits = limits or DriftLimits()
        self._answered = False
        self._answered_before = answered_before
        self.pages = 0
        self._in_a_row = 0
        self._suspects: list[Work] = []
        self.drifted = False

    @property
    def others_are_answered(self) -> bool:
        """Whether an answer that is none of the API's own concerns its keyword alone."""
        return self._answered or (self._answered_before and self._in_a_row < self._limits.forbidden_max - 1)

    def read(self, work: Work, page: Page) -> None:
        """Takes in a page that was saved. Beyond a keyword's first page null, or no users, is a plain end."""
        if page.creators:
            self._answered = True
            self._in_a_row = 0
            self._suspects.clear()
        elif page.entries or page.oddity is not None:
            self.pages += 1
            if page.entries or work.page == 1:
                self._suspects.append(work)
                self.not_understood()

    def not_understood(self) -> None:
        """Takes in an answer that names no creator; its keyword may have failed with it."""
        self._in_a_row += 1
        self.drifted |= self._in_a_row >= self._limits.strange_max

    def requeue(self) -> list[Work]:
        """The keywords that such pages seemed to end, each once, with where they go on: from their start, and
        behind a page that was not their first, so that no page is paid twice."""
        suspects, self._suspects = self._suspects, []
        return [
            replace(work, generation=work.generation + 1)
            if work.page == 1
            else replace(work, page=work.page + 1)
            for work in suspects
        ]
