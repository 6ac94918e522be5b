"""What a reader of keyword files compares."""

from __future__ import annotations

from crawler.keywords import read_keywords
from crawler.model import Problem


def texts(*paths, **kwargs):
    """What is sent for each keyword of `paths`; a problem fails the test."""
    found = list(read_keywords(paths, **kwargs))
    assert [item for item in found if isinstance(item, Problem)] == []
    return [item.text for item in found]


def problems(*paths):
    """(line, message) of every problem."""
    found = [item for item in read_keywords(paths) if isinstance(item, Problem)]
    return [(int(item.source.rpartition(":")[2]), item.message) for item in found]
