"""The world: creators, keywords and nights drawn from a seed."""

import re
from itertools import pairwise

import pytest

from crawler.simulator import EndStyle, World, WorldSettings

KEYWORDS = ("穿搭", "通勤穿搭", "小个子穿搭", "露营", "亲子露营", "amir ali", "咖啡 探店", "a", "🧋")


def world(**settings):
    return World(WorldSettings(**({"creators": 5_000, "pages_per_keyword": (5, 5)} | settings)))


def found(a_world, keyword):
    return [index for page in a_world.listing(keyword).pages for index in page]


def test_the_same_settings_give_the_same_world():
    assert list(world().creators(0, 200)) == list(world().creators(0, 200))
    assert [world().listing(keyword) for keyword in KEYWORDS] == [world().listing(k) for k in KEYWORDS]


def test_another_seed_is_another_world():
    first, second = world(seed=1), world(seed=2)
    ids = {creator.id for creator in first.creators(0, 500)}
    assert ids.isdisjoint(creator.id for creator in second.creators(0, 500))
    assert first.listing("穿搭") != second.listing("穿搭")


def test_ids_are_24_hexadecimal_digits_and_red_ids_short_and_both_identify_one_creator():
    creators = list(world().creators(0, 20_000))
    assert all(re.fullmatch(r"[0-9a-f]{24}", creator.id) for creator in creators)
    assert all(re.fullmatch(r"[0-9a-z]{2,11}", creator.red_id) for creator in creators)
    assert len({creator.id for creator in creators}) == len(creators)
    assert len({creator.red_id for creator in creators}) == len(creators)


def test_red_ids_come_in_the_kinds_that_trip_spreadsheets():
    red_ids = [creator.red_id for creator in world().creators(0, 2_000)]
    assert any(red_id.isdigit() and red_id.startswith("0") for red_id in red_ids)
    assert any(red_id.isdigit() and len(red_id) == 11 for red_id in red_ids)
    assert any(not red_id.isdigit() for red_id in red_ids)


def test_names_repeat_and_identify_nobody():
    names = [creator.name for creator in world().creators(0, 20_000)]
    assert len(set(names)) < len(names)


def test_followers_range_from_hardly_any_to_hundreds_of_thousands():
    fans = sorted(creator.fans for creator in world().creators(0, 10_000))
    assert fans[100] < 20
    assert 500 < fans[5_000] < 2_500
    assert fans[-10] > 100_000


def test_creators_can_be_read_on_from_any_place_and_beyond_the_population():
    a_world = world(creators=10)
    assert list(a_world.creators(1_000_000, 3)) == [a_world.creator(1_000_000 + step) for step in range(3)]


def test_a_keyword_finds_no_creator_twice():
    a_world = world()
    for keyword in KEYWORDS:
        assert len(set(found(a_world, keyword))) == len(found(a_world, keyword)) > 80


def test_keywords_have_as_many_pages_as_the_settings_say_none_included():
    a_world = world(pages_per_keyword=(0, 3))
    counts = {len(a_world.listing(f"关键词{number}").pages) for number in range(200)}
    assert counts == {0, 1, 2, 3}


def test_pages_are_full_but_for_the_last_one():
    for keyword in KEYWORDS:
        *full, last = world().listing(keyword).pages
        assert {len(page) for page in full} == {20}
        assert 1 <= len(last) <= 20


def test_short_pages_can_stand_in_the_middle():
    listings = [world(short_page_share=0.5).listing(keyword) for keyword in KEYWORDS]
    lengths = {len(page) for listing in listings for page in listing.pages[:-1]}
    assert min(lengths) < 10
    assert max(lengths) == 20


def test_related_keywords_share_more_creators_than_unrelated_ones():
    a_world = world(creators=50_000)

    def shared(one, other):
        return len(set(found(a_world, one)) & set(found(a_world, other)))

    niches = ("穿搭", "美妆", "露营", "咖啡", "育儿", "汉服")
    related = sum(shared(f"通勤{niche}", f"小个子{niche}") for niche in niches)
    unrelated = sum(shared(f"通勤{one}", f"小个子{other}") for one, other in pairwise(niches))
    assert related > 1.5 * unrelated > 0


def test_a_keyword_that_names_a_niche_finds_creators_of_that_niche():
    a_world = world(creators=50_000)
    names = [a_world.creator(index).name for index in found(a_world, "小个子穿搭")]
    assert sum("穿搭" in name for name in names) > len(names) / 3


def test_a_keyword_of_a_small_world_finds_everyone_once():
    assert sorted(found(world(creators=30), "穿搭")) == list(range(30))


def test_any_text_is_a_keyword():
    for text in ("", " ", "\ud800", "穿" * 5_000, "\x00"):
        assert found(world(), text)


@pytest.mark.parametrize("keyword", KEYWORDS)
def test_beyond_the_end_comes_what_the_end_style_says(keyword):
    pages = world().listing(keyword).pages
    beyond = len(pages) + 1
    assert world(end_style=EndStyle.EMPTY).page(keyword, beyond) == ()
    assert world(end_style=EndStyle.REPEAT).page(keyword, beyond + 40) == pages[-1]
    endless = world(end_style=EndStyle.ENDLESS)
    assert len(set(endless.page(keyword, beyond) + endless.page(keyword, beyond + 1))) == 40


def test_a_keyword_without_pages_has_nothing_to_repeat():
    assert world(pages_per_keyword=(0, 0), end_style=EndStyle.REPEAT).page("穿搭", 1) == ()


def test_from_night_to_night_creators_keep_their_ids_and_some_change():
    nights = [list(world(night=night).creators(0, 3_000)) for night in (0, 1)]
    pairs = list(zip(*nights, strict=True))
    assert all(before.id == after.id and before.layout == after.layout for before, after in pairs)
    for name in ("name", "red_id", "fans", "bio", "verify_type"):
        changed = sum(getattr(before, name) != getattr(after, name) for before, after in pairs)
        assert 0 < changed < 150, name


def test_a_red_id_moves_to_another_account_and_never_has_two_holders():
    holders = [
        {creator.red_id: creator.id for creator in world(night=night).creators(0, 3_000)}
        for night in range(4)
    ]
    assert [len(each) for each in holders] == [3_000] * 4
    for before, after in pairwise(holders):
        assert any(after.get(red_id, holder) != holder for red_id, holder in before.items())


def test_newcomers_appear_and_nobody_leaves():
    nights = [set(found(world(night=night), "穿搭")) for night in (0, 10, 30)]
    assert nights[0] < nights[1] < nights[2]
    assert max(nights[0]) < 5_000 <= min(nights[2] - nights[0])


def test_a_world_can_be_one_in_which_nothing_changes():
    still = {"change_share": 0.0, "move_share": 0.0, "new_share": 0.0}
    first, later = world(**still), world(**still, night=9)
    assert list(first.creators(0, 500)) == list(later.creators(0, 500))
    assert first.listing("穿搭") == later.listing("穿搭")


def test_hostile_names_are_there_when_asked_for():
    names = {creator.name for creator in world(hostile_share=0.5).creators(0, 300)}
    assert {"<script>alert(1)</script>", "=1+1", "nul\x00byte"} < names
