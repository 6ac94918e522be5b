"""This program's variables, as the environment and a file `.env` in the working directory have them."""

from __future__ import annotations

import io
import os
from pathlib import Path

from crawler.errors import InputError
from crawler.i18n import _
from crawler.settings.setting import VARIABLE_PREFIX
from crawler.untrusted_text import sanitize

ENV_FILE = Path(".env")
TOKEN_VARIABLE = "JUSTONEAPI_TOKEN"  # noqa: S105 - the name of a variable, as the vendor's examples have it
ENV_CHARACTERS_MAX = 16 * 1024
"""python-dotenv's time grows with the square of some lines' length."""
OWN_VARIABLES = (TOKEN_VARIABLE, VARIABLE_PREFIX)


def own_variables() -> dict[str, str]:
    """This program's variables that hold something; those of the environment go before those of `.env`."""
    found = env_file_variables() | {name: value for name, value in os.environ.items() if value}
    own = {name: value for name, value in found.items() if name.startswith(OWN_VARIABLES)}
    for name, value in own.items():
        if "\0" in name + value:
            raise InputError(
                _("%s: the value of %s holds a character that no setting has") % (ENV_FILE, sanitize(name))
            )
    return own


def env_file_variables() -> dict[str, str]:
    """The variables of `.env` that hold something."""
    if not ENV_FILE.is_file():
        return {}
    from dotenv import dotenv_values

    try:
        with ENV_FILE.open(encoding="utf-8-sig") as file:
            text = file.read(ENV_CHARACTERS_MAX + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(_("cannot read %s: %s") % (ENV_FILE, error)) from error
    if len(text) > ENV_CHARACTERS_MAX:
        message = _("%s has more than %d characters, which no file of settings has")
        raise InputError(message % (ENV_FILE, ENV_CHARACTERS_MAX))
    values = dotenv_values(stream=io.StringIO(text), interpolate=False)
    return {name: value for name, value in values.items() if value}
