"""One keyword in progress, as a state machine.

    ASKING ──a page was saved──▶ ASKING (next page) | DONE
    ASKING ──to be tried again──▶ WAITING ──pause over──▶ ASKING
    WAITING ──outage: another keyword probes──▶ DEFERRED
    ASKING ──attempts used up──▶ DEFERRED, the last time FAILED
    ASKING ──refused or not understood──▶ FAILED
    ASKING ──the run is ending──▶ STOPPED

A deferred keyword comes back once, after all others. A stopped one goes on at its page in the next run.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace

from crawler.model import Work


class TaskState(enum.Enum):
    """The state of a keyword."""

    ASKING = enum.auto()
    WAITING = enum.auto()
    DEFERRED = enum.auto()
    DONE = enum.auto()
    FAILED = enum.auto()
    STOPPED = enum.auto()


@dataclass(slots=True)
class KeywordTask:
    """A keyword, the page it is at, and how often that page was asked for.

    `seen` holds the identities of the creators met so far, None until they are needed.
    """

    work: Work
    last_chance: bool = False
    attempt: int = 1
    state: TaskState = TaskState.ASKING
    seen: set[str] | None = None

    def next_page(self) -> None:
        """The page was saved and the keyword goes on."""
        self.work = replace(self.work, page=self.work.page + 1)
        self.attempt = 1
        self.state = TaskState.ASKING

    def ask_again(self, *, counts: bool) -> None:
        """The same page again; `counts`: as one more of the attempts it may have."""
        self.attempt += 1 if counts else 0
        self.state = TaskState.ASKING

    def give_up(self) -> None:
        """Deferred to the end of the run, or failed where this was the last chance."""
        self.state = TaskState.FAILED if self.last_chance else TaskState.DEFERRED

    def come_back(self) -> KeywordTask:
        """The task for the last chance of a deferred keyword."""
        return KeywordTask(self.work, last_chance=True)
