"""What becomes of each key of each layout, and of answers that are not as documented."""

from __future__ import annotations

import json
from pathlib import Path

import orjson
import pytest

from crawler.creator import Creator
from crawler.model import Page, Reject
from crawler.reasons import Reason, ReasonCode
from crawler.vendor.search_user_v2 import IDENTIFIER_MAX, REJECT_MAX, parse_user_search

SAMPLE = Path(__file__).parents[1] / "data" / "user-search-v2.json"
ID = "68b016570000000018028e20"


def read_one(**entry):
    """The one creator that `entry` becomes; an `id` is added unless one is given."""
    page = parse_user_search({"users": [{"id": ID, **entry}]})
    assert page.rejects == ()
    (creator,) = page.creators
    return creator


def extra_of(creator):
    return orjson.loads(creator.extra) if creator.extra is not None else {}


def nested(depth):
    value = "bottom"
    for _ in range(depth):
        value = [value]
    return value


# The documented answer: rank, id, red_id, name and the avatar's file.
DOCUMENTED = [
    (1, "68b016570000000018028e20", "26814156493", "Amir Ali", "645b7efe1fc3de4c930effac"),
    (2, "694e2e980000000037032b89", "18654598764", "AMIR Ali", "645b7f83b46568f580649586"),
    (3, "689f145b00000000190221a3", "18996540717", "Amir Ali", "645b7ecfb46568f58064957a"),
    (4, "66b416c1000000001d03221e", "26265359318", "Amir Ali", "645b7f8f2a34639eb26eb1cd"),
    (5, "63711e98000000001f018c3f", "5402725779", "amir ali", "63711e98000000001f018c3f"),
    (6, "67ed5618000000000e01c058", "95318072831", "Amir Ali", "645b7e78731e07eb8ca3d81b"),
    (7, "6785afc4000000000803d019", "4m1rr22", "Amir Ali", "645b7f6e338379fac1893093"),
    (8, "679096af000000000e012092", "11512498587", "Amir ali", "645b807d338379fac18930a8"),
    (9, "6792367f000000000e01fbf2", "42934536844", "Amir Ali", "645b7e371fc3de4c930eff9d"),
    (10, "6813ce61000000000e01f21d", "95028500559", "Amir Ali", "645b800677c97ef1a2abc7e0"),
    (11, "6880a4e5000000001d015614", "95502854544", "Amir Ali", "645b6985573b2ad2b5243b1d"),
    (12, "6792aafe000000000e01e93f", "42934052090", "Amir Ali", "645b6abf2e368555521befcc"),
    (13, "67a4ba43000000000e013232", "11595138576", "Amir Ali", "645b7f83b46568f580649586"),
    (14, "6843f5a2000000001b020f2f", "27491033698", "Amir Ali", "645b7f257b3e7e60e53504de"),
    (15, "679fce83000000000d00a9b9", "63842909993", "Amir Ali", "645b807d338379fac18930a8"),
    (16, "682c8272000000001703e6d8", "26105636530", "Amir Ali", "645b7f8f2a34639eb26eb1cd"),
    (17, "68a9f16800000000190184cc", "95588314694", "Amir Ali", "645b7eecf82b98b5c9349913"),
    (18, "686a1680000000001e001e4e", "42297699740", "Amir Ali", "645b7ecfb46568f58064957a"),
    (19, "679648ab000000000e01ca48", "11588655182", "Amir Ali", "645b6985573b2ad2b5243b1d"),
    (20, "678b1e17000000000d0084f2", "95355142911", "Amir Ali", "645b7f3c86578b8c6ab3b068"),
]


def test_the_documented_answer_becomes_20_creators_with_every_column_right():
    page = parse_user_search(orjson.loads(SAMPLE.read_bytes())["data"])

    assert page == Page(
        creators=tuple(
            Creator(
                rank=rank,
                id=id_,
                red_id=red_id,
                name=name,
                fans=None,
                fans_text=None,
                fans_exact=None,
                verified=False,
                verify_type=0,
                verify_label=None,
                bio=None,
                image=f"https://sns-avatar-qc.xhscdn.com/avatar/{avatar}.jpg?imageView2/2/w/360/format/webp",
                profile_url=f"https://www.xiaohongshu.com/user/profile/{id_}",
                extra='{"followed":false,"reason":"","self":false,"show_red_official_verify_icon":false}',
            )
            for rank, id_, red_id, name, avatar in DOCUMENTED
        ),
        rejects=(),
        entries=20,
        has_more=None,
        oddity=None,
    )


