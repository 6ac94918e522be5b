"""What makes a text a keyword: how it is trimmed, when two are the same, and what is refused."""

from __future__ import annotations

import re
import reprlib
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta

from crawler.clock import SPAN_MAX, parse_span
from crawler.errors import InputError
from crawler.i18n import _
from crawler.model import Keyword, Problem

LENGTH_MAX = 200
NUMBER_MAX = 2**31 - 1
QUOTED_CHARACTERS = 40
SPAN_CHARACTERS_MAX = 40

SPARED = ("priority", "refresh_after")
"""Options that, where they cannot be read, do not cost the keyword."""

# Byte order marks, zero-width and direction marks: what spreadsheets and chats leave around a copied text.
_INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069"
_BLANK = _INVISIBLE + "".join(filter(str.isspace, map(chr, range(0x3001))))
_PLAIN = re.compile("[0-9a-z\u4e00-\u9fff]+(?: [0-9a-z\u4e00-\u9fff]+)*\n?")

_TAG_SEPARATORS = str.maketrans(dict.fromkeys("，、;；|\n", ","))


class _Flaw(Exception):
    """Why a line gives no keyword, as a `Problem` will say it."""


def trimmed(text: str) -> str:
    """`text` without white space and invisible marks at its ends."""
    return text.strip(_BLANK)


def is_plain(line: str) -> bool:
    """Whether `line`, with or without its end, is its own identity and nothing to refuse, as most are."""
    return len(line) <= LENGTH_MAX and _PLAIN.fullmatch(line) is not None


def identity(text: str) -> str:
    """What two spellings of one keyword have in common: NFKC, trimmed, white space folded, case-folded."""
    if is_plain(text):
        return text.rstrip("\n")
    # Folding can undo a normal form and the other way round; this order is Unicode's own (its rule D146).
    folded = unicodedata.normalize("NFD", text).casefold()
    folded = unicodedata.normalize("NFKD", folded).casefold()
    folded = unicodedata.normalize("NFKC", folded)
    return trimmed(" ".join(folded.split()))


def keyword_from(source: str, text: object, options: Mapping[str, object] | None = None) -> Keyword | Problem:
    """The keyword that one line gives, or what is wrong with the line.

    `options` holds `max_pages`, `priority`, `tags` and `refresh_after` as cells of text or JSON values; None
    and blank text mean the same as a missing one.
    """
    try:
        clean = _clean(text)
        if not options:
            return Keyword(clean, identity(clean), source=source)
        return Keyword(
            clean,
            identity(clean),
            priority=_whole_number("priority", options, least=-NUMBER_MAX) or 0,
            pages_max=_whole_number("max_pages", options, least=1),
            tags=_tags(options.get("tags")),
            source=source,
            refresh_after=_span(options.get("refresh_after")),
        )
    except _Flaw as flaw:
        return Problem(source, flaw.args[0])


def keyword_or_problems(
    source: str, text: object, options: Mapping[str, object]
) -> Iterator[Keyword | Problem]:
    """The keyword that one line of a file gives, or what is wrong with the line.

    A priority or a span that cannot be read is named and costs nothing: the keyword is asked for as others
    are. A page limit that cannot be read costs the keyword, for without it the keyword could cost money.
    """
    found = keyword_from(source, text, options)
    if isinstance(found, Problem):
        usable = {name: value for name, value in options.items() if name not in SPARED}
        without = keyword_from(source, text, usable)
        if isinstance(without, Keyword):
            for name in SPARED:
                tried = keyword_from(source, text, {name: options.get(name)})
                if isinstance(tried, Problem):
                    message = _("%s; the keyword is read without it") % tried.message
                    yield Problem(source, message, line_skipped=False)
                else:
                    usable[name] = options.get(name)
            without = keyword_from(source, text, usable)
        found = without
    yield found


def quoted(value: object) -> str:
    """`value` as a message may show it: short, on one line, without control characters."""
    # A nested JSON value may be deeper than Python's own repr can go.
    shown = repr(value) if isinstance(value, str) else reprlib.repr(value)
    return shown if len(shown) <= QUOTED_CHARACTERS else shown[: QUOTED_CHARACTERS - 1] + "…"


def _clean(value: object) -> str:
    if not isinstance(value, str):
        raise _Flaw(_("a keyword must be text, not %s") % quoted(value))
    text = trimmed(value)
    if not text:
        raise _Flaw(_("the keyword is missing"))
    if len(text) > LENGTH_MAX:
        raise _Flaw(
            _("%(text)s has %(length)d characters; a keyword has at most %(most)d")
            % {"text": quoted(text), "length": len(text), "most": LENGTH_MAX}
        )
    if "\ufffd" in text:
        raise _Flaw(_("%s holds characters that cannot be read in the file's encoding") % quoted(text))
    if not text.isprintable() and any(map(_is_control, text)):
        raise _Flaw(_("%s holds control characters") % quoted(text))
    return text


def _is_control(character: str) -> bool:
    return character not in "\t\r\n" and unicodedata.category(character) in ("Cc", "Cs")


def _whole_number(field: str, options: Mapping[str, object], least: int) -> int | None:
    value = options.get(field)
    if isinstance(value, str):
        value = _read_int(trimmed(value))
    if value is None:
        return None
    if type(value) is not int or not least <= value <= NUMBER_MAX:
        raise _Flaw(
            _("%(field)s must be a whole number from %(least)d to %(most)d, not %(value)s")
            % {"field": field, "least": least, "most": NUMBER_MAX, "value": quoted(value)}
        )
    return value


def _read_int(text: str) -> int | str | None:
    """The number that `text` spells, None when it is empty, `text` itself when it spells none."""
    try:
        return int(text) if text else None
    except ValueError:
        return text


def _span(value: object) -> timedelta | None:
    """A span as `--refresh-after` takes it, None where the cell is empty."""
    if isinstance(value, str):
        value = trimmed(value)
    if value is None or value == "":
        return None
    if isinstance(value, str) and len(value) <= SPAN_CHARACTERS_MAX:
        with suppress(InputError):
            value = parse_span(value)
    if not isinstance(value, timedelta) or not timedelta(0) <= value <= SPAN_MAX:
        message = _("refresh_after must be a span of time such as 90m, 20h or 7d, not %s")
        raise _Flaw(message % quoted(value))
    return value


def _tags(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        value = value.translate(_TAG_SEPARATORS).split(",")
    if not isinstance(value, list | tuple) or not all(isinstance(tag, str) for tag in value):
        raise _Flaw(_("tags must be text or a list of texts, not %s") % quoted(value))
    return tuple(dict.fromkeys(_clean(tag) for tag in value if trimmed(tag)))
