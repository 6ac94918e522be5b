"""What each named question answers about the three nights of `tests.filled`."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest

from crawler.analysis.query import OPTIONS, load_questions
from crawler.errors import InputError
from crawler.i18n import translations
from crawler.model import Reject
from crawler.reasons import Reason, ReasonCode
from crawler.store.database import open_database
from tests.cli.terminal import on_a_terminal
from tests.filled import CHANGED, KEYWORDS, NIGHTS, ORDINARY, OUTFITS, Night, creator, page, play

NAMES = [
    "accounts",
    "changed",
    "failed",
    "gaps",
    "keywords",
    "new",
    "odd",
    "overlap",
    "redundant",
    "runs",
    "spend",
    "top",
]


def rows(result) -> list[dict]:
    assert result.exception is None, result.exception
    return json.loads(result.stdout)


@pytest.fixture
def ask(crawler):
    return lambda *arguments: rows(crawler("query", *arguments, "--json"))


def test_without_arguments_every_question_is_listed_with_a_line(crawler):
    listed = crawler("query")
    assert listed.exit_code == 0
    lines = listed.stdout.splitlines()
    assert [line.split()[0] for line in lines[2:]] == NAMES
    assert all(len(line.split()) > 3 for line in lines[2:])


def test_on_a_narrow_terminal_the_options_of_the_list_go_on_in_the_line_below():
    code, shown = on_a_terminal("query", env=os.environ | {"COLUMNS": "80", "LANGUAGE": "en"})
    assert code == 0
    lines = shown.splitlines()
    assert max(map(len, lines)) <= 80
    assert all(option in "".join(lines) for option in ("--max-fans", "--min-fans", "--verified"))
    assert "…" not in "".join(lines)


@pytest.mark.parametrize("name", NAMES)
def test_every_question_says_what_it_answers_and_answers(name, ask):
    question = load_questions()[name]
    assert question.title
    assert question.description
    assert isinstance(ask(name), list)


@pytest.mark.parametrize("name", NAMES)
def test_a_question_uses_every_option_that_it_names(name):
    question = load_questions()[name]
    creators = {"--keyword", "--tag", "--min-fans", "--max-fans", "--verified"}
    used = {option for option in (*OPTIONS, "--price") if f":{option[2:]}" in question.sql}
    if "/* creators */ 1" in question.sql:
        used |= creators
    assert question.options == used


def test_new_are_those_of_the_last_night(ask):
    assert [row["name"] for row in ask("new")] == ["新人穿搭", "新露营"]


def test_new_since_a_day_in_shanghai(ask):
    assert len(ask("new", "--since", "2026-11-02")) == 40
    assert len(ask("new", "--since", "2026-11-03")) == 2
    assert ask("new", "--since", "2026-11-05") == []


def test_new_of_one_day_are_those_listed_for_that_day(ask):
    days = [("2026-11-02", "2026-11-03"), ("2026-11-03", "2026-11-04"), ("2026-11-04", "2026-11-05")]
    found = {since: ask("new", "--since", since, "--until", until) for since, until in days}
    assert {day: len(creators) for day, creators in found.items()} == {
        "2026-11-02": 38, "2026-11-03": 0, "2026-11-04": 2,
    }  # fmt: skip
    assert all({row["first_seen_day"] for row in rows} <= {day} for day, rows in found.items())


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("gaps", "redundant")])
def test_what_was_before_and_what_is_since_a_day_make_everything(name, ask):
    if name == "keywords":
        sums = [
            sum(row["charged"] for row in ask(name, *options))
            for options in ([], ["--since", "2026-11-03"], ["--until", "2026-11-03"])
        ]
    else:
        everything = ["--since", "2020-01-01"]
        sums = [
            len(ask(name, *options))
            for options in (everything, ["--since", "2026-11-03"], ["--until", "2026-11-03"])
        ]
    assert sums[0] == sums[1] + sums[2] > 0 or name == "odd"


def test_a_table_without_rows_says_so_beside_it_and_the_formats_for_programs_do_not(crawler):
    none = ("query", "new", "--since", "2026-11-05")
    assert crawler(*none).stderr == "no rows\n"
    assert "no rows" not in crawler(*none).stdout
    assert crawler(*none, "--csv").stderr == ""
    assert crawler("query", "new").stderr == ""


def empty_night(start, reason=ReasonCode.NOTHING_DUE) -> Night:
    return Night(start, {}, Reason(reason))


def test_a_run_that_made_no_call_does_not_hide_the_night_before(db, ask):
    with closing(open_database(db)) as store:
        play(store, db, empty_night(NIGHTS[-1].start + timedelta(hours=1)))
    assert [row["name"] for row in ask("new", "--db", db)] == ["新人穿搭", "新露营"]


def test_an_interrupted_night_and_the_run_that_resumed_it_are_one_night(db, ask):
    start = NIGHTS[-1].start + timedelta(days=1)
    first = {OUTFITS.text: [page(creator(301, "前半夜", 5), *ORDINARY[:2])]}
    second = {OUTFITS.text: [page(creator(302, "后半夜", 4), *ORDINARY[2:4])]}
    with closing(open_database(db)) as store:
        play(store, db, replace(empty_night(start, ReasonCode.INTERRUPTED), steps=first))
        play(store, db, replace(empty_night(start + timedelta(hours=3)), steps=second))
        play(store, db, empty_night(start + timedelta(hours=4)))
    assert [row["name"] for row in ask("new", "--db", db)] == ["前半夜", "后半夜"]


def test_a_night_that_stopped_a_day_earlier_is_another_night(db, ask):
    start = NIGHTS[-1].start + timedelta(days=1)
    with closing(open_database(db)) as store:
        for days, number in ((0, 301), (1, 302)):
            steps = {OUTFITS.text: [page(creator(number, f"夜{days}", 5))]}
            play(
                store,
                db,
                replace(empty_night(start + timedelta(days=days), ReasonCode.CALL_CAP), steps=steps),
            )
    assert [row["name"] for row in ask("new", "--db", db)] == ["夜1"]


def test_changed_says_what_was_and_what_is(ask):
    found = {(row["field"], row["old"], row["new"]) for row in ask("changed")}
    assert found == {
        ("name", ORDINARY[2].name, "改名了"),
        ("verified", "0", "1"),
        ("red_id", "90000005", "newred05"),
        ("fans_text", "381.2万", "400万"),
    }
    assert [row["fans_gained"] for row in ask("changed", "--keyword", "亲子", "--since", "9999d")] == []
    assert len(ask("changed", "--since", "2026-11-01")) == 6


def test_top_is_by_followers(ask):
    fans = [row["fans"] for row in ask("top")]
    known = [count for count in fans if count is not None]
    assert known == sorted(known, reverse=True)
    assert fans[0] == CHANGED[5].fans
    assert fans[-1] is None


@pytest.mark.parametrize(
    ("options", "count"),
    [
        (["--limit", "3"], 3),
        (["--min-fans", "20000", "--max-fans", "30000"], 4),
        (["--verified"], 3),
        (["--unverified"], 37),
        (["--keyword", "　露营  CAMPING "], 12),
        (["--tag", "时尚"], 33),
        (["--keyword", "nobody asked for this"], 0),
        (["--since", "2026-11-04"], 2),
    ],
)
def test_filters_choose_creators(options, count, ask):
    assert len(ask("top", *options)) == count


def test_overlap_counts_the_keywords_that_found_a_creator(ask):
    found = ask("overlap")
    assert found[0]["name"] == "amy穿搭"
    assert found[0]["keyword_count"] == 3
    assert found[0]["keywords"] == ["穿搭", "美食探店", "露营 Camping"]
    assert min(row["keyword_count"] for row in found) == 2


def test_keywords_say_what_they_bring_for_their_calls(ask):
    by_keyword = {row["keyword"]: row for row in ask("keywords")}
    assert by_keyword["露营 Camping"] == {
        "keyword": "露营 Camping", "creators": 12, "new_creators": 1, "calls": 4, "charged": 4,
        "creators_per_charge": 3.0, "new_per_charge": 0.25, "already_known_share": 0.917,
    }  # fmt: skip
    assert by_keyword["敏感词"]["creators_per_charge"] is None
    assert [row["keyword"] for row in ask("keywords", "--tag", "户外")] == ["露营 Camping"]
    lately = {row["keyword"]: row for row in ask("keywords", "--since", "2026-11-04")}
    assert lately["穿搭"]["new_creators"] == 1
    assert lately["穿搭"]["charged"] == 2


def test_keywords_and_the_view_keyword_performance_say_the_same(ask):
    """The question stands by itself because it takes `--since`, which a view cannot."""
    answered = ask("keywords")
    columns = ", ".join(answered[0])
    in_view = ask(f"SELECT {columns} FROM keyword_performance")
    assert sorted(in_view, key=str) == sorted(answered, key=str)
    assert len(answered) == len(KEYWORDS)


def test_spend_is_by_day_and_in_money_only_with_a_price(ask, monkeypatch):
    assert [(row["day"], row["calls"], row["charged"], row["unknown"]) for row in ask("spend")] == [
        ("2026-11-04", 9, 8, 0),
        ("2026-11-03", 5, 3, 0),
        ("2026-11-02", 13, 8, 1),
    ]
    assert {row["money"] for row in ask("spend")} == {None}
    monkeypatch.setenv("CRAWLER_PRICE", "0.5")
    assert [(row["money"], row["money_at_most"]) for row in ask("spend")][-1] == (4.0, 4.5)
    assert len(ask("spend", "--since", "2026-11-03")) == 2
    assert ask("runs")[0]["outcome"] == "failed"  # a price in the environment disturbs no other question


def test_pruned_calls_stay_in_the_spend(db, ask):
    before = ask("spend", "--db", db)
    with closing(open_database(db)) as store, store.atomic():
        store.conn.execute(
            "INSERT INTO pruned_calls SELECT date(sent_at, '+8 hours'), 1, charge, count(*) FROM calls"
            " WHERE run_id = 1 GROUP BY charge"
        )
        store.conn.execute("DELETE FROM calls WHERE run_id = 1")
    assert ask("spend", "--db", db) == before
    assert {row["keyword"]: row["charged"] for row in ask("keywords", "--db", db)}["穿搭"] == 6


def test_runs_come_latest_first(ask):
    assert [(row["run"], row["outcome"], row["new_creators"]) for row in ask("runs")] == [
        (3, "failed", 2),
        (2, "stopped", 0),
        (1, "failed", 38),
    ]


def test_failed_names_keyword_page_and_reason(ask):
    (row,) = ask("failed")
    assert (row["keyword"], row["page"]) == ("敏感词", 1)
    assert (row["reason"], row["reason_code"]) == ("code 400: bad parameter", "bad_parameter")
    assert row["source"] == "keywords/food.csv:5"


def test_reasons_outcomes_and_gaps_are_in_the_readers_language_for_people_only(crawler, monkeypatch):
    told = {"failed": "代码 400：参数错误", "runs": "代码 303：当日配额已用完", "gaps": "失败"}
    english = {"failed": "code 400: bad parameter", "runs": "code 303: daily quota used up", "gaps": "failed"}
    monkeypatch.setenv("LANGUAGE", "zh_CN")
    for name, words in told.items():
        assert words in crawler("query", name).stdout
        for output in ("--csv", "--json", "--jsonl"):
            assert english[name] in crawler("query", name, output).stdout
    monkeypatch.setenv("LANGUAGE", "en")
    for name, words in english.items():
        assert words in crawler("query", name).stdout


@pytest.mark.parametrize("words", re.findall(r"'([a-z ]{6,})'", load_questions()["gaps"].sql))
def test_every_gap_has_its_words_in_chinese(words):
    assert translations("zh").gettext(words) != words


def test_odd_names_answers_that_were_strange_as_a_whole_the_newest_first(db, ask):
    nobody = Reject(1, Reason(ReasonCode.ENTRY_NOT_OBJECT, {"kind": "null"}), "null")
    null = replace(page(), oddity=Reason(ReasonCode.DATA_NOT_OBJECT, {"kind": "null"}))
    listed = replace(page(ORDINARY[0], rejects=[nobody]), oddity=Reason(ReasonCode.DATA_IS_LIST))
    steps = {"穿搭": [listed, null], "亲子": [page(rejects=[nobody]), page()]}
    with closing(open_database(db)) as store:
        play(store, db, Night(NIGHTS[-1].start + timedelta(days=1), steps, Reason(ReasonCode.ALL_DONE)))
    found = [(row["keyword"], row["page"], row["oddity"], row["creators"]) for row in ask("odd", "--db", db)]
    assert found == [
        ("亲子", 1, "no entry could be read", 0),
        ("穿搭", 2, "data is null, not an object", 0),
        ("穿搭", 1, "data is a list, not an object", 1),
    ]
    assert ask("odd") == []


def test_gaps_name_a_missing_page_and_a_charged_call_without_its_page(db, ask):
    assert [row["gap"] for row in ask("gaps", "--db", db)] == ["failed"]
    with closing(open_database(db)) as store, store.atomic():
        store.conn.execute("DELETE FROM pages WHERE keyword_id = 3 AND generation = 2 AND page = 1")
        store.conn.execute("DELETE FROM checkpoints WHERE keyword_id = 4")
    assert [(row["keyword"], row["gap"], row["page"]) for row in ask("gaps", "--db", db)] == [
        ("露营 Camping", "charged call without its page", 1),
        ("露营 Camping", "page missing", 1),
        ("亲子", "never crawled", 1),
        ("敏感词", "failed", 1),
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["runs", "--keyword", "穿搭"],
            "the question runs takes no --keyword; it takes: --since, --until, --limit",
        ),
        (["keywords", "--min-fans", "5"], "takes no --min-fans"),
        (["failed", "--unverified"], "takes no --verified"),
        (["top", "--price", "1"], "takes no --price"),
        (["neww"], "there is no question neww; did you mean new?"),
        (["xyzzy"], "there is no question xyzzy; there are: accounts, changed, failed, gaps"),
        (["new", "--until", "tomorrow"], "--until takes a day"),
        (["new", "--min-fans", "many"], "a number of fans is written 5000, 1万 or 10w, not many"),
        (["--keyword", "穿搭"], "--keyword needs a named question"),
        (["SELECT 1", "--tag", "x"], "--tag is for named questions"),
        (["new", "--since", "yesterdayish"], "--since takes a day"),
    ],
)
def test_what_a_question_cannot_use_is_refused(arguments, message, crawler):
    result = crawler("query", *arguments)
    assert isinstance(result.exception, InputError)
    assert message in str(result.exception)


def test_a_file_in_a_folder_of_ones_own_is_a_question(tmp_path, crawler, ask, monkeypatch):
    (tmp_path / "big.sql").write_text(
        "-- title: Big ones\n-- description: All of them.\n-- options: --min-fans --limit\n"
        "SELECT name FROM users WHERE fans > 10000 AND /* creators */ 1 LIMIT :limit",
        encoding="utf-8",
    )
    (tmp_path / "top.sql").write_text("SELECT 'mine' AS whose", encoding="utf-8")
    monkeypatch.setenv("CRAWLER_QUESTIONS", str(tmp_path))
    assert "Big ones" in crawler("query").stdout
    assert [row["name"] for row in ask("big", "--min-fans", "1000000")] == ["amy穿搭"]
    assert len(ask("big", "--limit", "2")) == 2
    assert ask("top") == [{"whose": "mine"}]
    assert "takes no --tag" in str(crawler("query", "big", "--tag", "x").exception)


def test_a_question_of_ones_own_cannot_write_either(tmp_path, crawler):
    (tmp_path / "evil.sql").write_text("DELETE FROM users", encoding="utf-8")
    result = crawler("query", "evil", "--questions", tmp_path)
    assert "not authorized" in str(result.exception)


def test_a_question_of_ones_own_takes_the_options_whose_parameters_it_uses(
    tmp_path, ask, crawler, monkeypatch
):
    (tmp_path / "mine.sql").write_text(
        "SELECT name FROM creators_with_keywords\n"
        " WHERE fans >= coalesce(:min_fans, 0) AND fans <= coalesce(:max_fans, 1e12)\n"
        "   AND (:verified IS NULL OR coalesce(verified, 0) = :verified)\n"
        "   AND first_seen_at < coalesce(:until, '9999') LIMIT :limit",
        encoding="utf-8",
    )
    monkeypatch.setenv("CRAWLER_QUESTIONS", str(tmp_path))
    assert [row["name"] for row in ask("mine", "--min-fans", "100万")] == ["amy穿搭"]
    assert len(ask("mine", "--verified")) == 3
    assert len(ask("mine", "--until", "2026-11-03")) == 37
    assert len(ask("mine", "--limit", "2")) == 2
    assert "takes no --tag" in str(crawler("query", "mine", "--tag", "x").exception)
    (tmp_path / "mine.sql").write_text("SELECT :colour", encoding="utf-8")
    told = str(crawler("query", "mine").exception)
    assert ":colour" in told and ":min_fans" in told


def test_a_folder_or_header_that_cannot_be_used_is_named(tmp_path, crawler):
    assert "no folder of questions" in str(crawler("query", "--questions", tmp_path / "none").exception)
    (tmp_path / "odd.sql").write_text("-- options: --colour\nSELECT 1", encoding="utf-8")
    assert "--colour" in str(crawler("query", "--questions", tmp_path).exception)
    (tmp_path / "odd.sql").write_bytes(b"\xff\xfe\x00")
    assert "cannot read the question" in str(crawler("query", "--questions", tmp_path).exception)


def test_csv_holds_ids_as_they_are_and_no_formula(crawler):
    found = list(csv.DictReader(io.StringIO(crawler("query", "top", "--csv").stdout)))
    assert {"0012", "26814156493"} <= {row["red_id"] for row in found}
    assert any(row["name"].startswith("'=HYPERLINK") for row in found)
    assert found[-1]["fans"] == ""
