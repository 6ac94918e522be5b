"""The file of settings and the profile that hold here, for another command to hold to the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from crawler.cli.command_settings import SettingsSources
from crawler.settings.environment import ENV_FILE
from crawler.settings.file import SETTINGS_FILE
from crawler.settings.run import CONFIG, PROFILE


def chosen_file(context: click.Context) -> Iterator[tuple[str, Path | str]]:
    """Each of the two that was chosen, behind its option; what stands in .env is found there by itself."""
    sources = context.obj or SettingsSources()
    file = sources.file
    if file is None:
        return
    for setting, value in ((CONFIG, file.path), (PROFILE, file.profile)):
        by_itself = sources.variables.get(setting.variable) == str(ENV_FILE)
        named = setting is PROFILE or file.path != SETTINGS_FILE
        if value is not None and named and not by_itself:
            yield setting.flag, value
