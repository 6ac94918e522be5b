"""Pages as they are shown: layouts, follower texts, odd entries, and the truth about them."""

import json
from collections import Counter
from dataclasses import replace

import pytest

from crawler.simulator import Odd, World, WorldSettings, followers
from crawler.simulator.pages import Pages
from crawler.simulator.render import fields
from crawler.simulator.truth import truth

KEYWORDS = tuple(f"关键词{number}" for number in range(30))


def pages(**settings):
    return Pages(World(WorldSettings(**({"creators": 3_000, "pages_per_keyword": (3, 3)} | settings))))


def creator(index=8, **facts):
    facts = {"fans_hidden": False, "layout": "A"} | facts
    return replace(World(WorldSettings()).creator(index), index=index, **facts)


def served(some_pages, keyword, page):
    return json.loads(some_pages.users_json(keyword, page))


@pytest.mark.parametrize(
    ("layout", "index", "fans", "text", "value", "exact"),
    [
        ("A", 8, 0, "0", 0, True),
        ("A", 8, 9_999, "9999", 9_999, True),
        ("A", 8, 10_000, "1万", 10_000, False),
        ("A", 8, 3_812_345, "381.2万", 3_812_000, False),
        ("A", 8, 3_812_500, "381.3万", 3_813_000, False),
        ("B", 8, 241_999, "24.2万", 242_000, False),
        ("A", 8, 123_000_000, "1.2亿", 120_000_000, False),
        ("C", 8, 1_234, 1_234, 1_234, True),
        ("C", 9, 250_000, "10万+", 100_000, False),
        ("C", 9, 99_000, "9.9万", 99_000, False),
        ("C", 10, 12_345, "12,345", 12_345, True),
        ("C", 11, 3_400, "3.4k", 3_400, False),
        ("C", 12, 12_345, "1.2w", 12_000, False),
        ("C", 13, 39_000, "3.9万", 39_000, False),
    ],
)
def test_followers_are_shown_as_the_layout_shows_them(layout, index, fans, text, value, exact):
    shown = followers(creator(index, layout=layout, fans=fans))
    assert (shown.text, shown.value, shown.exact) == (text, value, exact)


def test_hidden_followers_are_no_number_in_any_layout():
    hidden = [fields(creator(fans=123_456, fans_hidden=True, layout=layout)) for layout in "ABC"]
    assert hidden[0]["sub_title"] == ""
    assert not hidden[1]["desc"].startswith("粉丝")
    assert "fans" not in hidden[2]


def test_layout_a_has_the_red_id_in_desc_and_the_followers_in_sub_title():
    entry = fields(creator(fans=5_646, red_id="26814156493"))
    assert entry["desc"] == "小红书号:26814156493"
    assert entry["sub_title"] == "粉丝 5646"


def test_layout_b_has_the_followers_in_desc_and_the_red_id_in_sub_title():
    entry = fields(creator(9, layout="B", fans=242_000, red_id="639746307"))
    assert entry["desc"].split(" | ")[0] == "粉丝·24.2万"
    assert entry["sub_title"] == "小红书号：639746307"


def test_layout_c_has_the_followers_in_a_field_and_a_bio_in_desc_if_there_is_one():
    with_bio = fields(creator(layout="C", fans=77, bio="每天更新"))
    without_bio = fields(creator(layout="C", bio=""))
    assert (with_bio["fans"], with_bio["desc"]) == (77, "每天更新")
    assert "desc" not in without_bio


def test_the_order_of_keys_differs_from_entry_to_entry():
    assert list(fields(creator(1))) != list(fields(creator(2)))


def test_verification_is_told_by_type_flag_and_text():
    entry = fields(creator(verify_type=2))
    assert entry["red_official_verified"] is True
    assert entry["red_official_verify_type"] == 2
    assert entry["red_official_verify_content"]


def test_layouts_are_mixed_by_their_weights():
    counts = Counter(
        each.layout for each in World(WorldSettings(layouts={"A": 3, "C": 1})).creators(0, 4_000)
    )
    assert set(counts) == {"A", "C"}
    assert 2_700 < counts["A"] < 3_300


