"""This program's variables, as the environment and a file `.env` in the working directory have them."""

from __future__ import annotations

import os
from pathlib import Path

from crawler.errors import InputError
from crawler.i18n import _
from crawler.settings import VARIABLE_PREFIX
from crawler.text import sanitize

ENV_FILE = Path(".env")
TOKEN_VARIABLE = "JUSTONEAPI_TOKEN"  # noqa: S105 - the name of a variable, as the vendor's examples have it
OWN_VARIABLES = (TOKEN_VARIABLE, VARIABLE_PREFIX)


def own_variables() -> dict[str, str]:
    """This program's variables that hold something; those of the environment go before those of `.env`."""
    found = _env_file() | {name: value for name, value in os.environ.items() if value}
    own = {name: value for name, value in found.items() if name.startswith(OWN_VARIABLES)}
    for name, value in own.items():
        if "\0" in name + value:
            raise InputError(
                _("%s: the value of %s holds a character that no setting has") % (ENV_FILE, sanitize(name))
            )
    return own


def _env_file() -> dict[str, str]:
    if not ENV_FILE.is_file():
        return {}
    from dotenv import dotenv_values

    try:
        values = dotenv_values(ENV_FILE, encoding="utf-8-sig", interpolate=False)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(_("cannot read %s: %s") % (ENV_FILE, error)) from error
    return {name: value for name, value in values.items() if value}
