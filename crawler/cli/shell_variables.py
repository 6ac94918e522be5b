"""Which variables of this shell a scheduled run would heed and will not see."""

from __future__ import annotations

import os
from collections.abc import Sequence

from crawler.cli.command_settings import ELSEWHERE
from crawler.settings.accounts import account_names, token_source
from crawler.settings.environment import TOKEN_VARIABLE, env_file_variables
from crawler.settings.file import SettingsFile
from crawler.settings.run import SHARED_SETTINGS, TOKEN_FILE


def only_in_this_shell(file: SettingsFile | None, arguments: Sequence[str]) -> list[str]:
    """Their names: neither `.env`, nor the file of settings, nor the `arguments` of the run give the same."""
    given = {word.partition("=")[0] for word in arguments}
    found_at_night = ELSEWHERE | {*env_file_variables()}
    for setting in SHARED_SETTINGS:
        if setting.flag in given or (file is not None and file.shared(setting) is not None):
            found_at_night.add(setting.variable)
    heeded = [*_token_variables(file, found_at_night), *(setting.variable for setting in SHARED_SETTINGS)]
    return [name for name in heeded if os.environ.get(name) and name not in found_at_night]


def _token_variables(file: SettingsFile | None, found_at_night: set[str]) -> list[str]:
    """The variables that hold the tokens of the accounts, or the only token."""
    if file is not None and (names := account_names(file)):
        variables = (token_source(file, name)[0] for name in names)
        return [variable for variable in variables if variable is not None]
    return [] if TOKEN_FILE.variable in found_at_night else [TOKEN_VARIABLE]
