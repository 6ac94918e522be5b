"""What settings take: numbers, spans of time, moments, paths, money; each reads a text and checks a value."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any, TypeVar

from crawler.clock import SPAN_MAX, Age, parse_age, parse_moment, parse_span, utc_now
from crawler.errors import InputError
from crawler.i18n import _
from crawler.money import Money, read_money
from crawler.settings.setting import Form, Kind

T = TypeVar("T")

SWITCH_WORDS = {
    **dict.fromkeys(("1", "true", "t", "yes", "y", "on"), True),
    **dict.fromkeys(("0", "false", "f", "no", "n", "off"), False),
}


def whole_number(least: int, most: int = sys.maxsize) -> Kind[int]:
    """A whole number from `least` to `most`; a boolean is none."""

    def read(text: str) -> int | str:
        try:
            return int(text)
        except ValueError:
            return text

    def check(value: Any) -> int:
        if type(value) is not int or not least <= value <= most:
            message = _("must be a whole number from %(least)d to %(most)d, not %(value)s")
            raise InputError(message % {"least": least, "most": most, "value": repr(value)})
        return value

    return Kind(read, check, metavar="N" if most == sys.maxsize else f"{least}..{most}")


def amount(most: float) -> Kind[float]:
    """A number from 0 to `most`, fractions too; a boolean is none."""

    def read(text: str) -> float | str:
        try:
            return float(text)
        except ValueError:
            return text

    def check(value: Any) -> float:
        if type(value) not in (int, float) or not 0 <= value <= most:
            message = _("must be a number from 0 to %(most)g, not %(value)s")
            raise InputError(message % {"most": most, "value": repr(value)})
        return float(value)

    return Kind(read, check, metavar="X")


def optional(kind: Kind[T]) -> Kind[T | None]:
    """The same, or nothing."""
    return Kind(
        kind.read,
        lambda value: None if value is None else kind.check(value),
        kind.metavar,
        kind.form,
        kind.choices,
    )


def span() -> Kind[timedelta]:
    """A span of time: `20h` as text, a timedelta in Python."""

    def check(value: Any) -> timedelta:
        if not isinstance(value, timedelta) or not timedelta(0) <= value <= SPAN_MAX:
            raise InputError(_("must be a timedelta of at most a hundred years, not %r") % (value,))
        return value

    return Kind(parse_span, check, metavar="SPAN")


def age() -> Kind[Age]:
    """A span of time, or a moment that has passed, from which it counts: `2026-11-26T19:00` as text."""

    def check(value: Any) -> Age:
        found = parse_age(value) if isinstance(value, str) else value
        if not isinstance(found, datetime):
            return span().check(found)
        if (moment := found.astimezone()) > utc_now():
            raise InputError(_("must be a moment that has passed, not %s") % value)
        return moment

    return Kind(str, check, metavar="SPAN")


def seconds(*, zero: bool) -> Kind[float]:
    """A span of time: `120s` as text, a number of seconds in Python; nothing at all only with `zero`."""

    def check(value: Any) -> float:
        if not isinstance(value, int | float) or not 0 <= value <= SPAN_MAX.total_seconds():
            message = _("must be a number of seconds, at most those of a hundred years, not %r")
            raise InputError(message % (value,))
        if not value and not zero:
            raise InputError(_("must be more than zero"))
        return value

    return Kind(lambda text: parse_span(text).total_seconds(), check, metavar="SPAN")


def path(form: Form = Form.PATH) -> Kind[Path]:
    """A path, as text or as a Path."""

    def check(value: Any) -> Path:
        if not isinstance(value, str | os.PathLike):
            raise InputError(_("must be a path, not %r") % (value,))
        return Path(value)

    return Kind(Path, check, metavar=form.name, form=form)


def paths() -> Kind[Path]:
    """Paths, one or several: arguments on the command line, where `-` is standard input; each is checked
    alone."""
    return replace(path(), metavar="PATHS", form=Form.PATHS)


def choice(*words: str) -> Kind[str]:
    """One of some words."""

    def check(value: Any) -> str:
        if value not in words:
            raise InputError(_("must be one of %s, not %r") % (", ".join(words), value))
        return str(value)

    return Kind(str, check, metavar=f"[{'|'.join(words)}]", form=Form.CHOICE, choices=words)


def switch() -> Kind[bool]:
    """On or off, off by default: a flag without a value on the command line, True or False in Python."""

    def check(value: Any) -> bool:
        if value is not None and type(value) is not bool:
            raise InputError(_("must be true or false, not %r") % (value,))
        return bool(value)

    return Kind(lambda text: SWITCH_WORDS.get(text.strip().lower(), text), check, form=Form.SWITCH)


def money(wrong: str) -> Kind[Money]:
    """An amount of money; `wrong` is the message, not yet translated, for what is none."""

    def check(value: Any) -> Money:
        found = read_money(value) if isinstance(value, str) else value
        if not isinstance(found, Money):
            raise InputError(_(wrong) % (value,))
        return found

    return Kind(str, check, metavar="MONEY")


def moment() -> Kind[time | datetime]:
    """A time of day here or a moment: `07:00` or `2026-11-26T07:00+08:00` as text."""

    def check(value: Any) -> time | datetime:
        if isinstance(value, str):
            return parse_moment(value)
        if not isinstance(value, time | datetime):
            raise InputError(_("must be a time or a datetime, not %r") % (value,))
        return value if isinstance(value, time) else value.astimezone()

    return Kind(str, check, metavar="TIME")


def switch_off() -> Kind[bool]:
    """What is on unless a flag, or a variable that says yes, turns it off; True in Python is on."""

    def read(text: str) -> bool | str:
        asked = SWITCH_WORDS.get(text.strip().lower())
        return text if asked is None else not asked

    return Kind(read, lambda value: value is None or switch().check(value), form=Form.SWITCH_OFF)


def text(check: Callable[[Any], str], metavar: str = "TEXT") -> Kind[str]:
    """A text that `check` knows how to read."""
    return Kind(str, check, metavar)


def text_needed(value: object) -> str:
    """`value`, which must be a text."""
    if not isinstance(value, str):
        raise InputError(_("must be a text, not %r") % (value,))
    return value


def several(kind: Kind[T]) -> Kind[tuple[T, ...]]:
    """Any number of them: an option that can be repeated, a text with spaces between, a list in Python."""

    def check(value: Any) -> tuple[T, ...]:
        given = () if value is None else (value,) if isinstance(value, str) else tuple(value)
        return tuple(map(kind.check, given))

    return Kind(str.split, check, kind.metavar, Form.SEVERAL)
