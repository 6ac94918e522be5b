"""Which keywords find the same creators, so that what is learnt of one says something of the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

SHARERS_MAX = 8
"""Keywords that find one creator at most for it to link them: who comes up everywhere links nothing."""

SHARED_MIN = 2.0
"""Creators shared at least for two keywords to be linked, each counted less the more keywords find it."""

ROUNDS = 5


def neighbour_groups(finders: Iterable[Sequence[int]]) -> dict[int, int]:
    """A group for each linked keyword, from the keywords that found each creator: label propagation over
    the creators they share. A group is named by one of its keywords."""
    shared: dict[int, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for keywords in finders:
        if not 2 <= len(keywords) <= SHARERS_MAX:
            continue
        weight = 1 / (len(keywords) - 1)
        for one in keywords:
            links = shared[one]
            for other in keywords:
                if other != one:
                    links[other] += weight
    label = {keyword: keyword for keyword in sorted(shared)}
    for _round in range(ROUNDS):
        changed = False
        for keyword in label:
            votes: dict[int, float] = defaultdict(float)
            for other, weight in shared[keyword].items():
                if weight >= SHARED_MIN:
                    votes[label[other]] += weight
            if votes:
                best = max(votes, key=lambda group: (votes[group], -group))
                changed |= best != label[keyword]
                label[keyword] = best
        if not changed:
            break
    return label
