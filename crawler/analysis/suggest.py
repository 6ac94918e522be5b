"""Words that many of the creators found have in their names and bios, and no keyword covers.

Chinese is not written in words. A run of characters counts as one where its parts come together far more
often than by chance and what stands before and after it varies: no dictionary, so that new words are found.
Latin words count where a bio has them: in names they are mostly names.
"""

from __future__ import annotations

import math
import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from crawler.keywords import identity

CREATORS_READ_MAX = 100_000
"""Creators whose texts are read at most, spread evenly over all."""

CHARACTERS_MAX = 6
COHESION_MIN = 12.0
"""Times that the parts of a word come together more often than by chance."""
FREEDOM_MIN = 1.0
"""Bits of what stands before a word, and after it."""
CONTAINED_SHARE = 0.75
"""A word of whose creators so many have a longer one is a piece of that."""

_RUN = re.compile(r"[\u3400-\u9fff]+|[a-z][a-z0-9]{2,}")

_LATIN = re.compile(r"[a-z][a-z0-9]*")

_COMMON = """
合作 私信 商务 联系 备注 来意 微信 邮箱 分享 记录 每天 日常 生活 喜欢 欢迎 关注 谢谢 感谢 博主 更新 真实
心得 一个 我们 你的 我的 普通人 爱好者 爱分享 日记 笔记 小红书 账号 工作室 同名 全网 快乐 努力 热爱 认真
简单 一起 交流 坐标 干货 避坑 好物 姐姐 妈妈 老师 同学 学姐 学长 研究所 小铺 不打烊 在路上 慢生活
com http https www the and mail vip
"""
COMMON = frozenset(_COMMON.split())
"""What creators of any kind write about themselves."""

_PARTICLES = frozenset("的了是在和也就不我你他她这那与及或很都把被给让")
"""Characters that no keyword begins or ends with."""

_TEXTS = """
SELECT name, bio, fans
  FROM users
 WHERE key % max(1, (SELECT max(key) FROM users) / :creators) = 0
"""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A word no keyword covers: how many of the creators read have it, as what share, one of them, and how
    many followers the one in the middle has."""

    keyword: str
    creators: int
    share: float
    fans_median: int | None
    example: str


@dataclass(slots=True)
class _Word:
    creators: int = 0
    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)
    fans: list[int] = field(default_factory=list)
    example: str = ""


def read_suggestions(
    connection: sqlite3.Connection, *, limit: int = 20, creators_min: int = 5
) -> list[Suggestion]:
    """The best `limit` words, those most creators have first; a keyword, any part of one and whatever holds
    one is covered."""
    texts = [
        (f"{_LATIN.sub(' ', identity(name or ''))} \n {identity(bio or '')}", name or "", fans)
        for name, bio, fans in connection.execute(_TEXTS, {"creators": CREATORS_READ_MAX})
    ]
    covered = [row[0] for row in connection.execute("SELECT identity FROM keywords")]
    return suggest(texts, covered, limit=limit, creators_min=creators_min)


def suggest(
    texts: Sequence[tuple[str, str, int | None]],
    covered: Iterable[str],
    *,
    limit: int = 20,
    creators_min: int = 5,
) -> list[Suggestion]:
    """The same of texts, each with a name to show and the followers."""
    frequent, characters = _frequent([text for text, _name, _fans in texts], creators_min)
    words = _cohesive(frequent, characters)
    known = _Covered(covered)
    words = {word for word in words if _may_be_keyword(word) and not known.covers(word)}
    seen = _read(texts, words)
    free = {word: found for word, found in seen.items() if _is_free(found) and found.creators >= creators_min}
    chosen = sorted(_whole(free), key=lambda word: (-free[word].creators, word))
    return [_suggestion(word, free[word], len(texts)) for word in chosen[:limit]]


def _may_be_keyword(word: str) -> bool:
    return word not in COMMON and word[0] not in _PARTICLES and word[-1] not in _PARTICLES


class _Covered:
    """The keywords' own pieces, so that a word is looked up and not compared with each of them."""

    def __init__(self, keywords: Iterable[str]) -> None:
        self._whole: set[str] = set()
        self._pieces: set[str] = set()
        for keyword in keywords:
            self._whole.add(keyword)
            for run in _RUN.findall(keyword):
                self._whole.add(run)
                self._pieces.update(_pieces(run))

    def covers(self, word: str) -> bool:
        """Whether a keyword holds the word, or the word a keyword."""
        return word in self._pieces or any(piece in self._whole for piece in _pieces(word))


def _pieces(run: str) -> Iterator[str]:
    return (piece for piece, _start in _places(run))


def _frequent(texts: Sequence[str], creators_min: int) -> tuple[Counter[str], Counter[str]]:
    """How many texts hold each piece that enough of them hold, and each character. A longer piece is counted
    only where the two shorter ones in it are frequent, so that a million bios fit into memory."""
    runs = [set(_RUN.findall(text)) for text in texts]
    characters: Counter[str] = Counter()
    for found in runs:
        characters.update({character for run in found if not run.isascii() for character in run})
    latin = Counter(run for found in runs for run in found if run.isascii())
    frequent = Counter({word: count for word, count in latin.items() if count >= creators_min})
    shorter: Counter[str] = characters
    for length in range(2, CHARACTERS_MAX + 1):
        kept = {piece for piece, count in shorter.items() if count >= creators_min}
        counted: Counter[str] = Counter()
        for found in runs:
            counted.update(
                {
                    run[at : at + length]
                    for run in found
                    if not run.isascii()
                    for at in range(len(run) - length + 1)
                    if run[at : at + length - 1] in kept and run[at + 1 : at + length] in kept
                }
            )
        shorter = Counter({piece: count for piece, count in counted.items() if count >= creators_min})
        if not shorter:
            break
        frequent.update(shorter)
    return frequent, characters


def _cohesive(frequent: Counter[str], characters: Counter[str]) -> set[str]:
    """Pieces whose two parts, wherever they are parted, come together far more often than by chance."""
    total = max(1, sum(characters.values()))

    def holds(piece: str) -> bool:
        if piece.isascii():
            return True
        apart = max(
            (frequent[piece[:at]] if at > 1 else characters[piece[:at]])
            * (frequent[piece[at:]] if len(piece) - at > 1 else characters[piece[at:]])
            for at in range(1, len(piece))
        )
        return frequent[piece] * total >= COHESION_MIN * apart

    return {piece for piece in frequent if holds(piece)}


def _read(texts: Sequence[tuple[str, str, int | None]], words: set[str]) -> dict[str, _Word]:
    """Who has each word, and what stands around it."""
    seen: dict[str, _Word] = {}
    for text, name, fans in texts:
        here: set[str] = set()
        for run in _RUN.finditer(text):
            for piece, start in _places(run[0]):
                if piece not in words:
                    continue
                found = seen.setdefault(piece, _Word())
                begin, end = run.start() + start, run.start() + start + len(piece)
                # What begins or ends a line is free on that side, each time anew.
                found.before[text[begin - 1 : begin].strip() or f"{found.creators}"] += 1
                found.after[text[end : end + 1].strip() or f"{found.creators}"] += 1
                here.add(piece)
        for piece in here:
            found = seen[piece]
            found.creators += 1
            found.example = found.example or name
            if fans is not None:
                found.fans.append(fans)
    return seen


def _places(run: str) -> Iterator[tuple[str, int]]:
    """What of a run could be a word, and where: of Latin letters the whole, of Chinese any few characters."""
    if run.isascii():
        yield run, 0
        return
    for start in range(len(run)):
        for end in range(start + 2, min(start + CHARACTERS_MAX, len(run)) + 1):
            yield run[start:end], start


def _is_free(word: _Word) -> bool:
    return min(_bits(word.before), _bits(word.after)) >= FREEDOM_MIN


def _bits(counts: Counter[str]) -> float:
    total = counts.total()
    return -sum(count / total * math.log2(count / total) for count in counts.values())


def _whole(words: dict[str, _Word]) -> set[str]:
    """The words that are no piece of a longer one, nor a frequent one with something hung on."""
    pieces: set[str] = set()
    for longer in sorted(words, key=len, reverse=True):
        for piece, _start in _places(longer):
            if piece == longer or piece not in words:
                continue
            if words[longer].creators >= CONTAINED_SHARE * words[piece].creators:
                pieces.add(piece)
            else:
                pieces.add(longer)
    return set(words) - pieces


def _suggestion(word: str, found: _Word, texts: int) -> Suggestion:
    median = sorted(found.fans)[len(found.fans) // 2] if found.fans else None
    return Suggestion(word, found.creators, round(found.creators / texts, 4), median, found.example)
