"""`crawler split`: each keyword in one part, whoever asks."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.cli.split import split as command
from crawler.errors import InputError
from crawler.keywords import identity, read_keywords
from crawler.keywords.split import part_of, split_keywords
from crawler.keywords.validation import trimmed
from crawler.model import Keyword

TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Co", "Cn")), min_size=1, max_size=12
).filter(lambda text: identity(text) and "\ufffd" not in text)


@st.composite
def _keywords(draw):
    text = draw(TEXT)
    tags = draw(st.lists(st.sampled_from(["美食", "a,b"]), unique=True))
    pages_max = draw(st.none() | st.integers(1, 99))
    return Keyword(trimmed(text), identity(text), draw(st.integers(-9, 9)), pages_max, tuple(tags))


KEYWORDS = st.lists(_keywords(), min_size=1, max_size=30)


def ask(*arguments):
    return CliRunner().invoke(command, [str(each) for each in arguments], catch_exceptions=False,
                              standalone_mode=False)  # fmt: skip


def of_part(path):
    return [each._replace(source="") for each in read_keywords([path])]


@pytest.fixture
def keywords(tmp_path) -> Path:
    folder = tmp_path / "keywords"
    folder.mkdir()
    (folder / "a.txt").write_text("穿搭\nＡＭＹ\n美食\n", encoding="utf-8")
    (folder / "b.csv").write_text(
        "keyword,priority,tags,max_pages\namy,7,妆;娱乐,3\n露营,,,\n", encoding="utf-8"
    )
    return folder


@settings(deadline=None)
@given(KEYWORDS, st.integers(2, 9))
def test_no_keyword_is_lost_and_none_is_in_two_parts(given_keywords, parts):
    with tempfile.TemporaryDirectory() as folder:
        made = split_keywords(given_keywords, parts, Path(folder, "parts"))
        found = [of_part(path) for path, _count in made]
    assert [len(part) for part in found] == [count for _path, count in made]
    key = repr
    assert sorted((each for part in found for each in part), key=key) == sorted(given_keywords, key=key)
    homes = Counter(name for part in found for name in {each.identity for each in part})
    assert set(homes.values()) <= {1}


@given(st.lists(TEXT, unique_by=identity, min_size=1), st.integers(2, 40))
def test_one_more_part_takes_keywords_and_moves_no_other(texts, parts):
    for text in texts:
        assert part_of(identity(text), parts + 1) in (part_of(identity(text), parts), parts)


@pytest.mark.parametrize("parts", [2, 3, 10])
def test_parts_are_about_as_big_as_each_other(parts):
    counts = Counter(part_of(f"关键词 {number}", parts) for number in range(30_000))
    assert len(counts) == parts
    assert max(counts.values()) < 1.1 * 30_000 / parts


def test_a_keyword_stays_in_its_part_when_others_come(keywords, tmp_path):
    ask(keywords, 3, "-o", tmp_path / "before")
    (keywords / "c.txt").write_text("\n".join(f"新词{number}" for number in range(50)), encoding="utf-8")
    ask(keywords, 3, "-o", tmp_path / "after")
    for part in (tmp_path / "before").iterdir():
        assert set(of_part(part)) <= set(of_part(tmp_path / "after" / part.name))


def test_spellings_of_one_keyword_go_together_with_all_that_their_files_say(keywords, tmp_path):
    result = ask(keywords, 2, "-o", tmp_path / "parts")
    assert "keywords" in result.stdout
    found = [each for part in sorted((tmp_path / "parts").iterdir()) for each in of_part(part)]
    (amy,) = [part for part in (tmp_path / "parts").iterdir() if "amy" in {k.identity for k in of_part(part)}]
    assert [each.text for each in of_part(amy) if each.identity == "amy"] == ["ＡＭＹ", "amy"]
    assert Keyword("amy", "amy", 7, 3, ("妆", "娱乐")) in found
    assert len(found) == 5


@pytest.mark.parametrize("inside", ["parts", "deep/er"])
def test_a_folder_among_the_keywords_is_refused(keywords, inside):
    (keywords / "deep").mkdir()
    with pytest.raises(InputError, match="would then hold every keyword twice"):
        ask(keywords, 2, "-o", keywords / inside)


def test_nothing_is_overwritten(keywords, tmp_path):
    folder = tmp_path / "parts"
    folder.mkdir()
    ask(keywords, 2, "-o", folder)  # an empty one is as good as none
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(InputError, match="is there already"):
        ask(keywords, 3, "-o", folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_split_that_is_broken_off_leaves_nothing(tmp_path):
    def broken():
        yield Keyword("穿搭", "穿搭")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        split_keywords(broken(), 2, tmp_path / "parts")
    assert list(tmp_path.iterdir()) == []


def test_lines_without_a_keyword_are_named(tmp_path):
    path = tmp_path / "list.jsonl"
    path.write_text('"穿搭"\n{"keyword": 7}\n', encoding="utf-8")
    result = ask(path, 2, "-o", tmp_path / "parts")
    assert "list.jsonl:2" in result.stderr


def test_files_without_a_keyword_make_no_parts(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("# 穿搭\n", encoding="utf-8")
    with pytest.raises(InputError, match="there is no keyword"):
        ask(path, 2, "-o", tmp_path / "parts")
    assert [each.name for each in tmp_path.iterdir()] == ["list.txt"]


def test_the_part_that_is_proposed_has_keywords(tmp_path):
    """Of one keyword all parts but its own are without any."""
    path = tmp_path / "list.txt"
    path.write_text("穿搭\n", encoding="utf-8")
    result = ask(path, 9, "-o", tmp_path / "parts")
    (part,) = [each for each in (tmp_path / "parts").iterdir() if each.stat().st_size]
    assert result.stderr.rstrip().endswith(f"crawler run {part}")
