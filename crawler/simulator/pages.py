"""What each page of a keyword holds, entry by entry, and its JSON."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from random import Random

import orjson

from crawler.simulator import render
from crawler.simulator.render import EXTRA_ENTRIES, Odd
from crawler.simulator.world import World, number

ENTRIES_CACHED, PAGES_CACHED = 50_000, 8_192  # some 30 MB and 100 MB


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a page: the creator it shows, by index, and what is odd about it.

    The odd entries of `EXTRA_ENTRIES` show nobody, whatever their index.
    """

    index: int
    odd: Odd | None = None


class Pages:
    """The pages of a world; the same page is the same whenever and however often it is asked for."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.users_json = lru_cache(PAGES_CACHED)(self._users_json)
        self._entry_json = lru_cache(ENTRIES_CACHED)(lambda index: render.entry_json(world.creator(index)))

    def entries(self, keyword: str, page: int) -> list[Entry]:
        """A page, entry by entry; an empty list beyond the end."""
        settings = self.world.settings
        own = self.world.page(keyword, page)
        entries = [Entry(index) for index in own]
        if not own or not (settings.odd_share or settings.repeat_share):
            return entries
        random = self._random("entries", keyword, page)
        if page > 1 and random.random() < settings.repeat_share:
            before = self.world.page(keyword, page - 1)
            entries = [Entry(index) for index in before[-random.randint(1, len(before)) :]] + entries
        odd_kinds = list(Odd)
        for at in range(len(entries) - 1, -1, -1):
            if random.random() >= settings.odd_share:
                continue
            odd = random.choice(odd_kinds)
            entry = Entry(entries[at].index, odd)
            if odd in EXTRA_ENTRIES or odd is Odd.TWICE:
                entries.insert(at + 1, entry)
            else:
                entries[at] = entry
        return entries

    def _users_json(self, keyword: str, page: int) -> bytes:
        """A page's list of users as JSON."""
        random = self._random("oddities", keyword, page)
        texts = []
        for entry in self.entries(keyword, page):
            if entry.odd is None or entry.odd is Odd.TWICE:
                texts.append(self._entry_json(entry.index))
            else:
                creator = self.world.creator(entry.index)
                texts.append(orjson.dumps(render.odd_fields(creator, entry.odd, random)))
        return b"[%s]" % b",".join(texts)

    def _random(self, purpose: str, keyword: str, page: int) -> Random:
        settings = self.world.settings
        return Random(number(purpose, settings.seed, settings.night, keyword, page))