def test_layout_a_shows_followers_in_the_sub_title():
    assert read_one(red_id="4m1rr22", desc="小红书号:4m1rr22", sub_title="粉丝 381.2万") == Creator(
        rank=1,
        id=ID,
        red_id="4m1rr22",
        fans=3_812_000,
        fans_text="381.2万",
        fans_exact=False,
        profile_url=f"https://www.xiaohongshu.com/user/profile/{ID}",
    )


def test_layout_b_shows_followers_in_desc_and_the_red_id_in_the_sub_title():
    desc = "粉丝·1855 | 服装配饰店 | 笔记·162"
    assert read_one(desc=desc, sub_title="小红书号：639746307") == Creator(
        rank=1,
        id=ID,
        red_id="639746307",
        fans=1855,
        fans_text="1855",
        fans_exact=True,
        profile_url=f"https://www.xiaohongshu.com/user/profile/{ID}",
        extra=json.dumps({"desc": desc}, ensure_ascii=False, separators=(",", ":")),
    )


def test_layout_c_gives_followers_a_bio_and_more_that_has_no_column():
    more = {
        "live_info": {"status": 0},
        "note_count": 35,
        "profession": "美妆博主",
        "update_time": "42分钟前更新",
        "vshow": False,
    }
    creator = read_one(fans="3.9万", desc="每天一套穿搭", sub_title="小红书号：639746307", **more)
    assert creator == Creator(
        rank=1,
        id=ID,
        red_id="639746307",
        fans=39_000,
        fans_text="3.9万",
        fans_exact=False,
        bio="每天一套穿搭",
        profile_url=f"https://www.xiaohongshu.com/user/profile/{ID}",
        extra=json.dumps(more, ensure_ascii=False, separators=(",", ":")),
    )


@pytest.mark.parametrize(
    ("data", "oddity"),
    [
        (None, Reason(ReasonCode.DATA_NOT_OBJECT, {"kind": "null"})),
        (0, Reason(ReasonCode.DATA_NOT_OBJECT, {"kind": "number"})),
        ("", Reason(ReasonCode.DATA_NOT_OBJECT, {"kind": "text"})),
        ([], Reason(ReasonCode.DATA_IS_LIST)),
        ({}, Reason(ReasonCode.NO_USERS)),
        ({"Users": []}, Reason(ReasonCode.NO_USERS)),
        ({"filters": [{"name": "粉丝数"}], "note": "x", "more": {}}, Reason(ReasonCode.NO_USERS)),
        ({"users": None}, Reason(ReasonCode.USERS_NOT_LIST, {"kind": "null"})),
        ({"users": {}}, Reason(ReasonCode.USERS_NOT_LIST, {"kind": "object"})),
        ({"users": []}, None),
        ({"users": [], "filters": None}, None),
    ],
)
def test_an_answer_without_entries_is_a_page_without_creators_that_says_what_was_odd(data, oddity):
    assert parse_user_search(data) == Page(creators=(), oddity=oddity)


@pytest.mark.parametrize(
    ("data", "oddity"),
    [
        ("users", Reason(ReasonCode.DATA_NOT_OBJECT, {"kind": "text"})),
        (1.5, Reason(ReasonCode.DATA_NOT_OBJECT, {"kind": "number"})),
        (True, Reason(ReasonCode.DATA_NOT_OBJECT, {"kind": "boolean"})),
        ({"list": [{"id": ID}]}, Reason(ReasonCode.NO_USERS)),
        ({"result": {"users": [{"id": ID}]}}, Reason(ReasonCode.NO_USERS)),
        ({"users": {"id": ID}}, Reason(ReasonCode.USERS_NOT_LIST, {"kind": "object"})),
        ({"users": "none"}, Reason(ReasonCode.USERS_NOT_LIST, {"kind": "text"})),
        ({"users": [{"user_id": ID}] * 10}, Reason(ReasonCode.NO_ENTRY_READ)),
    ],
)
def test_an_answer_that_may_hold_creators_where_nobody_looks_is_unreadable(data, oddity):
    page = parse_user_search(data)
    assert (page.unreadable, page.oddity, page.creators) == (True, oddity, ())


