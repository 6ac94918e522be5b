"""The sample keywords that a newcomer's first night crawls."""

from collections import Counter
from pathlib import Path

from crawler.keywords import read_keywords
from crawler.model import Problem

SAMPLES = Path(__file__).parents[2] / "keywords"


def test_the_samples_read_without_a_problem():
    assert [item for item in read_keywords([SAMPLES]) if isinstance(item, Problem)] == []


def test_there_are_about_two_hundred_samples_and_none_twice():
    counted = Counter(item.identity for item in read_keywords([SAMPLES]))
    assert 180 <= counted.total() <= 220
    assert counted.most_common(1)[0][1] == 1


def test_the_samples_show_every_format():
    assert {file.suffix for file in SAMPLES.iterdir()} == {".txt", ".csv", ".jsonl"}


def test_the_samples_show_priorities_tags_and_page_limits():
    samples = list(read_keywords([SAMPLES]))
    assert any(sample.priority > 0 for sample in samples)
    assert any(len(sample.tags) > 1 for sample in samples)
    assert any(sample.pages_max for sample in samples)
