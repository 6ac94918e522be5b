"""Help pages on a terminal where Chinese characters fill two cells, in click's own layout; no option's name
is broken at its hyphens."""

from __future__ import annotations

import re
from collections.abc import Iterable

import click

from crawler.untrusted_text import width

# What stays together on a line: a word with the punctuation around it, or one Chinese character with its own.
_PIECE = re.compile(r"\s+|[(\[“‘（《「]*(?:[!-~]+|\S)[，。、；：？！）》」”’…]*")
# A line break that is no space: between two Chinese characters, or beside a Chinese punctuation mark.
_HAN = r"\u3000-\u303f\u3400-\u9fff\uff00-\uffef"
_PUNCTUATION = r"\u3000-\u303f\uff00-\uff0f\uff1a-\uff1f\uff3b-\uff3f\uff5b-\uff65"
_QUOTES = "\u2018-\u201d\u2026"
_NO_SPACE = re.compile(
    rf"(?<=[{_HAN}])\n(?=[{_HAN}{_QUOTES}])|(?<=[{_QUOTES}])\n(?=[{_HAN}])"
    rf"|(?<=[{_PUNCTUATION}])\n|\n(?=[{_PUNCTUATION}])"
)
_UNWRAPPED = "\b\n"
"""Click leaves a paragraph that begins so as it is."""


class HelpFormatter(click.HelpFormatter):
    """Breaks Chinese text by the cells it fills and between any two characters; click counts characters."""

    def write_text(self, text: str) -> None:
        """Writes paragraphs."""
        super().write_text(_wrapped_paragraphs(text, self.width - self.current_indent))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Writes options or commands, each with its text beside it."""
        rows = list(rows)
        names_width = min(max(len(name) for name, _text in rows), col_max) + col_spacing
        cells = max(self.width - names_width - 2, 10)
        super().write_dl(
            [(name, _wrapped_paragraphs(text, cells)) for name, text in rows], col_max, col_spacing
        )


class HelpContext(click.Context):
    """A context whose help is written by `HelpFormatter`."""

    formatter_class = HelpFormatter


def _wrapped_paragraphs(text: str, cells: int) -> str:
    return "\n\n".join(
        paragraph if paragraph.startswith(_UNWRAPPED) else _UNWRAPPED + "\n".join(wrapped(paragraph, cells))
        for paragraph in text.split("\n\n")
    )


def _joined(text: str) -> str:
    return _NO_SPACE.sub("", "\n".join(line.strip() for line in text.split("\n")))


def wrapped(text: str, cells: int) -> list[str]:
    """`text` in lines of at most `cells` cells, broken at white space and between Chinese characters; where
    Chinese has no space, a line break of the text leaves none."""
    lines = [""]
    for piece in _PIECE.findall(" ".join(_joined(text).split())):
        if lines[-1] and width(lines[-1] + piece.rstrip()) > cells:
            lines.append(piece.lstrip())
        else:
            lines[-1] += piece
    return [line.rstrip() for line in lines]
