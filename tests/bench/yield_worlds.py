"""Simulated nights for the order of calls: worlds of keywords whose niches renew at different speeds.

A world is drawn from a seed: which creators each keyword lists on each night, page by page. Orders are played
over it with equal numbers of charged calls; what counts are creators new to the database.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum, auto
from random import Random

PAGE_SIZE = 20


class Place(Enum):
    """Where in their lists a niche's newcomers come."""

    FRONT = auto()
    ANYWHERE = auto()
    END = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a world is like. Per keyword and night `arrivals` newcomers on average, over niches whose speeds
    differ by `speed_spread` (of the logarithm) and keywords within them by `keyword_spread`; in `front_share`
    of the niches they come in front, in `end_share` at the end, else anywhere. A newcomer is listed by
    `overlap` more keywords of the niche; `everywhere_share` of the first creators come up under any keyword.
    `luck` is the shape of the gamma factor that a niche and a keyword draw each night (None: no luck).
    Newcomers stay listed for `stay` nights on average (None: for good). `first_full`: the first night reads
    everything. `pages` is the least and the most of a keyword.
    """

    keywords: int = 600
    niches: int = 60
    nights: int = 6
    pages: tuple[int, int] = (1, 10)
    arrivals: float = 3.0
    speed_spread: float = 1.4
    keyword_spread: float = 0.5
    front_share: float = 0.5
    end_share: float = 0.0
    overlap: float = 0.8
    everywhere_share: float = 0.05
    luck: float | None = 3.0
    stay: float | None = None
    first_full: bool = True


@dataclass(frozen=True, slots=True)
class World:
    """The listings of every night, by keyword; `speed`, `front` and `at_end` are what lies behind them."""

    shape: Shape
    nights: tuple[tuple[tuple[int, ...], ...], ...]
    speed: tuple[float, ...]
    front: tuple[bool, ...]
    at_end: tuple[bool, ...]
    niche: tuple[int, ...]

    def page(self, night: int, keyword: int, page: int) -> tuple[int, ...]:
        """Whom that page shows; empty beyond the end."""
        return self.nights[night][keyword][(page - 1) * PAGE_SIZE : page * PAGE_SIZE]

    def pages(self, night: int, keyword: int) -> int:
        """How many pages hold creators."""
        return -(-len(self.nights[night][keyword]) // PAGE_SIZE)

    def full_cost(self, night: int) -> int:
        """Calls that reading every keyword to its empty page takes."""
        return sum(self.pages(night, keyword) + 1 for keyword in range(self.shape.keywords))


def draw_shape(random: Random) -> Shape:
    """Any world: niches few or many, alike or far apart, at the front or anywhere, with luck or without."""
    return Shape(
        keywords=random.choice((150, 300, 600)),
        niches=random.choice((10, 40, 100)),
        pages=random.choice(((1, 10), (1, 4), (3, 6), (5, 20))),
        arrivals=random.choice((0.5, 2.0, 6.0)),
        speed_spread=random.choice((0.0, 0.5, 1.0, 1.5, 2.0)),
        keyword_spread=random.choice((0.0, 0.5, 1.0)),
        front_share=random.choice((0.0, 0.3, 0.5, 1.0)),
        overlap=random.choice((0.0, 0.8, 3.0)),
        everywhere_share=random.choice((0.0, 0.05, 0.3)),
        luck=random.choice((None, 1.0, 3.0)),
        stay=random.choice((None, None, 2.0, 5.0)),
        first_full=random.random() < 0.6,
    )


def draw_world(shape: Shape, random: Random) -> World:
    """The world of that shape that `random` draws."""
    niche = [random.randrange(shape.niches) for _ in range(shape.keywords)]
    members: dict[int, list[int]] = {}
    for keyword, home in enumerate(niche):
        members.setdefault(home, []).append(keyword)
    niche_speed = [random.lognormvariate(0, shape.speed_spread) for _ in range(shape.niches)]
    niche_place = [_place(shape, random.random()) for _ in range(shape.niches)]
    speed = [niche_speed[home] * random.lognormvariate(0, shape.keyword_spread) for home in niche]
    scale = shape.arrivals * shape.keywords / sum(speed)
    speed = [one * scale for one in speed]
    # Each newcomer is listed `1 + overlap` times: what a keyword lists in all is its speed.
    shares = [min(1.0, shape.overlap / max(1, len(members[home]) - 1)) for home in niche]
    own = [one / (1 + shares[k] * (len(members[niche[k]]) - 1)) for k, one in enumerate(speed)]
    listed = [
        own[k] + shares[k] * (sum(own[other] for other in members[home]) - own[k])
        for k, home in enumerate(niche)
    ]
    listings = _first_listings(shape, niche, members, random)
    newest = max((max(one, default=0) for one in listings), default=0) + 1
    first_newcomer = newest
    nights = [tuple(map(tuple, listings))]
    for _night in range(1, shape.nights):
        newest = _renew(
            shape, listings, own, shares, niche, members, niche_place, newest, first_newcomer, random
        )
        nights.append(tuple(map(tuple, listings)))
    front, at_end = (tuple(niche_place[home] is each for home in niche) for each in (Place.FRONT, Place.END))
    return World(shape, tuple(nights), tuple(listed), front, at_end, tuple(niche))


def _first_listings(
    shape: Shape, niche: list[int], members: dict[int, list[int]], random: Random
) -> list[list[int]]:
    """Each keyword draws from the creators of its niche, of whom there are fewer the more it overlaps."""
    lengths = [max(1, random.randint(*shape.pages) * PAGE_SIZE - random.randrange(PAGE_SIZE)) for _ in niche]
    everywhere = 10 * PAGE_SIZE
    first: dict[int, tuple[int, int]] = {}
    start = everywhere
    for home, keywords in members.items():
        total = sum(lengths[keyword] for keyword in keywords)
        size = max(max(lengths[keyword] for keyword in keywords), math.ceil(total / (1 + shape.overlap)))
        first[home] = (start, size)
        start += size
    listings = []
    for keyword, home in enumerate(niche):
        begin, size = first[home]
        found = random.sample(range(begin, begin + size), lengths[keyword])
        found = [
            random.randrange(everywhere) if random.random() < shape.everywhere_share else one for one in found
        ]
        listings.append(list(dict.fromkeys(found)))
    return listings


def _renew(
    shape: Shape,
    listings: list[list[int]],
    own: list[float],
    shares: list[float],
    niche: list[int],
    members: dict[int, list[int]],
    places: list[Place],
    newest: int,
    first_newcomer: int,
    random: Random,
) -> int:
    """One night's newcomers, who stay; the number of the next one."""
    luck = {home: _luck(shape, random) for home in members}
    if shape.stay is not None:
        for keyword, listing in enumerate(listings):
            listings[keyword] = [
                one for one in listing if one < first_newcomer or random.random() < 1 - 1 / shape.stay
            ]
    for keyword, home in enumerate(niche):
        others = [other for other in members[home] if other != keyword]
        share = shares[keyword]
        mean = own[keyword] * luck[home] * _luck(shape, random)
        for _newcomer in range(poisson(mean, random)):
            for place in [keyword, *(other for other in others if random.random() < share)]:
                begin, end = _span(len(listings[place]), places[home])
                listings[place].insert(random.randint(begin, end), newest)
            newest += 1
    return newest


def _place(shape: Shape, draw: float) -> Place:
    if draw < shape.front_share:
        return Place.FRONT
    return Place.END if draw >= 1 - shape.end_share else Place.ANYWHERE


def _span(length: int, place: Place) -> tuple[int, int]:
    """Between which places of a list of that length a newcomer comes."""
    if place is Place.FRONT:
        return 0, min(length, PAGE_SIZE // 2)
    return (max(0, length - PAGE_SIZE // 2) if place is Place.END else 0), length


def _luck(shape: Shape, random: Random) -> float:
    return 1.0 if shape.luck is None else random.gammavariate(shape.luck, 1 / shape.luck)


def poisson(mean: float, random: Random) -> int:
    """A Poisson variate; by parts where the mean is large."""
    count = 0
    while mean > 30:
        count += poisson(30, random)
        mean -= 30
    limit, product = math.exp(-mean), random.random()
    while product > limit:
        count += 1
        product *= random.random()
    return count
