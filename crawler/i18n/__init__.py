"""Messages in the reader's language: English in the code, other languages as gettext catalogues."""

from __future__ import annotations

import gettext
import os
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")

DOMAIN = "crawler"
LOCALE_DIR = Path(__file__).parent / "locale"
OWN_VARIABLE = "CRAWLER_LANG"
VARIABLES = (OWN_VARIABLE, "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")


def language() -> str:
    """The reader's language, `zh` or `en`, from the first of `VARIABLES` that says something."""
    for name in VARIABLES:
        value = os.environ.get(name, "")
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


@lru_cache
def translations(lang: str) -> gettext.NullTranslations:
    """The catalogue of `lang`; a language without one reads as English."""
    return gettext.translation(DOMAIN, LOCALE_DIR, languages=[lang], fallback=True)


class Message(str):
    """A text in the reader's language that still knows its English, also after `%`."""

    __slots__ = ("english",)
    english: str

    def __new__(cls, text: str, english: str) -> Message:
        message = super().__new__(cls, text)
        message.english = english
        return message

    def __reduce__(self) -> tuple[type[Message], tuple[str, str]]:
        """What a copy is made of; Datasette copies what it is told."""
        return Message, (str(self), self.english)

    def __mod__(self, values: Any) -> Message:
        return Message(super().__mod__(values), self.english % _all_english(values))


class Words(NamedTuple):
    """A text that is declared in both languages in one place, and so is not looked up in a catalogue."""

    english: str
    chinese: str

    def text(self) -> str:
        """It in the reader's language."""
        return Message(self.chinese, self.english) if language() == "zh" else self.english


def _all_english(values: Any) -> Any:
    if isinstance(values, tuple):
        return tuple(map(english, values))
    if isinstance(values, dict):
        return type(values)({name: english(value) for name, value in values.items()})
    return english(values)


def english(text: T) -> T | str:
    """`text` as programs and the database take it, in any reader's language; other values as they are."""
    return text.english if isinstance(text, Message) else text


def _(message: str) -> str:
    """`message` in the reader's language."""
    translated = translations(language()).gettext(message)
    return message if translated == message else Message(translated, message)


def ngettext(one: str, many: str, number: int) -> str:
    """The form of a message that goes with `number`, in the reader's language."""
    message = one if number == 1 else many
    translated = translations(language()).ngettext(one, many, number)
    return message if translated == message else Message(translated, message)


def N_(message: str) -> str:
    """`message` as it stands, marked for translation where `_` is called later."""
    return message


def NN_(one: str, many: str) -> tuple[str, str]:
    """The two forms as they stand, marked for translation where `ngettext` is called later."""
    return one, many


def speak_to_libraries() -> None:
    """Lets libraries that use gettext's default domain, as click does, speak the reader's language too."""
    if language() == "zh":
        if os.environ.get(OWN_VARIABLE):
            os.environ["LANGUAGE"] = "zh"  # gettext does not know our own variable
        gettext.bindtextdomain(DOMAIN, LOCALE_DIR)
        gettext.textdomain(DOMAIN)