def test_a_page_is_the_same_whenever_it_is_asked_for():
    odd = {"odd_share": 0.3, "repeat_share": 0.5}
    first, second = pages(**odd), pages(**odd)
    second.users_json("露营", 2)
    assert first.users_json("穿搭", 2) == second.users_json("穿搭", 2) == first.users_json("穿搭", 2)


def test_pages_can_begin_with_creators_of_the_page_before():
    shifting = pages(repeat_share=1.0)
    first, second = (served(shifting, "穿搭", page) for page in (1, 2))
    assert second[0]["id"] in {entry["id"] for entry in first}
    assert second[-1]["id"] not in {entry["id"] for entry in first}


def test_every_kind_of_odd_entry_turns_up():
    odd = pages(odd_share=0.5)
    kinds = {entry.odd for keyword in KEYWORDS for entry in odd.entries(keyword, 1)}
    assert kinds == set(Odd) | {None}


def test_odd_entries_are_what_their_kind_says():
    odd = pages(odd_share=0.5)
    seen = set()
    for keyword in KEYWORDS:
        entries = zip(odd.entries(keyword, 1), served(odd, keyword, 1), strict=True)
        for entry, value in entries:
            seen.add(entry.odd)
            whose = odd.world.creator(entry.index)
            match entry.odd:
                case Odd.NULL:
                    assert value is None
                case Odd.NOT_AN_OBJECT:
                    assert not isinstance(value, dict)
                case Odd.NAMELESS:
                    assert not (value["id"] or "").strip() and not value["red_id"]
                case Odd.NO_ID:
                    assert "id" not in value and value["red_id"] == whose.red_id
                    assert whose.id not in json.dumps(value)
                case Odd.NO_RED_ID:
                    assert not value.get("red_id") and whose.red_id not in json.dumps(value)
                case Odd.RED_ID_NUMBER:
                    assert str(value["red_id"]) == whose.red_id
                case Odd.HUGE:
                    assert len(value["reason"]) == 20_000
                case _:
                    assert (value["id"], value["red_id"]) == (whose.id, whose.red_id)
    assert seen == set(Odd) | {None}


def test_a_red_id_that_starts_with_0_is_never_sent_as_a_number():
    odd = pages(odd_share=0.9)
    for keyword in KEYWORDS:
        for entry, value in zip(odd.entries(keyword, 1), served(odd, keyword, 1), strict=True):
            if entry.odd is Odd.RED_ID_NUMBER and odd.world.creator(entry.index).red_id.startswith("0"):
                assert isinstance(value["red_id"], str)


def test_the_truth_is_what_is_served():
    odd = pages(odd_share=0.1, repeat_share=0.3, pages_per_keyword=(0, 4))
    told = truth(odd, KEYWORDS, pages_max=50)
    ids, red_ids, unreadable = set(), set(), 0
    for keyword, pages_count in told.pages.items():
        assert served(odd, keyword, pages_count + 1) == []
        for page in range(1, pages_count + 1):
            for value in served(odd, keyword, page):
                if not isinstance(value, dict) or not (value.get("id") or value.get("red_id")):
                    unreadable += 1
                elif value.get("id"):
                    ids.add(value["id"].strip())
                    red_ids.add(str(value.get("red_id")))
    assert told.ids == ids - {""}
    assert told.red_ids_without_id
    assert told.red_ids_without_id.isdisjoint(red_ids)
    assert told.unreadable >= unreadable > 0


def test_the_truth_knows_who_was_found_by_which_keyword_at_which_place():
    plain = pages()
    told = truth(plain, ["穿搭"], pages_max=50)
    place = told.shown[25]
    assert (place.page, place.rank) == (2, 6)
    assert served(plain, "穿搭", 2)[5]["id"] == told.creators[place.index].id
    assert ("穿搭", told.creators[place.index].id) in told.sightings


def test_the_truth_ends_at_the_page_limit_of_an_endless_world():
    told = truth(pages(end_style="endless"), ["穿搭"], pages_max=7)
    assert told.pages == {"穿搭": 7}
