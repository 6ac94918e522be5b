"""What is known of keywords from earlier nights, and why a page stands where it does, as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

PAGE_SIZE = 20
"""Creators of a page, as a rule."""


class Look(NamedTuple):
    """One look at a page: how long ago, what it brought that was new to the database, what it showed.
    `last` says that nothing comes after it."""

    page: int
    days_ago: float
    new: float
    entries: int = PAGE_SIZE
    last: bool = False


@dataclass(frozen=True, slots=True)
class KeywordHistory:
    """A keyword that was looked at, its looks in the order of time. `position` is its place in the files,
    `group` names its neighbours. `unfinished_page` is where an interrupted night broke off, `unread_page`
    where a refresh stopped and it is to go on, `deeper_page` a page at which it can be taken up as well as at
    its first one."""

    keyword_id: int
    looks: Sequence[Look]
    priority: int = 0
    position: int = 0
    pages_max: int = 50
    group: int | None = None
    unfinished_page: int | None = None
    deeper_page: int | None = None
    unread_page: int | None = None


@dataclass(frozen=True, slots=True)
class Aim:
    """What a page is worth: `new` for each creator new to the database, `fresh` for each day that the facts
    of a creator on it are old."""

    new: float
    fresh: float


AIMS = {"new": Aim(1.0, 0.0), "fresh": Aim(0.05, 0.05), "both": Aim(1.0, 0.005)}
"""By their names in `--aim`. Under `both` two hundred creators whose facts are a day older count as much as
one new creator."""

WORTHWHILE = 0.5
"""What a call must be worth for a refresh to read on."""


class FreshKeyword(NamedTuple):
    """A keyword nobody has looked at."""

    keyword_id: int
    priority: int = 0
    position: int = 0
    pages_max: int = 50


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a page stands where it does: `value` is the best average over the pages from it on, the rest are
    the factors of what it is expected to bring itself. `days` is None for a page never looked at;
    `facts_days` are those that the facts of all creators on it are old, taken together."""

    keyword_id: int
    page: int
    value: float
    expected: float
    base: float
    neighbours: float
    keyword: float
    days: float | None
    tonight: float
    looks: int
    found: float
    facts_days: float = 0.0
