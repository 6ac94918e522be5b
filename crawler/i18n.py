"""Messages in the reader's language: English in the code, other languages as gettext catalogues."""

from __future__ import annotations

import gettext
import os
from functools import lru_cache
from pathlib import Path

DOMAIN = "crawler"
LOCALE_DIR = Path(__file__).parent / "locale"


def language() -> str:
    """The reader's language, `zh` or `en`, from LANGUAGE, LC_ALL, LC_MESSAGES or LANG in that order."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


@lru_cache
def translations(lang: str) -> gettext.NullTranslations:
    """The catalogue of `lang`; a language without one reads as English."""
    return gettext.translation(DOMAIN, LOCALE_DIR, languages=[lang], fallback=True)


def _(message: str) -> str:
    """`message` in the reader's language."""
    return translations(language()).gettext(message)


def N_(message: str) -> str:
    """`message` as it stands, marked for translation where `_` is called later."""
    return message
