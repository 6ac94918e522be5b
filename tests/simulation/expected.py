"""What a complete crawl must have found, from the simulator's truth and its bill alone."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from crawler.simulator import EndStyle, Fault, Shown, Truth
from crawler.simulator.render import Odd
from tests.simulation.play import History

CUT_SHORT = (Fault.NO_USERS, Fault.NULL_DATA)
"""Charged answers without a list of users, which the crawler takes for the end of a keyword."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Rows of `users` by id and sightings as (keyword, id). What stands behind a page that came without its
    users is `allowed` and not required. `last_pages` is the last page worth asking for, per keyword."""

    users: frozenset[str]
    sightings: frozenset[tuple[str, str]]
    users_allowed: frozenset[str]
    sightings_allowed: frozenset[tuple[str, str]]
    last_pages: dict[str, int]


def expected(history: History) -> Expected:
    """What the scenario's keywords show as far as a crawl has to follow them."""
    scenario, truth = history.scenario, history.truth
    limits = {text: limit or scenario.pages_max for text, limit in scenario.keywords}
    style = scenario.service.end_style
    last_pages = {text: _last_page(truth, text, limit, style) for text, limit in limits.items()}
    cut_at = {
        line.keyword: line.page
        for line in reversed(history.lines)
        if line.charged and line.fault in CUT_SHORT
    }
    within = [each for each in truth.shown if each.page <= last_pages[each.keyword]]
    required = [each for each in within if each.page < cut_at.get(each.keyword, 10**9)]
    allowed = list(truth.shown) if ends_are_vague(history) else within
    users, sightings = _rows(truth, required)
    users_allowed, sightings_allowed = _rows(truth, allowed)
    if required != allowed:  # what is missing may also be what would have joined two rows
        users_allowed |= {_alone(truth, each) for each in allowed} | users
        sightings_allowed |= {(each.keyword, _alone(truth, each)) for each in allowed} | sightings
        users = frozenset(each for each in users if not each.startswith("red_id:"))
        sightings = frozenset(each for each in sightings if not each[1].startswith("red_id:"))
    return Expected(users, sightings, users_allowed, sightings_allowed, last_pages)


def ends_are_vague(history: History) -> bool:
    """Whether pages repeat with entries that lack their id: such a page looks new every time."""
    service = history.scenario.service
    return service.odd_share > 0 and service.end_style != EndStyle.EMPTY


def _last_page(truth: Truth, keyword: str, limit: int, end_style: str) -> int:
    """The page that ends a keyword: an empty one, one without anybody new, or that of its limit."""
    seen: set[int] = set()
    for page in range(1, limit + 1):
        there = {each.index for each in truth.shown if (each.keyword, each.page) == (keyword, page)}
        if end_style != EndStyle.EMPTY and not there - seen:
            return page
        if page > truth.pages[keyword]:
            return page
        seen |= there
    return limit


def _rows(truth: Truth, shown: list[Shown]) -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    """Rows and sightings that these entries end in; an entry with a red_id alone joins the row that an entry
    with both has made, and else makes its own."""
    ways: dict[int, set[Odd | None]] = defaultdict(set)
    for each in shown:
        ways[each.index].add(each.odd)
    joined = {index for index, odds in ways.items() if odds - {Odd.NO_ID, Odd.NO_RED_ID}}
    sightings = set()
    for each in shown:
        with_id = each.odd is not Odd.NO_ID or each.index in joined
        identity = truth.creators[each.index].id if with_id else _alone(truth, each)
        sightings.add((each.keyword, identity))
    return frozenset(identity for _keyword, identity in sightings), frozenset(sightings)


def _alone(truth: Truth, shown: Shown) -> str:
    return f"red_id:{truth.creators[shown.index].red_id}"