def test_a_few_entries_that_cannot_be_read_do_not_make_a_page_unreadable():
    assert not parse_user_search({"users": [None] * 9}).unreadable
    assert not parse_user_search({"users": [{"id": ID}, *[None] * 30]}).unreadable


def test_entries_in_a_bare_list_are_read_all_the_same():
    page = parse_user_search([{"id": ID}])
    assert [creator.id for creator in page.creators] == [ID]
    assert page.oddity == Reason(ReasonCode.DATA_IS_LIST)


@pytest.mark.parametrize(
    ("sent", "believed"),
    [(True, True), (False, False), (None, None), (0, None), (1, None), ("false", None), ([], None)],
)
def test_has_more_is_believed_only_as_a_boolean(sent, believed):
    assert parse_user_search({"users": [], "has_more": sent}).has_more is believed


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (None, Reason(ReasonCode.ENTRY_NOT_OBJECT, {"kind": "null"})),
        ("Amir", Reason(ReasonCode.ENTRY_NOT_OBJECT, {"kind": "text"})),
        (7, Reason(ReasonCode.ENTRY_NOT_OBJECT, {"kind": "number"})),
        (False, Reason(ReasonCode.ENTRY_NOT_OBJECT, {"kind": "boolean"})),
        ([ID], Reason(ReasonCode.ENTRY_NOT_OBJECT, {"kind": "list"})),
        ({}, Reason(ReasonCode.NO_IDENTITY)),
        ({"name": "Amir"}, Reason(ReasonCode.NO_IDENTITY)),
        ({"id": "", "red_id": " "}, Reason(ReasonCode.NO_IDENTITY)),
        ({"id": None, "red_id": None}, Reason(ReasonCode.NO_IDENTITY)),
        ({"id": 1.5, "red_id": True}, Reason(ReasonCode.NO_IDENTITY)),
        ({"id": 0, "red_id": -1}, Reason(ReasonCode.NO_IDENTITY)),
        ({"id": {"$oid": ID}}, Reason(ReasonCode.NO_IDENTITY)),
        ({"id": "6" * (IDENTIFIER_MAX + 1)}, Reason(ReasonCode.NO_IDENTITY)),
        ({"desc": "小红书号:"}, Reason(ReasonCode.NO_IDENTITY)),
        ({"desc": "小红书号：" + "6" * (IDENTIFIER_MAX + 1)}, Reason(ReasonCode.NO_IDENTITY)),
        ({"desc": "小红书号：639746307 是我的大号"}, Reason(ReasonCode.NO_IDENTITY)),
    ],
)
def test_an_entry_that_names_nobody_is_kept_as_it_came(entry, reason):
    (reject,) = parse_user_search({"users": [entry]}).rejects
    assert (reject.rank, reject.reason) == (1, reason)
    assert orjson.loads(reject.entry) == entry


def test_one_bad_entry_costs_nothing_of_the_rest_of_its_page():
    page = parse_user_search({"users": [{"id": "a"}, None, {"id": "b"}, {"name": "nobody"}, {"id": "a"}]})
    assert [(creator.rank, creator.id) for creator in page.creators] == [(1, "a"), (3, "b"), (5, "a")]
    assert [reject.rank for reject in page.rejects] == [2, 4]
    assert page.entries == 5


def test_a_huge_bad_entry_is_cut():
    (reject,) = parse_user_search({"users": ["x" * 2 * REJECT_MAX]}).rejects
    assert reject.entry == '"' + "x" * (REJECT_MAX - 1)


@pytest.mark.parametrize(
    ("sent", "id_", "has_profile"),
    [
        (ID, ID, True),
        (ID.upper(), ID, True),
        (f" {ID}\n", ID, True),
        ("MS4wLjABAAAA_x-Y", "MS4wLjABAAAA_x-Y", False),
        (ID + "0", ID + "0", False),
        (ID[:-1] + "g", ID[:-1] + "g", False),
        (1234567890123456789, "1234567890123456789", False),
        (2**64 - 1, "18446744073709551615", False),
    ],
)
def test_an_id_is_text_and_only_the_known_form_has_a_profile_page(sent, id_, has_profile):
    creator = read_one(id=sent)
    assert creator.id == id_
    assert creator.profile_url == (f"https://www.xiaohongshu.com/user/profile/{id_}" if has_profile else None)
    assert creator.extra is None


