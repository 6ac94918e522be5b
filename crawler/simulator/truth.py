"""The truth: what the world holds for given keywords, to compare a crawl's database with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from crawler.simulator.pages import Pages
from crawler.simulator.render import EXTRA_ENTRIES, Odd, followers
from crawler.simulator.world import Creator


@dataclass(frozen=True, slots=True)
class Shown:
    """One creator shown at a place of a keyword's pages; `page` and `rank` count from 1.

    `odd` says how the entry is spoilt. An entry whose `odd` is NO_ID shows the creator's red_id alone.
    """

    keyword: str
    page: int
    rank: int
    index: int
    odd: Odd | None


@dataclass(frozen=True, slots=True)
class Truth:
    """What a complete crawl of some keywords must end with, as of the world's night.

    `pages` counts each keyword's pages that hold entries. `creators` are all who are shown, by their index.
    `unreadable` counts the entries that show nobody.
    """

    pages: dict[str, int]
    creators: dict[int, Creator]
    shown: tuple[Shown, ...]
    unreadable: int

    @property
    def ids(self) -> frozenset[str]:
        """The ids that are shown at least once."""
        return frozenset(self.creators[each.index].id for each in self.shown if each.odd is not Odd.NO_ID)

    @property
    def red_ids_without_id(self) -> frozenset[str]:
        """The red_ids of creators who are never shown with their id."""
        with_id = {each.index for each in self.shown if each.odd is not Odd.NO_ID}
        return frozenset(each.red_id for each in self.creators.values() if each.index not in with_id)

    @property
    def sightings(self) -> frozenset[tuple[str, str]]:
        """(keyword, id) for every keyword that shows a creator, with or without the id."""
        return frozenset((each.keyword, self.creators[each.index].id) for each in self.shown)

    def as_json(self) -> dict[str, Any]:
        """The same for reading over HTTP; each creator with the followers as anyone can read them."""
        return {
            "pages": self.pages,
            "ids": sorted(self.ids),
            "red_ids_without_id": sorted(self.red_ids_without_id),
            "creators": [_creator_json(creator) for creator in self.creators.values()],
            "shown": [
                {"id": self.creators[each.index].id, "keyword": each.keyword, "page": each.page}
                | {"rank": each.rank, "odd": each.odd}
                for each in self.shown
            ],
            "unreadable": self.unreadable,
        }


def truth(pages: Pages, keywords: Iterable[str], pages_max: int) -> Truth:
    """What the first `pages_max` pages of each keyword show."""
    counts: dict[str, int] = {}
    creators: dict[int, Creator] = {}
    shown: list[Shown] = []
    unreadable = 0
    for keyword in dict.fromkeys(keywords):
        counts[keyword] = 0
        for page in range(1, pages_max + 1):
            entries = pages.entries(keyword, page)
            if not entries:
                break
            counts[keyword] = page
            for rank, entry in enumerate(entries, start=1):
                if entry.odd in EXTRA_ENTRIES:
                    unreadable += 1
                    continue
                shown.append(Shown(keyword, page, rank, entry.index, entry.odd))
                if entry.index not in creators:
                    creators[entry.index] = pages.world.creator(entry.index)
    return Truth(counts, creators, tuple(shown), unreadable)


def _creator_json(creator: Creator) -> dict[str, Any]:
    seen = followers(creator)
    return asdict(creator) | {
        "fans_shown": seen.text if seen else None,
        "fans_value": seen.value if seen else None,
        "fans_exact": seen.exact if seen else None,
    }
