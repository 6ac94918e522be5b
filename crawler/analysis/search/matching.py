"""What a query looks for, when two texts are the same to it, and how well a creator answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from crawler.errors import InputError
from crawler.i18n import _
from crawler.keywords import identity

LEVELS = ("exact name", "name begins", "name", "red_id", "keyword", "bio")
"""What a creator was found by, best first. Of several words the one that is found worst decides."""

RED_ID_CHARACTERS_MIN = 4
"""A red_id is found whole, or by its beginning from so many characters on."""

WORDS_MAX = 16

# Control characters part words; zero-width and direction marks and emoji variants are not there at all.
_SEEN_THROUGH: dict[int, str | None] = {
    **dict.fromkeys((*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029), " "),
    **dict.fromkeys((0xAD, 0x61C, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F))),
    **dict.fromkeys((*range(0x2060, 0x2070), *range(0xFE00, 0xFE10))),
}


def fold(text: str | None) -> str:
    """`text` without differences of case, width, white space and invisible marks; empty for None."""
    if not text:
        return ""
    if text.isascii() and text.isprintable():
        return " ".join(text.lower().split())
    return identity(identity(text.translate(_SEEN_THROUGH)).translate(_SEEN_THROUGH))


@dataclass(frozen=True, slots=True)
class Query:
    """A query as it is compared: `whole`, and its `words`, which must all be found."""

    whole: str
    words: tuple[str, ...]

    @classmethod
    def read(cls, text: str) -> Query:
        """The query that `text` asks; InputError for one without a word or with too many."""
        whole = fold(text)
        words = tuple(dict.fromkeys(whole.split()))
        if not words:
            raise InputError(_("nothing to search for"))
        if len(words) > WORDS_MAX:
            raise InputError(_("a search can have at most %d words") % WORDS_MAX)
        return cls(whole, words)

    def level(
        self, name: str, red_id: str, bio: str | None, in_keywords: Callable[[str], bool]
    ) -> int | None:
        """The place in `LEVELS` of a creator with this folded `name` and `red_id`, None for no match."""
        if name.startswith(self.whole):
            return 0 if name == self.whole else 1
        worst = 2
        for word in self.words:
            if word in name:
                continue
            if names(word, red_id):
                worst = max(worst, 3)
            elif in_keywords(word):
                worst = max(worst, 4)
            elif bio and word in fold(bio):
                worst = 5
            else:
                return None
        return worst


def names(word: str, red_id: str) -> bool:
    """Whether `word` is the red_id or its beginning."""
    return red_id.startswith(word) and (len(word) >= RED_ID_CHARACTERS_MIN or word == red_id)