@pytest.mark.parametrize(
    ("entry", "red_id"),
    [
        ({"red_id": "26814156493"}, "26814156493"),
        ({"red_id": 26814156493}, "26814156493"),
        ({"red_id": "0012"}, "0012"),
        ({"red_id": " 4m1rr22 "}, "4m1rr22"),
        ({"red_id": ""}, None),
        ({"red_id": "\u3000"}, None),
        ({"red_id": None}, None),
        ({}, None),
        ({"desc": "小红书号:4m1rr22"}, "4m1rr22"),
        ({"desc": "小红书号：4m1rr22"}, "4m1rr22"),
        ({"sub_title": "小红书号：639746307"}, "639746307"),
        ({"sub_title": "小红书号: 639746307 "}, "639746307"),
        ({"red_id": "", "sub_title": "小红书号：639746307"}, "639746307"),
        ({"red_id": "1", "sub_title": "小红书号：2"}, "1"),
        ({"sub_title": "小红书号："}, None),
        ({"sub_title": 639746307}, None),
    ],
)
def test_the_red_id_is_read_from_its_key_or_else_from_the_text_that_shows_it(entry, red_id):
    assert read_one(**entry).red_id == red_id


def test_an_id_in_the_form_of_a_provisional_one_is_none_and_is_kept_as_it_came():
    creator = read_one(id=" red_id:5", red_id="5")
    assert (creator.id, creator.red_id, extra_of(creator)) == (None, "5", {"id": " red_id:5"})
    page = parse_user_search({"users": [{"id": "red_id:5"}]})
    assert (page.creators, len(page.rejects)) == ((), 1)


def test_a_red_id_alone_makes_a_creator_without_a_profile_page():
    (creator,) = parse_user_search({"users": [{"red_id": "4m1rr22", "name": "Amir"}]}).creators
    assert creator == Creator(rank=1, id=None, red_id="4m1rr22", name="Amir")


@pytest.mark.parametrize(
    ("entry", "fans", "fans_text", "fans_exact"),
    [
        ({"sub_title": "粉丝 5646"}, 5646, "5646", True),
        ({"sub_title": "粉丝 0"}, 0, "0", True),
        ({"sub_title": ""}, None, None, None),
        ({"sub_title": "粉丝 "}, None, None, None),
        ({"sub_title": "粉丝 9999亿"}, None, "9999亿", None),
        ({"desc": "粉丝·24.2万 | 5天前更新"}, 242_000, "24.2万", False),
        ({"desc": "粉丝·3.3万 | 笔记·35"}, 33_000, "3.3万", False),
        ({"fans": "3.9万"}, 39_000, "3.9万", False),
        ({"fans": 39_000}, 39_000, "39000", True),
        ({"fans": 0}, 0, "0", True),
        ({"fans": "0"}, 0, "0", True),
        ({"fans": ""}, None, None, None),
        ({"fans": None}, None, None, None),
        ({"fans": True}, None, None, None),
        ({"fans": -1}, None, None, None),
        ({"fans": "many"}, None, "many", None),
        ({"fans": 5646, "sub_title": "粉丝 9"}, 5646, "5646", True),
        ({"fans": "", "sub_title": "粉丝 9"}, 9, "9", True),
        ({"fans": "many", "sub_title": "粉丝 9"}, 9, "9", True),
        ({"fans": "many", "sub_title": "something new"}, None, "many", None),
        ({"fans": [9], "desc": "粉丝·9 | 笔记·1"}, 9, "9", True),
        ({"sub_title": "粉丝 8", "desc": "粉丝·9 | 笔记·1"}, 8, "8", True),
    ],
)
def test_followers_are_read_from_whichever_key_shows_them(entry, fans, fans_text, fans_exact):
    creator = read_one(**entry)
    assert (creator.fans, creator.fans_text, creator.fans_exact) == (fans, fans_text, fans_exact)


