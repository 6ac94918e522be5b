"""A world of creators drawn from a seed: who exists, what they look like on a given night, who finds whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from itertools import accumulate
from random import Random

from crawler.simulator import words
from crawler.simulator.settings import NIGHTS_MAX, EndStyle, WorldSettings

BORN_SECONDS = (0x56000000, 0x69000000)  # since 1970: 2015 to 2025
VERIFY_TYPES = (0,) * 18 + (1, 2)
RED_ID_SPACE = 10**10
RED_ID_STEP = 7_364_136_223  # shares no factor with the space: distinct serials give distinct numbers
ID_STEP = 2_654_435_761  # odd, so the same holds in 32 bits
FANS_MEDIAN_LOG, FANS_SPREAD_LOG = 7.0, 2.2
LISTINGS_CACHED = 4_096


@dataclass(frozen=True, slots=True)
class Creator:
    """One creator as of a night.

    `fans` is the true count and `fans_hidden` says that it is not shown. `verify_type` is 0 for none,
    1 personal, 2 business. `layout` is A, B or C: the shape in which the API shows this creator.
    """

    index: int
    id: str
    red_id: str
    name: str
    bio: str
    profession: str
    fans: int
    fans_hidden: bool
    notes: int
    verify_type: int
    layout: str


@dataclass(frozen=True, slots=True)
class Listing:
    """What a keyword finds: creators' indexes by page, none twice.

    `no_content`: beyond the end comes code 201. `has_more`: the answers carry that boolean.
    """

    pages: tuple[tuple[int, ...], ...]
    no_content: bool
    has_more: bool


class World:
    """Creators, counted from 0, and the keywords that find them; any text is a keyword.

    Those from `settings.creators` on appear on later nights.
    """

    def __init__(self, settings: WorldSettings) -> None:
        self.settings = settings
        self._salt = number(settings.seed)
        self._layouts = list(settings.layouts)
        self._layout_weights = list(accumulate(settings.layouts.values()))
        self.listing = lru_cache(LISTINGS_CACHED)(self._listing)

    def creators(self, start: int, count: int) -> Iterator[Creator]:
        """`count` creators from `start` on, one at a time; there is no last one."""
        return map(self.creator, range(start, start + count))

    def page(self, keyword: str, page: int) -> tuple[int, ...]:
        """Whom a page shows, by index; empty beyond the end unless the world is endless or repeats."""
        pages = self.listing(keyword).pages
        if page <= len(pages):
            return pages[page - 1]
        match self.settings.end_style:
            case EndStyle.REPEAT:
                return pages[-1] if pages else ()
            case EndStyle.ENDLESS:
                return self._beyond(keyword, page)
            case _:
                return ()

    def creator(self, index: int) -> Creator:
        """The creator of that number as of the world's night."""
        random = Random(self._salt + index)
        niche = self._niche(index)
        hostile = random.random() < self.settings.hostile_share
        creator = Creator(
            index=index,
            id=self._id(index, random.randint(*BORN_SECONDS)),
            red_id=self._red_id(index),
            name=random.choice(words.HOSTILE) if hostile else words.name(random, niche),
            bio=words.bio(random, niche) if random.random() < 0.6 else "",
            profession=words.profession(random, niche),
            fans=int(random.lognormvariate(FANS_MEDIAN_LOG, FANS_SPREAD_LOG)),
            fans_hidden=random.random() < 0.2,
            notes=random.randint(0, 900),
            verify_type=random.choice(VERIFY_TYPES),
            layout=random.choices(self._layouts, cum_weights=self._layout_weights)[0],
        )
        for _night in range(self.settings.night):
            if random.random() < self.settings.change_share:
                creator = _changed(creator, random, niche)
        return creator

    def _id(self, index: int, born: int) -> str:
        return f"{born:08x}00000000{(index * ID_STEP + self._salt) & 0xFFFFFFFF:08x}"

    def _red_id(self, index: int) -> str:
        """The red_id on this night: creators 2k and 2k + 1 are a pair between which a red_id can move.

        When it does, the odd one takes over what the even one had, and the even one gets a fresh one.
        """
        even = index & ~1
        serials = [even * NIGHTS_MAX, (even + 1) * NIGHTS_MAX]
        if self.settings.night:
            random = Random(number("red_id", self._salt, even))
            for night in range(1, self.settings.night + 1):
                event = random.random()
                if event < self.settings.move_share:
                    serials = [even * NIGHTS_MAX + night, serials[0]]
                elif event < 2 * self.settings.move_share:
                    serials[1] = (even + 1) * NIGHTS_MAX + night
        return self._red_id_text(serials[index & 1])

    def _red_id_text(self, serial: int) -> str:
        """Eleven digits mostly; else ten, which may start with 0; else letters and digits. Never twice."""
        value = (serial * RED_ID_STEP + self._salt) % RED_ID_SPACE
        style = value % 20
        if style < 14:
            return f"{1 + value % 9}{value:010d}"
        if style < 17:
            return f"{value:010d}"
        return "abcdefgh"[value % 8] + _base36(value)

    def _listing(self, keyword: str) -> Listing:
        settings = self.settings
        random = Random(number("listing", self._salt, keyword))
        no_content = random.random() < settings.no_content_share
        has_more = random.random() < settings.has_more_share
        size = settings.users_per_page
        count = max(0, random.randint(*settings.pages_per_keyword) * size - random.randrange(size))
        found = self._draw(random, keyword, min(count, settings.creators))
        for night in range(1, settings.night + 1):
            self._add_newcomers(found, keyword, night)
        pages = []
        while found:
            short = random.random() < settings.short_page_share
            length = random.randint(1, size) if short else size
            pages.append(tuple(found[:length]))
            found = found[length:]
        return Listing(tuple(pages), no_content, has_more)

    def _draw(self, random: Random, keyword: str, count: int) -> list[int]:
        """`count` different creators: half the keyword's own, most others shared with related keywords.

        Related are keywords with two neighbouring characters in common. A few creators come up everywhere.
        """
        size = self.settings.users_per_page
        own = self._place(keyword)
        shared = [self._place(pair) for pair in _pairs(keyword)]
        chosen: dict[int, None] = {}
        tries = 0
        while len(chosen) < count:
            share = random.random()
            if share < 0.5:
                start, width = own, max(2 * count, 8 * size)
            elif share < 0.9:
                start, width = random.choice(shared), 3 * size
            else:
                start, width = 0, 10 * size
            # A small world is searched through.
            step = random.randrange(width) if tries < 4 * count else tries
            chosen[(start + step) % self.settings.creators] = None
            tries += 1
        return list(chosen)

    def _add_newcomers(self, found: list[int], keyword: str, night: int) -> None:
        """Puts those who appeared on `night` among the creators a keyword finds; they have new indexes."""
        settings = self.settings
        a_night = max(1, int(settings.creators * settings.new_share))
        first = settings.creators + (night - 1) * a_night
        random = Random(number("newcomers", self._salt, keyword, night))
        count = min(a_night, int(len(found) * settings.new_share + random.random()))
        for index in random.sample(range(first, first + a_night), count):
            found.insert(random.randint(0, len(found)), index)

    def _beyond(self, keyword: str, page: int) -> tuple[int, ...]:
        """A page of an endless keyword: from the other side of the world, away from its own creators."""
        size, population = self.settings.users_per_page, self.settings.creators
        start = self._place(keyword) + population // 2 + page * size
        return tuple((start + step) % population for step in range(size))

    def _place(self, text: str) -> int:
        """Where those whom a text finds stand: anywhere, or among the creators of a niche that it names."""
        place, population = number("place", self._salt, text), self.settings.creators
        for at, niche in enumerate(words.NICHES):
            if niche in text:
                first, end = (border * population // len(words.NICHES) for border in (at, at + 1))
                return first + place % max(1, end - first)
        return place % population

    def _niche(self, index: int) -> str:
        """The niches share the population out, one after the other; newcomers take turns."""
        count, population = len(words.NICHES), self.settings.creators
        return words.NICHES[index * count // population if index < population else index % count]


def _changed(creator: Creator, random: Random, niche: str) -> Creator:
    """One thing about a creator becomes another: followers most often, then name, bio and verification."""
    draw = random.random()
    if draw < 0.5:
        return replace(creator, fans=int(creator.fans * random.uniform(0.95, 1.3)) + random.randint(0, 20))
    if draw < 0.75:
        return replace(creator, name=words.name(random, niche))
    if draw < 0.9:
        return replace(creator, bio=words.bio(random, niche))
    return replace(creator, verify_type=(creator.verify_type + 1) % 3)


def number(*parts: object) -> int:
    """A number of 64 bits that depends on nothing but `parts`."""
    text = "/".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest())


def _pairs(text: str) -> list[str]:
    return [text[at : at + 2] for at in range(len(text) - 1)] or [text]


def _base36(value: int) -> str:
    digits = ""
    while value or not digits:
        value, digit = divmod(value, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits
