"""What an endpoint is to the engine: where to ask, how to read a page, and what each answer means there."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from crawler.model import Charge, Page, PageRequest
from crawler.reasons import ReasonCode


class Action(enum.Enum):
    """What the engine does next."""

    USE = enum.auto()  # read the page
    END_KEYWORD = enum.auto()  # nothing (more) for this keyword
    RETRY = enum.auto()  # the same page again, after a pause, a bounded number of times
    SLOW_DOWN = enum.auto()  # all workers slower, then the same page again
    FAIL_KEYWORD = enum.auto()  # this keyword is given up for this run
    STOP_RUN = enum.auto()  # no new call; calls in flight are allowed to finish


class Blame(enum.Enum):
    """Whose fault a failure is; only failures of the service count towards an outage."""

    NOBODY = enum.auto()
    KEYWORD = enum.auto()
    SERVICE = enum.auto()
    ACCOUNT = enum.auto()


@dataclass(frozen=True, slots=True)
class Rule:
    """What one kind of answer means: what to do, what it cost, who is to blame, and the reason it becomes."""

    action: Action
    charge: Charge
    blame: Blame
    reason: ReasonCode


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One paged keyword search.

    `id` and `name` are its row in `endpoints`. `parameters` makes the query of a keyword and a page (from 1),
    without the token. `read_page` takes the decoded `data` of a success. `codes` holds the rule of each code
    in a body, `statuses` that of an HTTP status, for answers without a readable envelope.
    """

    id: int
    name: str
    path: str
    parameters: Callable[[str, int], Mapping[str, str]]
    read_page: Callable[[Any], Page]
    codes: Mapping[int, Rule]
    statuses: Mapping[int, Rule]

    def request(self, keyword: str, page: int) -> PageRequest:
        """What one call asks for."""
        return PageRequest(self.path, self.parameters(keyword, page))