@pytest.mark.parametrize(
    ("desc", "bio"),
    [
        ("每天一套穿搭 ✨\n合作请私信", "每天一套穿搭 ✨\n合作请私信"),
        ("粉丝群在主页", "粉丝群在主页"),
        ("粉丝1万啦，谢谢大家", "粉丝1万啦，谢谢大家"),
        ("小红书号：639746307 是我的大号", "小红书号：639746307 是我的大号"),
        ("", None),
        (" \n", None),
        (None, None),
        (["穿搭"], None),
        ("小红书号:1", None),
        ("小红书号：1", None),
        ("小红书号: 2", None),
        ("小红书号:", None),
        ("粉丝·24.2万 | 5天前更新", None),
        ("粉丝·- | 笔记·35", None),
        ("粉丝 24.2万", None),
    ],
)
def test_desc_is_a_bio_only_when_it_is_one(desc, bio):
    assert read_one(red_id="1", desc=desc).bio == bio


@pytest.mark.parametrize(
    ("entry", "verified", "verify_type", "verify_label"),
    [
        ({}, None, None, None),
        ({"red_official_verified": False, "red_official_verify_type": 0}, False, 0, None),
        ({"red_official_verified": True, "red_official_verify_type": 1}, True, 1, "personal (inferred)"),
        ({"red_official_verified": 1, "red_official_verify_type": 2}, True, 2, "business (inferred)"),
        ({"red_official_verified": 0}, False, None, None),
        ({"red_official_verify_type": 3}, None, 3, None),
        ({"red_official_verify_type": 1, "red_official_verify_content": "美妆博主"}, None, 1, "美妆博主"),
        ({"red_official_verify_type": 2, "red_official_verify_content": " "}, None, 2, "business (inferred)"),
        ({"red_official_verified": 2, "red_official_verify_type": True}, None, None, None),
        ({"red_official_verified": "true", "red_official_verify_type": "1"}, None, None, None),
        ({"red_official_verify_type": 2**63}, None, None, None),
    ],
)
def test_verification_keeps_the_type_and_gives_its_label_as_inferred(
    entry, verified, verify_type, verify_label
):
    creator = read_one(**entry)
    assert (creator.verified, creator.verify_type, creator.verify_label) == (
        verified,
        verify_type,
        verify_label,
    )


@pytest.mark.parametrize(
    ("sent", "image"),
    [
        ("https://sns-avatar-qc.xhscdn.com/a.jpg", "https://sns-avatar-qc.xhscdn.com/a.jpg"),
        ("http://sns-avatar-qc.xhscdn.com/a.jpg", "http://sns-avatar-qc.xhscdn.com/a.jpg"),
        ("javascript:alert(1)", None),
        ("//sns-avatar-qc.xhscdn.com/a.jpg", None),
        ("", None),
        (None, None),
    ],
)
def test_an_image_is_a_web_address_or_nothing(sent, image):
    assert read_one(image=sent).image == image


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("Amir", "Amir"),
        (" 小红 ", " 小红 "),
        (520, "520"),
        (-1, "-1"),
        ("", None),
        ("\t", None),
        (None, None),
    ],
)
def test_a_name_is_kept_as_written_and_a_number_is_its_text(sent, name):
    creator = read_one(name=sent)
    assert creator.name == name
    assert creator.extra is None


@pytest.mark.parametrize(
    "entry",
    [
        {"link": f"xhsdiscover://1/user/user.{ID}"},
        {"red_id": "1", "desc": "小红书号:1"},
        {"red_id": "1", "desc": "小红书号：1"},
        {"red_id": 1, "sub_title": "小红书号：1"},
        {"sub_title": "小红书号：1"},
        {"sub_title": "粉丝 381.2万"},
        {"fans": "381.2万", "sub_title": "粉丝 381.2万"},
        {"desc": "一个简介"},
        {"name": "", "image": None, "desc": " ", "sub_title": "", "fans": "", "red_official_verified": None},
    ],
)
def test_what_the_columns_already_say_is_not_kept_twice(entry):
    assert read_one(**entry).extra is None


