"""How much of a niche the keywords have found, and which of them could be left out.

Keywords are taken as samples of the niche: who shows up under one keyword alone, and who under two, tells how
many show up under none (Chao2, the lower bound of Chao 1987; sample coverage after Chao and Jost 2012).
"""

from __future__ import annotations

import heapq
import math
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crawler.errors import InputError
from crawler.i18n import _

_SIGHTINGS = """
SELECT sightings.keyword_id, sightings.user_key
  FROM sightings
 WHERE sightings.endpoint_id = :endpoint_id
   AND (:tag IS NULL
        OR EXISTS (SELECT 1
                     FROM keywords, json_each(keywords.tags) AS tag
                    WHERE keywords.id = sightings.keyword_id AND tag.value = :tag))
 ORDER BY sightings.keyword_id
"""

# A reading of a keyword takes as many calls as it has pages, the empty one at its end among them; where the
# last one stopped before, an earlier one tells.
_KEYWORDS = """
SELECT keywords.id, keywords.text,
       max(1, checkpoints.next_page - 1,
           iif(checkpoints.stop_reason IS 'not_worthwhile',
               coalesce((SELECT max(page)
                           FROM pages
                          WHERE pages.keyword_id = keywords.id AND pages.endpoint_id = :endpoint_id), 1),
               1)) AS calls
  FROM keywords
  JOIN checkpoints ON checkpoints.keyword_id = keywords.id AND checkpoints.endpoint_id = :endpoint_id
 WHERE :tag IS NULL
    OR EXISTS (SELECT 1 FROM json_each(keywords.tags) AS tag WHERE tag.value = :tag)
"""

LOSS_MAX = 0.01
_Z = 1.96


@dataclass(frozen=True, slots=True)
class Estimate:
    """How many creators there are, by Chao2 with a 95 % interval, and the share of what shows up anywhere in
    the niche that was found already. `once` and `twice` count those whom one keyword, or two, found."""

    keywords: int
    found: int
    once: int
    twice: int
    total: float
    low: float
    high: float
    coverage: float


@dataclass(frozen=True, slots=True)
class Redundant:
    """A keyword that could be left out: its calls, whom it found, and how many no keyword left found."""

    keyword: str
    calls: int
    creators: int
    lost: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """The estimate; the keywords that could be left out, and what they save and lose together."""

    estimate: Estimate
    calls: int
    redundant: tuple[Redundant, ...]
    calls_saved: int
    creators_lost: int


def read_coverage(
    connection: sqlite3.Connection, *, endpoint_id: int, tag: str | None = None, loss_max: float = LOSS_MAX
) -> Coverage:
    """The coverage of all keywords, or of those with a tag.

    Raises InputError where there are fewer than two keywords with creators: nothing can overlap.
    """
    values = {"endpoint_id": endpoint_id, "tag": tag}
    texts: dict[int, str] = {}
    calls: dict[int, int] = {}
    for keyword_id, text, count in connection.execute(_KEYWORDS, values):
        texts[keyword_id], calls[keyword_id] = text, count
    found: dict[int, list[int]] = {}
    for keyword_id, user_key in connection.execute(_SIGHTINGS, values):
        found.setdefault(keyword_id, []).append(user_key)
    if len(found) < 2:
        raise InputError(_("coverage compares keywords with each other: fewer than two have found creators"))
    finders = Counter(user_key for keys in found.values() for user_key in keys)
    left_out = redundant(found, calls, loss_max)
    told = tuple(
        Redundant(texts.get(keyword_id, ""), calls.get(keyword_id, 1), len(found[keyword_id]), lost)
        for keyword_id, lost in left_out
    )
    return Coverage(
        estimate(Counter(finders.values()), len(found)),
        sum(calls.get(keyword_id, 1) for keyword_id in found),
        told,
        sum(one.calls for one in told),
        sum(one.lost for one in told),
    )


def estimate(by_finders: Mapping[int, int], keywords: int) -> Estimate:
    """Chao2 and sample coverage from how many creators were found by exactly one keyword, two, and so on."""
    found = sum(by_finders.values())
    once, twice = by_finders.get(1, 0), by_finders.get(2, 0)
    share = (keywords - 1) / keywords
    if twice:
        ratio = once / twice
        unseen = share * once * ratio / 2
        variance = twice * (share * ratio**2 / 2 + share**2 * ratio**3 + share**2 * ratio**4 / 4)
    else:
        unseen = share * once * (once - 1) / 2
        variance = share * once * (once - 1) / 2 + share**2 * once * (2 * once - 1) ** 2 / 4
        variance = max(0.0, variance - share**2 * once**4 / (4 * max(1.0, found + unseen)))
    low = high = float(found)
    if unseen:
        wide = math.exp(_Z * math.log(1 + variance / unseen**2) ** 0.5)
        low, high = found + unseen / wide, found + unseen * wide
    sightings = sum(finders * creators for finders, creators in by_finders.items())
    more = (keywords - 1) * once
    coverage = 1 - once / max(1, sightings) * (more / (more + 2 * twice) if more else 0)
    return Estimate(keywords, found, once, twice, found + unseen, low, high, coverage)


def redundant(
    found: Mapping[int, Sequence[int]], calls: Mapping[int, int], loss_max: float
) -> list[tuple[int, int]]:
    """Keywords to leave out, one after the other whoever loses least for its calls, and how many creators
    each loses that no keyword left finds; together they lose no more than that share of all."""
    finders = Counter(user_key for keys in found.values() for user_key in keys)
    holders: dict[int, list[int]] = {}
    for keyword_id, keys in found.items():
        for user_key in keys:
            if finders[user_key] > 1:
                holders.setdefault(user_key, []).append(keyword_id)
    alone = {keyword_id: sum(finders[key] == 1 for key in keys) for keyword_id, keys in found.items()}

    def cost(keyword_id: int) -> tuple[float, int]:
        return alone[keyword_id] / calls.get(keyword_id, 1), keyword_id

    heap = [cost(keyword_id) for keyword_id in found]
    heapq.heapify(heap)
    allowed = loss_max * len(finders)
    left_out: list[tuple[int, int]] = []
    gone: set[int] = set()
    while heap:
        told, keyword_id = heapq.heappop(heap)
        if cost(keyword_id)[0] > told:  # it has become somebody's only finder meanwhile
            heapq.heappush(heap, cost(keyword_id))
            continue
        if alone[keyword_id] > allowed or len(gone) + 1 == len(found):
            continue
        allowed -= alone[keyword_id]
        gone.add(keyword_id)
        left_out.append((keyword_id, alone[keyword_id]))
        for user_key in found[keyword_id]:
            finders[user_key] -= 1
            if finders[user_key] == 1:
                (last,) = [one for one in holders[user_key] if one not in gone]
                alone[last] += 1
    return left_out
