"""How much of a niche is estimated to be found, beside worlds whose whole is known; which keywords repeat."""

from collections import Counter
from random import Random

import pytest

from crawler.analysis.coverage import estimate, redundant


def overlap(found):
    return Counter(Counter(creator for creators in found.values() for creator in creators).values())


def sampled(random, niche, keywords, each):
    """Keywords that find so many of a niche by chance."""
    return {keyword: random.sample(range(niche), each) for keyword in range(keywords)}


@pytest.mark.parametrize(("niche", "keywords", "each"), [(500, 20, 40), (2000, 30, 60), (300, 10, 30)])
def test_the_interval_holds_the_niche_where_keywords_find_it_by_chance(niche, keywords, each):
    held = 0
    for seed in range(40):
        found = estimate(overlap(sampled(Random(seed), niche, keywords, each)), keywords)
        assert found.low <= found.total <= found.high
        held += found.low <= niche <= found.high
    assert held >= 34


def test_sample_coverage_is_the_share_that_the_next_keyword_finds_known():
    shares, told = [], []
    for seed in range(40):
        random = Random(seed)
        found = sampled(random, 800, 20, 50)
        seen = {creator for creators in found.values() for creator in creators}
        shares.append(sum(creator in seen for creator in random.sample(range(800), 50)) / 50)
        told.append(estimate(overlap(found), 20).coverage)
    assert sum(told) / 40 == pytest.approx(sum(shares) / 40, abs=0.03)


def test_where_some_are_found_more_easily_than_others_it_is_a_lower_bound():
    weights = [1 / (rank + 10) for rank in range(3000)]
    for seed in range(10):
        random = Random(seed)
        found = {keyword: set(random.choices(range(3000), weights, k=80)) for keyword in range(30)}
        told = estimate(overlap(found), 30)
        assert len({one for creators in found.values() for one in creators}) < told.total < 3000


def test_an_exhausted_niche_is_told_to_be_one():
    found = {keyword: range(50) for keyword in range(5)}
    told = estimate(overlap(found), 5)
    assert (told.total, told.low, told.high, told.coverage) == (50, 50, 50, 1)


def test_nobody_found_twice_has_an_estimate_too():
    told = estimate({1: 30}, 6)
    assert told.found < told.low <= told.total <= told.high
    assert 0 <= told.coverage < 0.1


def test_a_keyword_that_only_repeats_others_is_left_out_and_its_only_double_stays():
    found = {1: [1, 2, 3], 2: [1, 2, 3], 3: [4, 5], 4: [9]}
    assert redundant(found, {1: 9, 2: 3, 3: 1, 4: 1}, 0.0) in ([(1, 0)], [(2, 0)])


def test_what_is_lost_together_stays_below_what_was_allowed():
    random = Random(2)
    found = sampled(random, 600, 40, 45)
    everybody = {one for creators in found.values() for one in creators}
    for loss_max in (0.0, 0.01, 0.05, 0.3):
        left_out = redundant(found, {keyword: 3 for keyword in found}, loss_max)
        gone = {keyword for keyword, _lost in left_out}
        left = {one for keyword, creators in found.items() if keyword not in gone for one in creators}
        assert len(everybody) - len(left) == sum(lost for _keyword, lost in left_out)
        assert len(everybody) - len(left) <= loss_max * len(everybody)
    assert len(gone) > 10


def test_at_least_one_keyword_stays():
    assert len(redundant({1: [1], 2: [1]}, {1: 1, 2: 1}, 1.0)) == 1