@pytest.mark.parametrize(
    "entry",
    [
        {"note_count": 35, "update_time": "42分钟前更新"},
        {"live_info": None},
        {"link": "xhsdiscover://1/user/user.other"},
        {"link": ""},
        {"desc": "粉丝·24.2万 | 5天前更新"},
        {"sub_title": "粉丝·24.2万 | 5天前更新"},
        {"sub_title": "粉丝：5646"},
        {"sub_title": "something new"},
        {"fans": "many"},
        {"fans": -1},
        {"fans": True},
        {"name": ["Amir"]},
        {"name": 1.5},
        {"name": True},
        {"desc": {"text": "bio"}},
        {"sub_title": 5646},
        {"red_id": 1.5},
        {"red_id": [1]},
        {"red_id": "6" * (IDENTIFIER_MAX + 1)},
        {"image": "javascript:alert(1)"},
        {"image": {"url": "https://a"}},
        {"red_official_verified": "true"},
        {"red_official_verified": 2},
        {"red_official_verify_type": "1"},
        {"red_official_verify_type": False},
        {"red_official_verify_type": 2**64 - 1},
        {"red_official_verify_content": 7},
        {"": 0, "\x00": 1, "名": "\x00"},
    ],
)
def test_what_no_column_says_is_kept_under_its_key(entry):
    assert extra_of(read_one(**entry)) == entry


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ({"red_id": "1"}, {"desc": "小红书号:2"}),
        ({"red_id": "1"}, {"desc": "小红书号: 1"}),
        ({"red_id": "1"}, {"sub_title": "小红书号：2"}),
        ({"fans": 5}, {"sub_title": "粉丝 6"}),
    ],
)
def test_a_text_that_says_other_than_its_column_is_kept(column, text):
    assert extra_of(read_one(**column, **text)) == text


def test_an_unusable_id_is_kept_beside_a_red_id():
    (creator,) = parse_user_search({"users": [{"id": [ID], "red_id": "1"}]}).creators
    assert (creator.id, creator.red_id, extra_of(creator)) == (None, "1", {"id": [ID]})


def test_the_order_of_keys_makes_no_difference():
    entry = {
        "name": "Amir",
        "reason": "",
        "self": False,
        "desc": "小红书号:1",
        "red_id": "1",
        "b": {"y": 1, "x": 2},
    }
    assert read_one(**entry) == read_one(**dict(reversed(entry.items())))


def test_text_that_sqlite_cannot_hold_is_replaced():
    creator = read_one(name="A\x00mir\ud800", desc="bio\x00", red_id="1\udfff", fans="5\x00")
    assert (creator.name, creator.bio, creator.red_id) == ("A\ufffdmir\ufffd", "bio\ufffd", "1\ufffd")
    assert creator.fans_text is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(nested(300), "[" * 300 + '"bottom"' + "]" * 300, id="deep"),
        (2**80, "1208925819614629174706176"),
        ("\ud800", '"\\ud800"'),
        pytest.param(nested(100_000), "[" * 100_000 + '"bottom"' + "]" * 100_000, id="bottomless"),
        pytest.param(10**5000, f'"{hex(10**5000)}"', id="endless number"),
    ],
)
def test_a_value_too_odd_for_plain_json_is_kept_as_a_text_that_holds_its_json(value, text):
    assert extra_of(read_one(odd=value)) == {"odd": text}


def test_an_endless_number_is_no_name_and_no_id():
    (creator,) = parse_user_search([{"id": 10**5000, "red_id": "1", "name": 10**5000}]).creators
    text = f'"{hex(10**5000)}"'
    assert (creator.id, creator.name, extra_of(creator)) == (None, None, {"id": text, "name": text})


def test_a_key_that_sqlite_cannot_hold_is_replaced():
    assert extra_of(read_one(**{"odd\ud800": 1})) == {"odd\ufffd": "1"}


def test_an_entry_nested_beyond_measure_is_rejected_with_its_beginning():
    page = parse_user_search({"users": [nested(100_000), {"id": ID}]})
    assert page.creators[0].id == ID
    reason = Reason(ReasonCode.ENTRY_NOT_OBJECT, {"kind": "list"})
    assert page.rejects == (Reject(1, reason, "[" * REJECT_MAX),)
