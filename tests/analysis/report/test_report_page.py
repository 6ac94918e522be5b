from __future__ import annotations

import base64
import hashlib
import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from html import unescape
from html.parser import HTMLParser

import pytest

from crawler.analysis.report.values import InFull, PricedCalls
from crawler.i18n import LOCALE_DIR
from crawler.money import Money
from crawler.reasons import Reason, ReasonCode
from crawler.store.database import open_database
from tests.filled import QUOTA_303, SPECIAL, TIMED_OUT, creator
from tests.filled import page as result_page

HOSTILE = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</style><svg onload=alert(1)>",
    "{{ 7 * 7 }} {% raw %}", "%(count)s %s", "&lt;b&gt;", "‮gnp.exe", "\x00\x1b[31m",
)  # fmt: skip


class Elements(HTMLParser):
    """Every element of a page with its attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_the_page_loads_nothing_and_runs_nothing_but_what_sorts_tables(read, page):
    found = Elements(page(read(), "en", price="0.05")).found
    assert [attributes for tag, attributes in found if tag == "script"] == [{}]
    for tag, attributes in found:
        assert tag not in ("iframe", "object", "embed", "link", "img", "base", "form")
        assert not [
            name for name in attributes if name.startswith("on") or name in ("src", "style", "xlink:href")
        ]


def test_the_policy_forbids_everything_but_the_one_style_and_the_one_script(read, page):
    text = page(read())
    for tag in ("style", "script"):
        (inside,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.S)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}';" in unescape(text)
    policy = next(a["content"] for t, a in Elements(text).found if "Content-Security-Policy" in a.values())
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "img-src 'none'" in policy


def test_a_night_of_strange_answers_is_no_night_without_trouble(read, page, play_night):
    play_night(replace(result_page(), oddity=Reason(ReasonCode.DATA_NOT_OBJECT, {"kind": "null"})))
    text = page(read())
    assert "<bdi>data is null, not an object</bdi>: 1" in text
    assert "every call was answered with a page" not in text


def test_links_lead_to_profile_pages_only(read, page):
    links = [a["href"] for tag, a in Elements(page(read())).found if tag == "a"]
    assert links
    assert all(
        re.fullmatch(r"https://www\.xiaohongshu\.com/user/profile/[0-9a-f]{24}", link) for link in links
    )


def test_text_from_the_api_is_only_text(read, page, play_night):
    hostile = [
        creator(300 + n, name, fans=10, red_id=name, verify_label=name) for n, name in enumerate(HOSTILE)
    ]
    play_night(result_page(*hostile), result_page())
    plain, attacked = page(read("2026-11-05T00:00:00.000Z")), Elements(page(read())).found
    assert {tag for tag, _a in attacked} <= {
        "html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "h3", "p", "div", "span",
        "small", "b", "section", "table", "tr", "th", "td", "a", "bdi", "svg", "rect", "g", "path", "text",
        "code", "footer", "details", "summary", "ul", "li",
        "script", "thead", "tbody",
    }  # fmt: skip
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in plain
    assert "{{ 7 * 7 }}" in plain
    assert "%(count)s %s" in plain


def test_an_address_from_the_api_that_is_no_profile_page_is_no_link(read, page, play_night):
    play_night(result_page(creator(300, "点我", 10, profile_url="javascript:alert(1)")), result_page())
    text = page(read())
    assert "点我" in text
    assert "javascript:" not in text


def test_pictures_are_left_out_unless_asked_for(read, page):
    report = read("2026-11-01T00:00:00.000Z")
    assert "img.example" not in page(report)
    with_pictures = page(report, pictures=True)
    assert 'src="https://img.example/104.jpg"' in with_pictures
    assert "loaded from the platform" in with_pictures
    assert "img-src https:" in with_pictures


def test_money_is_spoken_of_only_with_a_price(read, page):
    assert "¥" not in page(read())
    assert "8 charged (¥0.40)" in page(read(), price="0.05")


def test_a_stop_is_told_in_plain_words_with_what_to_do(read, page, play_night):
    play_night(reason=QUOTA_303)
    text = page(read("2026-11-05T00:00:00.000Z"))
    assert "The daily quota was used up." in text
    assert "It resets at midnight in Shanghai" in text


@pytest.mark.parametrize(("lang", "told"), [("en", "interrupted by SIGINT"), ("zh", "被 SIGINT 中断")])
def test_an_interruption_is_told_as_the_terminal_tells_it(read, page, play_night, lang, told):
    play_night(result_page(*SPECIAL), reason=Reason(ReasonCode.INTERRUPTED, {"signal": "SIGINT"}))
    assert told in page(read(), lang)


def test_a_reason_without_a_cause_is_shown_as_it_is(read, page, play_night):
    play_night(reason=Reason(ReasonCode.CANNOT_WRITE, {"path": "x", "error": "disk <full>"}))
    assert "cannot write x: disk &lt;full&gt;" in page(read("2026-11-05T00:00:00.000Z"))


def test_invented_creators_are_said_to_be_invented(read, page, db):
    with closing(open_database(db)) as opened:
        opened.conn.execute(
            "UPDATE settings SET value = 'a simulator on this machine' WHERE name = 'service'"
        )
    assert "These creators are invented" in page(read())


def test_an_empty_database_makes_a_page_that_says_how_to_begin(read, page, tmp_path):
    open_database(tmp_path / "empty.db").close()
    text = page(read(path=tmp_path / "empty.db"))
    assert "Nothing has run yet." in text
    assert "<table" not in text


def test_the_page_is_chinese_throughout(read, page, play_night):
    assert (LOCALE_DIR / "zh" / "LC_MESSAGES" / "crawler.mo").is_file()
    play_night(result_page(*SPECIAL), reason=Reason(ReasonCode.CALL_CAP))
    text = page(read("2026-11-01T00:00:00.000Z"), "zh", price="0.05")
    assert '<html lang="zh-CN">' in text
    assert "381.2万" in text
    shown = re.sub(
        r"<style>.*?</style>|<script>.*?</script>|<bdi>.*?</bdi>|<code>.*?</code>|<small>.*?</small>",
        "",
        text,
        flags=re.S,
    )
    words = re.findall(r"[A-Za-z]{2,}", re.sub(r"<[^>]+>", " ", shown))
    assert set(words) <= {"JUSTONEAPI", "TOKEN", "HTTP", "max", "calls"}


def test_a_chinese_page_has_chinese_brackets_and_full_stops(read, page, play_night):
    play_night(result_page(*SPECIAL))
    report = replace(read(), in_full=InFull(407, False, (PricedCalls(Money(Decimal("0.05")), 407),)))
    text = re.sub(
        r"<style>.*?</style>|<script>.*?</script>|<bdi>.*?</bdi>|<svg.*?</svg>",
        "",
        page(report, "zh", price="0.05"),
        flags=re.S,
    )
    assert "大约要 407 次计费调用（¥20.35）。" in text
    assert "(¥" not in text
    assert re.search(r" \.\s|[\u4e00-\u9fff）]\.", text) is None


def test_a_chart_tells_each_number_in_full_and_in_the_readers_language(read, page):
    text = page(read(), "zh")
    assert "<title>2026-11-02 · 计费: 8</title>" in text
    assert 'aria-label="每日新增达人"' in text


def test_without_a_call_there_is_no_chart(read, page, db):
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute("UPDATE calls SET charge = 'free'")
        connection.execute("UPDATE users SET first_seen_at = '2026-01-01T00:00:00.000Z'")
    assert '<svg class="chart"' not in page(read())


def test_the_time_of_the_report_is_that_of_its_making(read, page):
    assert "made 2026-11-04 09:00" in page(read())


def test_new_creators_come_with_their_words_and_tags_and_all_of_them_behind_a_click(read, page):
    report = read("2026-11-01T00:00:00.000Z")
    text = page(report)
    listed = text[text.index('<section id="new">') : text.index('<section id="grew">')]
    first, complete = listed.split("<details>")
    assert first.count("<tr><td") == 12
    assert complete.count("<tr><td") == report.users_new == 40
    assert "穿搭博主｜上海" in complete
    assert '<span class="tag"><bdi>时尚</bdi></span>' in complete
    assert "<summary>All 40</summary>" in complete
    assert (
        "crawler export new.xlsx --since &#39;2026-11-01 08:00&#39;" in complete
        or "--since '2026-11-01 08:00'" in complete
    )


def test_inferred_verification_is_told_in_the_readers_language(read, page, play_night):
    play_night(
        result_page(creator(300, "某人", 10, verified=True, verify_label="personal (inferred)")),
        result_page(),
    )
    assert "✓ 个人（推断）" in page(read(), "zh")
    assert "✓ personal (inferred)" in page(read(), "en")


def test_calls_that_brought_no_page_are_told_with_what_they_may_have_cost(read, page, play_night):
    play_night(TIMED_OUT, TIMED_OUT)
    told = re.sub(r"<[^>]+>|\s+", " ", page(read(), price="0.05")).split("Calls that brought no page")[1]
    assert "2 perhaps charged (¥0.10)" in re.sub(" +", " ", told)
    assert "perhaps charged (" not in page(read())
