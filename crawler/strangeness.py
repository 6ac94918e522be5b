"""Telling an API that has changed from keywords that nobody answers to: too many strange answers in a row."""

from __future__ import annotations

from crawler.model import Page, Work

STRANGE_MAX = 20
"""Keywords in a row that may begin with a strange answer: each is charged, and an API that has changed its
answers would be asked in vain all night."""


class Strangeness:
    """Watches answers that name nobody and are no plain empty page. `answers` counts them."""

    def __init__(self) -> None:
        self.answers = 0
        self._suspects: list[Work] = []
        self._too_many = False

    def record(self, work: Work, page: Page) -> list[Work]:
        """Takes in a page; keywords whose answers cannot be believed, once there are too many in a row."""
        if page.creators:
            self._suspects.clear()
        elif page.entries or page.oddity is not None:
            self.answers += 1
            if work.page == 1:
                self._suspects.append(work)
        self._too_many |= len(self._suspects) >= STRANGE_MAX
        if not self._too_many:
            return []
        suspects, self._suspects = self._suspects, []
        return suspects
