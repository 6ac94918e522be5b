"""The order of calls keeps what was measured of it, on a few small worlds whose seeds are fixed."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from tests.bench.yield_orders import FileOrder, Learnt, TruthOrder, play
from tests.bench.yield_worlds import Shape, draw_world
from tests.bench.yields import forecasts

SMALL = Shape(keywords=150, niches=15, pages=(1, 6))
WORLDS = {
    "for good": SMALL,
    "for three nights": replace(SMALL, stay=3.0),
    "much overlap": replace(SMALL, overlap=3.0),
    "at the end": replace(SMALL, front_share=0.0, end_share=1.0),
    "few busy ones, in twelve nights": replace(SMALL, front_share=0.0, speed_spread=2.0, nights=12),
}


@pytest.mark.parametrize(("share", "floor"), [(0.1, 0.65), (0.2, 0.75), (0.5, 0.95)])
@pytest.mark.parametrize("name", WORLDS)
def test_from_the_third_night_on_most_of_what_there_is_is_found(name, share, floor):
    found = {Learnt: 0, TruthOrder: 0}
    for seed in (1, 2):
        world = draw_world(WORLDS[name], Random(seed))
        for order in found:
            found[order] += sum(play(world, order, share, Random(seed)).found[2:])
    assert found[Learnt] >= floor * found[TruthOrder]


@pytest.mark.parametrize("share", [0.1, 0.5])
@pytest.mark.parametrize(
    "shape",
    [
        replace(SMALL, speed_spread=0.0, keyword_spread=0.0, front_share=0.0),  # nothing to learn
        replace(SMALL, first_full=False),
        replace(SMALL, first_full=False, stay=2.0, luck=1.0, arrivals=6.0),
        replace(SMALL, luck=1.0, niches=100, overlap=0.0),
        replace(SMALL, front_share=0.0, end_share=1.0),
    ],
)
def test_it_is_nowhere_far_behind_the_order_of_the_files(shape, share):
    world = draw_world(shape, Random(7))
    mine, theirs = (sum(play(world, order, share, Random(7)).found) for order in (Learnt, FileOrder))
    assert mine >= 0.98 * theirs


def test_no_call_is_wasted_and_none_is_made_twice_a_night():
    world = draw_world(SMALL, Random(3))
    played = play(world, Learnt, 0.2, Random(3))
    for night in range(1, world.shape.nights):
        asked = [
            (keyword, page)
            for keyword, looks in enumerate(played.looks)
            for at, page, *_ in looks
            if at == night
        ]
        assert len(asked) == len(set(asked)) == round(0.2 * world.full_cost(night))


def test_intervals_of_forecasts_hold_mostly():
    """Of 80 % intervals; how often over many fresh worlds is what `make yield` tells."""
    held = []
    for seed in range(4):
        world = draw_world(replace(SMALL, keywords=80, niches=10), Random(seed))
        for share, yields in ((None, False), (0.2, True)):
            held += [
                low.low <= came <= low.high for _what, low, came in forecasts(world, share, yields, seed)
            ]
    assert sum(held) / len(held) >= 0.7


def test_the_tables_are_printed():
    command = [sys.executable, "-m", "tests.bench.yields", "--worlds", "1", "--keywords", "30", "--seed", "4"]
    root = Path(__file__).parents[2]
    output = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
    assert output.startswith("seed 4\n")
    assert [line.count("|") for line in output.splitlines() if line.startswith("| ")].count(7) == 1 + 18 + 2
