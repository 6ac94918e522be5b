"""What holds of every page, whatever the API sends."""

from __future__ import annotations

import copy
import sqlite3
from decimal import Decimal
from pathlib import Path

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.vendor.followers import FANS_MAX, Followers, read_count, read_fans, read_labelled
from crawler.vendor.search_user_v2 import parse_user_search

SAMPLE = orjson.loads((Path(__file__).parents[1] / "data" / "user-search-v2.json").read_bytes())["data"]
UNITS = {"千": 10**3, "k": 10**3, "万": 10**4, "w": 10**4, "W": 10**4, "m": 10**6, "亿": 10**8}
FULL_WIDTH = str.maketrans({code: code + 0xFEE0 for code in range(0x21, 0x7F)})

# How long an example takes says how busy the machine is, not whether the parser is right.
thorough = settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])

any_text = st.text(st.characters(exclude_categories=()))  # lone surrogates included
scalars = st.none() | st.booleans() | st.integers() | st.floats() | any_text
any_json = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(any_text, inner, max_size=5),
    max_leaves=20,
)
telling_text = st.sampled_from(
    [
        "68b016570000000018028e20",
        "4m1rr22",
        "小红书号:4m1rr22",
        "小红书号：639746307",
        "粉丝 381.2万",
        "粉丝·1855 | 服装配饰店 | 笔记·162",
        "粉丝·",
        "3.9万",
        "https://sns-avatar-qc.xhscdn.com/a.jpg",
        "xhsdiscover://1/user/user.68b016570000000018028e20",
    ]
)
entries = st.fixed_dictionaries(
    {},
    optional={
        key: telling_text | any_json
        for key in [
            "id",
            "red_id",
            "name",
            "image",
            "link",
            "desc",
            "sub_title",
            "fans",
            "note_count",
            "red_official_verified",
            "red_official_verify_type",
            "red_official_verify_content",
        ]
    },
)


def is_plain(text):
    return (
        text != ""
        and not text.isspace()
        and "\0" not in text
        and text == text.encode(errors="replace").decode()
    )


def assert_sound(page):
    """Every entry is accounted for, and every creator keeps the promises of its columns."""
    ranks = [read.rank for read in (*page.creators, *page.rejects)]
    assert sorted(ranks) == list(range(1, page.entries + 1))
    for creator in page.creators:
        texts = [value for value in creator if isinstance(value, str)]
        assert all(is_plain(text) for text in texts)
        assert creator.id is not None or creator.red_id is not None
        assert creator.fans is None or 0 <= creator.fans <= FANS_MAX
        assert (creator.fans_exact is None) == (creator.fans is None)
        assert creator.image is None or creator.image.startswith(("http://", "https://"))
        assert creator.extra is None or isinstance(orjson.loads(creator.extra), dict)
    for reject in page.rejects:
        assert is_plain(reject.entry)


@thorough
@given(any_json)
def test_any_json_value_makes_a_sound_page(data):
    assert_sound(parse_user_search(data))


@thorough
@given(st.lists(entries | any_json, max_size=5), any_json)
def test_any_list_of_entries_is_accounted_for_one_by_one(users, has_more):
    page = parse_user_search({"users": users, "has_more": has_more})
    assert page.entries == len(users) == len(page.creators) + len(page.rejects)
    assert page.oddity is None
    assert_sound(page)


@thorough
@given(st.data(), any_json)
def test_one_mistyped_value_in_the_documented_answer_costs_one_creator_at_most(data, value):
    answer = copy.deepcopy(SAMPLE)
    entry = data.draw(st.sampled_from(answer["users"]))
    entry[data.draw(st.sampled_from(sorted(entry)))] = value

    page = parse_user_search(answer)

    assert page.entries == 20
    assert_sound(page)
    untouched = [creator for creator in page.creators if answer["users"][creator.rank - 1] is not entry]
    assert untouched == [
        c for c in parse_user_search(SAMPLE).creators if answer["users"][c.rank - 1] is not entry
    ]


@thorough
@given(st.lists(entries, min_size=1, max_size=5))
def test_every_creator_comes_back_from_sqlite_as_it_went_in(users):
    db = sqlite3.connect(":memory:")
    try:
        for creator in parse_user_search(users).creators:
            columns = creator
            places = ", ".join("?" * len(columns))
            assert db.execute(f"SELECT {places}", columns).fetchone() == columns
            assert db.execute("SELECT json_valid(coalesce(?, '{}'))", [creator.extra]).fetchone() == (1,)
    finally:
        db.close()


@thorough
@given(st.dictionaries(st.text().map("new_{}".format), st.integers(-100, 100) | st.text(), max_size=5))
def test_keys_nobody_has_heard_of_are_kept_as_they_came(unheard_of):
    (creator,) = parse_user_search([{"id": "1", "fans": 5, **unheard_of}]).creators
    assert orjson.loads(creator.extra or "{}") == unheard_of


@thorough
@given(any_text)
def test_any_text_is_a_count_or_unknown(text):
    for followers in (read_count(text), read_labelled(text), read_labelled("粉丝 " + text), read_fans(text)):
        assert (followers.exact is None) == (followers.fans is None)
        assert followers.fans is None or 0 <= followers.fans <= FANS_MAX


@given(st.integers(0, FANS_MAX), st.booleans(), st.booleans())
def test_a_whole_number_is_read_exactly_in_every_way_of_writing_it(fans, grouped, full_width):
    text = f"{fans:,}" if grouped else str(fans)
    if full_width:
        text = text.translate(FULL_WIDTH)
    assert read_count(text) == Followers(fans, text, exact=True)
    assert read_labelled(f"粉丝 {text}") == Followers(fans, text, exact=True)


@given(st.decimals(0, 1000, places=2), st.sampled_from(sorted(UNITS)), st.sampled_from(["", "+"]))
def test_a_shortened_number_is_read_to_its_last_digit_and_called_inexact(number, unit, more):
    text = f"{number}{unit}{more}"
    assert read_count(text) == Followers(int(Decimal(number) * UNITS[unit]), text, exact=False)
    assert read_labelled(f"粉丝·{text} | 笔记·35") == read_count(text)
