"""Follower texts as the API shows them, and the numbers they stand for."""

from __future__ import annotations

import pytest

from crawler.vendor.followers import (
    FANS_MAX,
    TEXT_MAX,
    UNKNOWN,
    Followers,
    read_count,
    read_fans,
    read_labelled,
)


@pytest.mark.parametrize(
    ("text", "fans", "exact"),
    [
        ("0", 0, True),
        ("5646", 5646, True),
        ("12,345", 12_345, True),
        ("1,234,567", 1_234_567, True),
        ("５６４６", 5646, True),
        ("１２，３４５", 12_345, True),
        ("381.2万", 3_812_000, False),
        ("３８１．２万", 3_812_000, False),
        ("381.2 万", 3_812_000, False),
        ("381.2萬", 3_812_000, False),
        ("1,234.5万", 12_345_000, False),
        ("1.13万", 11_300, False),
        ("1万", 10_000, False),
        ("10万+", 100_000, False),
        ("10万＋", 100_000, False),
        ("10万以上", 100_000, False),
        ("1000+", 1000, False),
        ("3.9w", 39_000, False),
        ("3.9W", 39_000, False),
        ("3.9ｗ", 39_000, False),
        ("1.2w+", 12_000, False),
        ("5千", 5000, False),
        ("1.5k", 1500, False),
        ("1.5K", 1500, False),
        ("2.5m", 2_500_000, False),
        ("2.5M", 2_500_000, False),
        ("1.2亿", 120_000_000, False),
        ("1.2億", 120_000_000, False),
        ("1000亿", FANS_MAX, False),
        ("1.00005万", 10_000, False),
    ],
)
def test_a_count_is_read_with_its_text_and_its_exactness(text, fans, exact):
    assert read_count(text) == Followers(fans, text, exact)


def test_white_space_around_a_count_is_no_part_of_it():
    assert read_count(" 3.9万\u3000") == Followers(39_000, "3.9万", exact=False)


@pytest.mark.parametrize("text", ["", " ", "\u3000"])
def test_an_empty_text_is_unknown_and_never_zero(text):
    assert read_count(text) == UNKNOWN


@pytest.mark.parametrize(
    "text",
    [
        "-5",
        "+5",
        "3.5",
        "1,23",
        "1,2345",
        "12,34,567",
        "1.2.3万",
        ".5万",
        "5.万",
        "3.9万粉",
        "万",
        "1万万",
        "+",
        "--",
        "NaN",
        "inf",
        "1e9",
        "0x10",
        "1_000",
        "٣",
        "²",
        "1000.1亿",
        "100000000001",
        "9" * TEXT_MAX,
    ],
)
def test_a_text_that_is_no_plausible_count_is_kept_with_an_unknown_number(text):
    assert read_count(text) == Followers(text=text)


@pytest.mark.parametrize("text", ["0" * (TEXT_MAX + 1), "5\x00", "粉\ud800", "abc\ndef"])
def test_a_text_that_nobody_was_shown_is_not_kept(text):
    assert read_count(text) == UNKNOWN


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("粉丝 5646", Followers(5646, "5646", exact=True)),
        ("粉丝 381.2万", Followers(3_812_000, "381.2万", exact=False)),
        ("粉丝 0", Followers(0, "0", exact=True)),
        ("粉丝5646", Followers(5646, "5646", exact=True)),
        ("粉丝:5646", Followers(5646, "5646", exact=True)),
        ("粉丝：３８１．２万", Followers(3_812_000, "３８１．２万", exact=False)),
        ("粉丝·24.2万 | 5天前更新", Followers(242_000, "24.2万", exact=False)),
        ("粉丝·3.3万 | 笔记·35", Followers(33_000, "3.3万", exact=False)),
        ("粉丝·1855 | 服装配饰店 | 笔记·162", Followers(1855, "1855", exact=True)),
        ("粉丝 · 1855｜笔记 · 162", Followers(1855, "1855", exact=True)),
        ("粉丝 -5", Followers(text="-5")),
        ("粉丝 9999亿", Followers(text="9999亿")),
        ("粉丝·1万啦", Followers(text="1万啦")),
    ],
)
def test_the_count_after_the_word_for_followers_is_read(text, expected):
    assert read_labelled(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "粉丝",
        "粉丝 ",
        "粉丝·",
        "粉丝·- | 笔记·35",
        "粉丝群在主页",
        "5646",
        "笔记·35 | 粉丝·3",
        "小红书号:123",
    ],
)
def test_a_text_without_a_number_after_that_word_says_nothing(text):
    assert read_labelled(text) == UNKNOWN


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("3.9万", Followers(39_000, "3.9万", exact=False)),
        ("5646", Followers(5646, "5646", exact=True)),
        (5646, Followers(5646, "5646", exact=True)),
        (0, Followers(0, "0", exact=True)),
        (39_000.0, Followers(39_000, "39000", exact=True)),
        (FANS_MAX, Followers(FANS_MAX, str(FANS_MAX), exact=True)),
    ],
)
def test_a_json_value_may_be_a_count_as_number_or_text(value, expected):
    assert read_fans(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        False,
        -1,
        FANS_MAX + 1,
        2**80,
        0.5,
        float("nan"),
        float("inf"),
        -float("inf"),
        1e300,
        [5],
        {},
        "",
    ],
)
def test_any_other_json_value_is_unknown(value):
    assert read_fans(value) == UNKNOWN
