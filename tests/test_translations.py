"""The catalogues are those of the code, and people who read Chinese are spoken to in Chinese."""

import ast
import asyncio
import copy
import gettext
import inspect
import json
import os
import re
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

import crawler.cli.click_messages
from crawler.cli import COMMANDS
from crawler.cli.help import wrapped
from crawler.errors import StoreError
from crawler.i18n import LOCALE_DIR, Message, _, english
from crawler.i18n.reasons import words as words_of
from crawler.simulator import Simulator, SimulatorSettings
from crawler.store.database import store_errors
from crawler.store.migrations.reasons import reason_of_sentence
from crawler.store.readonly import open_readonly
from crawler.untrusted_text import width
from tests import forked
from tests.translations import LANGUAGES, PACKAGE, mo_bytes, po_path, po_text, read, template

CHINESE = re.compile(r"[\u4e00-\u9fff]")
HAN = r"\u3000-\u303f\u4e00-\u9fff\uff00-\uffef"
STRAY_SPACE = re.compile(
    rf"[{HAN}‘’“”] [{HAN}]|[{HAN}] [‘’“”]|[，。、；：？！（）] [^\[]|\S [，。、；：？！）]"
)
PLACEHOLDER = re.compile(r"%\([a-z_]+\)[-0-9.]*[a-z]|%[-0-9.]*[a-z]|%%|\{[a-z_]*(?:![a-z])?\}")
"""Of `%` and of `str.format`; click's own messages use the latter."""

QUOTA = "code 303: daily quota used up"


def texts(message):
    """Every text of a message, or of its translation."""
    return [message] if isinstance(message, str) else list(message)


def messages(language):
    """Pairs of message and translation."""
    return [(message.id, message.string) for message in read(language) if message.id]


def identifiers(catalog):
    return {message.id for message in catalog if message.id}


@pytest.fixture
def in_chinese(monkeypatch):
    """This process reads Chinese."""
    monkeypatch.setenv("LANGUAGE", "zh_CN")


