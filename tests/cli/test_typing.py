"""What the command line makes of a word that is mistyped, or only begun."""

from __future__ import annotations

import pytest

SLOW_TO_LOAD = {"aiohttp", "rich", "sqlite_utils", "crawler.engine.loop"}


@pytest.fixture
def completed(crawler):
    """What bash is offered for the last of `words`."""

    async def complete(*words: str, **environment: str) -> list[str]:
        line = {"COMP_WORDS": " ".join(["crawler", *words]), "COMP_CWORD": str(len(words))}
        ended = await crawler(_CRAWLER_COMPLETE="bash_complete", **line, **environment)
        assert ended.stderr == ""
        return [offer.removeprefix("plain,") for offer in ended.stdout.split()]

    return complete


@pytest.mark.parametrize(
    ("typed", "language", "answer"),
    [
        ("rum", "en", "No such command 'rum'. Did you mean 'run'?"),
        ("rum", "zh_CN", "没有命令 'rum'。是否想输入 'run'？"),
        ("exprot", "en", "No such command 'exprot'. Did you mean 'export'?"),
        ("xyzzy", "en", "No such command 'xyzzy'."),
    ],
)
async def test_a_mistyped_command_is_answered_with_the_nearest_one(typed, language, answer, crawler):
    ended = await crawler(typed, LANGUAGE=language)
    assert ended.exit_code == 2
    assert ended.stderr.endswith(f"{answer}\n")


async def test_a_mistyped_option_is_answered_as_before(crawler):
    assert "--max-calls" in (await crawler("run", "--max-cals")).stderr
    assert "No such option '--nope'." in (await crawler("--nope")).stderr


async def test_the_names_of_questions_are_completed(completed):
    assert await completed("query", "") == [
        "accounts", "changed", "failed", "gaps", "keywords", "new", "odd", "overlap", "redundant", "runs",
        "spend", "top",
    ]  # fmt: skip
    assert await completed("query", "--json", "ne") == ["new"]
    assert await completed("query", "SELECT") == []


async def test_questions_of_ones_own_are_completed_too(completed, tmp_path):
    (tmp_path / "newest.sql").write_text("SELECT 1", encoding="utf-8")
    assert await completed("query", "--questions", str(tmp_path), "ne") == ["new", "newest"]
    assert await completed("query", "ne", CRAWLER_QUESTIONS=str(tmp_path)) == ["new", "newest"]
    assert await completed("query", "--questions", str(tmp_path / "none"), "ne") == []


async def test_fixed_values_are_completed(completed):
    assert await completed("report", "--lang", "") == ["zh", "en"]
    assert await completed("export", "--partition-by", "") == ["day"]


async def test_a_shell_that_shows_descriptions_shows_what_a_question_answers(crawler):
    line = {"COMP_WORDS": "crawler query ne", "COMP_CWORD": "ne", "LANGUAGE": "zh_CN"}
    ended = await crawler(_CRAWLER_COMPLETE="fish_complete", **line)
    assert ended.stdout.split() == ["plain,new", "新增达人"]


async def test_completing_loads_nothing_slow(crawler):
    line = {"COMP_WORDS": "crawler query ne", "COMP_CWORD": "2"}
    ended = await crawler(_CRAWLER_COMPLETE="bash_complete", PYTHONPROFILEIMPORTTIME="1", **line)
    loaded = {entry.rpartition("|")[2].strip() for entry in ended.stderr.splitlines()}
    assert "crawler.analysis.query" in loaded
    assert loaded.isdisjoint(SLOW_TO_LOAD)
