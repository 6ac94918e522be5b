"""Keyword files → `Keyword` values, with file and line for each problem.

- `.txt`: one keyword a line; blank lines, and lines that start with `#`, are ignored.
- `.csv`: a header names the column `keyword` (`关键词`, `关键字`, `搜索词`) and, if wanted, `max_pages`
  (`最大页数`), `priority` (`优先级`), `tags` (`标签`) and `refresh_after` (`再次采集`); other columns are
  passed over, and those whose names come close are named. Titles above the header are passed over.
  A comma, semicolon or tab parts the cells.
- `.jsonl`: a line holds either a JSON string or an object with the keys above.
- `.xlsx`: the first sheet, with a heading as in `.csv`, or keywords alone in one column.
- Standard input (`-`), pipes and files without an ending are read as what they begin like, or as is said.
- A folder stands for all of these in it and below it, by name, except hidden files and READMEs.

Text is UTF-8, UTF-16 with a byte order mark, or GB18030; see `encoding` for how they are told apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from crawler.keywords.sources import entries, find_sources
from crawler.keywords.validation import identity
from crawler.model import Keyword, Problem

__all__ = ["identity", "read_keywords"]


def read_keywords(
    paths: Sequence[str | Path],
    stdin: BinaryIO | None = None,
    *,
    samples: bool = True,
    format_name: str | None = None,
) -> Iterator[Keyword | Problem]:
    """Every keyword of `paths` in order, and a `Problem` for every line that gives none and every
    file and mistyped column that is passed over.

    Reads as it goes, so that a file may be larger than memory; duplicates are left in. `stdin` stands in for
    standard input. Without `samples` the files that came with the program are passed over in folders.
    `format_name` (text, csv, jsonl, xlsx) is the format of what has no ending that tells it. Raises
    `InputError` before the first item when any path is missing, cannot be read, is no keyword file, or is a
    folder without one.
    """
    with ExitStack() as until_read:
        sources, problems = find_sources(paths, stdin, until_read, samples=samples, format_name=format_name)
        yield from problems
        for source in sources:
            yield from entries(source)