def run(*arguments, cwd, lang="zh_CN.UTF-8", **variables):
    """The crawler in a process of its own; the finished process."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    return forked.run([*map(str, arguments)], cwd, {**kept, "LANG": lang, "PYTHONUTF8": "1", **variables})


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_holds_the_messages_of_the_code_and_no_others(language):
    assert identifiers(read(language)) == identifiers(template()), "`make translations` takes them up"


def test_every_message_that_the_code_marks_is_found_where_catalogues_are_made():
    """Also where the extractor is blind, as it is inside an f-string."""
    known = {text for identifier in identifiers(template()) for text in texts(identifier)}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("_", "N_"):
                (argument,) = node.args
                assert not isinstance(argument, ast.JoinedStr), f"{path}:{node.lineno} has no fixed text"
                if isinstance(argument, ast.Constant):
                    assert argument.value in known, f"{path}:{node.lineno} cannot be translated"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_translated(language):
    assert [one for one, other in messages(language) if not all(texts(other))] == []
    assert [message.id for message in read(language) if message.id and message.fuzzy] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_is_given_the_same_values_as_its_message(language):
    for message, translation in messages(language):
        forms = [PLACEHOLDER.findall(text) for text in texts(message)]
        for text in texts(translation):
            found = PLACEHOLDER.findall(text)
            named = all(name.startswith("%(") for name in found)
            assert (sorted(found) if named else found) in [sorted(f) if named else f for f in forms], message


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_is_as_its_tool_writes_it_and_compiled(language):
    path = po_path(language)
    assert path.read_text(encoding="utf-8") == po_text(read(language))
    assert path.with_suffix(".mo").read_bytes() == mo_bytes(read(language))


def test_what_click_says_is_listed_as_click_says_it():
    source = "".join(path.read_text("utf-8") for path in Path(inspect.getfile(click)).parent.glob("*.py"))
    for words in crawler.cli.click_messages.CLICK_WORDS:
        for text in texts(words):
            assert f'"{text}"' in source


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_is_chinese_line_by_line_and_fits_the_terminal(command, tmp_path):
    page = run(*command.split(), "--help", cwd=tmp_path, COLUMNS="80").stdout
    assert page.startswith("用法: crawler")
    assert "选项:\n" in page
    for line in page.splitlines():
        written = line.strip()
        exempt = not written or written.startswith(("crawler ", "echo ", "--", "-q")) or "[" in written
        assert exempt or CHINESE.search(written) or not re.search(r"[a-z] [a-z]", written), line
    options = page.partition("选项:\n")[2].partition("命令:\n")[0]
    assert max(map(width, options.splitlines())) <= 80


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_in_chinese_has_no_space_where_chinese_has_none(command, tmp_path):
    page = run(*command.split(), "--help", cwd=tmp_path, COLUMNS="80").stdout
    text = [line.strip() for line in page.splitlines() if not line.strip().startswith("crawler ")]
    assert [line for line in text if STRAY_SPACE.search(line)] == []


def test_the_columns_of_options_are_aligned(tmp_path):
    page = run("run", "--help", cwd=tmp_path, COLUMNS="80").stdout
    lines = page.partition("选项:\n")[2].splitlines()
    beside = [re.match(r"(?:  -.{0,30}? {2,}| {20,})(?=\S)", line) for line in lines]
    assert len({width(match[0]) for match in beside if match}) == 1


def test_help_is_english_by_default(tmp_path):
    page = run("run", "--help", cwd=tmp_path, lang="C.UTF-8").stdout
    assert page.startswith("Usage: crawler run")
    assert CHINESE.search(page.replace("穿搭", "")) is None


def test_what_cannot_be_used_is_said_in_chinese(tmp_path):
    unknown = run("status", "--nope", cwd=tmp_path)
    assert (unknown.returncode, "错误：没有选项 '--nope'。" in unknown.stderr) == (2, True)
    missing = run("status", cwd=tmp_path)
    assert "没有数据库" in missing.stderr
    assert "无法读取：没有这个文件或文件夹" in run("plan", "none.txt", cwd=tmp_path).stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("export",), "错误：缺少参数 'FILE'。"),
        (("merge", "a.db"), "错误：缺少选项 '-o' / '--output'。"),
        (("statsu",), "错误：没有命令 'statsu'。是否想输入 'status'？"),
        (("split", "a.txt", "two"), "错误：'PARTS' 的值无效：'two' 不是有效的数字。"),
        (
            ("run", "--order", "best"),
            "错误：'--order'（环境变量：'CRAWLER_ORDER'）的值无效："
            "'best' 不在可选值 'auto', 'file', 'yield' 之中。",
        ),
    ],
)
def test_a_wrong_command_line_is_told_without_a_word_of_english(arguments, said, tmp_path):
    assert run(*arguments, cwd=tmp_path).stderr.splitlines()[-1] == said


@dataclass(frozen=True, slots=True)
class Stopped:
    """A night that met its quota after one page, and the same command again with `--json`."""

    folder: Path
    told: subprocess.CompletedProcess
    summary: dict

    def status(self, *options, **dependencies):
        """What `crawler status` prints."""
        return run("status", "--db", "night.db", *options, cwd=self.folder, **dependencies).stdout


@pytest.fixture
async def stopped(tmp_path):
    (tmp_path / "words.txt").write_text("穿搭\n露营\n", encoding="utf-8")
    async with Simulator(SimulatorSettings(seed=1, daily_quota=1, pages_per_keyword=(3, 3))) as simulator:
        command = ("run", "words.txt", "--db", "night.db", "--base-url", simulator.base_url, "--rate", "50/s")
        told = await asyncio.to_thread(run, *command, cwd=tmp_path, JUSTONEAPI_TOKEN="demo")
        again = await asyncio.to_thread(run, *command, "--json", cwd=tmp_path, JUSTONEAPI_TOKEN="demo")
    return Stopped(tmp_path, told, json.loads(again.stdout))


async def test_a_night_is_told_in_chinese(stopped):
    assert stopped.told.returncode == 75
    assert stopped.told.stdout.startswith("中途停止：代码 303：当日配额已用完\n")
    assert "零点之后从中断处继续：" in stopped.told.stdout
    assert "正在停止：代码 303：当日配额已用完" in stopped.told.stderr


async def test_what_programs_read_of_a_night_is_english(stopped):
    assert stopped.summary["reason"] == QUOTA
    assert {entry["reason"] for entry in json.loads(stopped.status("--json"))["runs"]} == {QUOTA}
    with closing(open_readonly(stopped.folder / "night.db")) as connection:
        assert {row[0] for row in connection.execute("SELECT reason FROM runs")} == {"daily_quota"}


async def test_a_night_told_in_chinese_can_be_read_in_either_language(stopped):
    chinese = stopped.status()
    assert "待采集：2" in chinese
    assert "中途停止" in chinese
    assert "代码 303：当日配额已用完" in chinese
    other = stopped.status(lang="C.UTF-8")
    assert QUOTA in other
    assert CHINESE.search(re.sub("穿搭|露营", "", other)) is None


async def test_tables_under_chinese_headings_are_aligned(stopped):
    tables = [block.splitlines() for block in stopped.status().split("\n\n") if "─" in block]
    assert len(tables) == 2
    for heading, rule, *rows in tables:
        gaps = [cell for cell, character in enumerate(rule) if character == " "]
        for line in (heading, *rows):
            cells = "".join(character.ljust(width(character), "x") for character in line).ljust(len(rule))
            assert {cells[gap] for gap in gaps} == {" "}, line


@pytest.mark.parametrize(("token", "told"), [("demo", "无法读取"), ("", "没有令牌")])
def test_a_refusal_is_english_for_programs(token, told, tmp_path):
    refused = run("run", "missing.txt", "--json", cwd=tmp_path, JUSTONEAPI_TOKEN=token)
    assert CHINESE.search(json.loads(refused.stdout)["reason"]) is None
    assert told in refused.stderr


def test_the_list_of_questions_is_chinese_for_people_and_english_for_programs(tmp_path):
    listed = run("query", cwd=tmp_path).stdout.splitlines()
    assert listed[0].split() == ["查询", "内容", "可用选项"]
    assert all(CHINESE.search(line) for line in listed[2:])
    assert CHINESE.search(run("query", "--json", cwd=tmp_path).stdout) is None


def test_the_version_is_said_in_chinese(tmp_path):
    assert re.fullmatch(r"crawler，版本 [0-9.]+\n", run("--version", cwd=tmp_path).stdout)


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("nothing is due", "没有待采集的关键词"),
        ("interrupted by SIGINT", "被 SIGINT 中断"),
        ("code 303: daily quota used up", "代码 303：当日配额已用完"),
        ("code 999: undocumented code", "代码 999：文档中没有的代码"),
        (
            "no readable answer (HTTP 502, unreadable: an HTML page)",
            "没有收到可读的应答（HTTP 502，无法识别：HTML 页面）",
        ),
        ("cannot write data/a.db: disk full (5)", "无法写入 data/a.db：disk full (5)"),
        ("words of another make", "words of another make"),
        ("", ""),
    ],
)
def test_a_sentence_of_an_older_version_becomes_a_code_and_is_shown_in_the_readers_language(
    reason, shown, monkeypatch
):
    stored = reason_of_sentence(reason)
    monkeypatch.setenv("LANGUAGE", "en")
    assert words_of(*stored) == reason
    monkeypatch.setenv("LANGUAGE", "zh_CN")
    assert words_of(*stored) == shown


def test_an_error_knows_its_english(in_chinese, tmp_path):
    path = tmp_path / "none" / "a.db"
    with pytest.raises(StoreError) as caught, store_errors(path):
        sqlite3.connect(path)
    assert str(caught.value).startswith("无法写入")
    assert caught.value.english == f"cannot write {path}: unable to open database file"


def test_a_message_keeps_its_english_with_the_values_put_in(in_chinese):
    message = _("the question %(name)s takes no %(option)s; it takes: %(options)s") % {
        "name": "runs",
        "option": "--tag",
        "options": _("nothing"),
    }
    assert isinstance(message, Message)
    assert english(message) == "the question runs takes no --tag; it takes: nothing"
    assert english(copy.deepcopy(message)) == english(message)
    assert english("plain") == "plain"


def test_every_language_has_its_catalogue_and_any_other_reads_english():
    for language in LANGUAGES:
        assert gettext.find("crawler", LOCALE_DIR, [language]) is not None
    assert gettext.find("crawler", LOCALE_DIR, ["fr"]) is None


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("一二三四五六", ["一二三", "四五六"]),
        ("一二三。四五六", ["一二", "三。四", "五六"]),
        ("（一）二三", ["（一）", "二三"]),
        ("采集 keywords 完", ["采集", "keywords", "完"]),
        ("ab cd ef", ["ab cd", "ef"]),
        ("一二\n  三", ["一二三"]),
        ("一，\nab", ["一，ab"]),
        ("ab\n（一）", ["ab", "（一）"]),
        ("一\nab", ["一 ab"]),
        ("一 二\nab\ncd", ["一 二", "ab cd"]),
    ],
)
def test_a_line_breaks_between_characters_and_never_before_their_punctuation(text, lines):
    assert wrapped(text, 6) == lines
