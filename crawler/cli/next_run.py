"""The command of the next run over the keywords that a database knows, as it can be pasted."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

import click

from crawler.cli.command_settings import SettingsSources
from crawler.clock import utc_now
from crawler.i18n import _
from crawler.run_settings import ACCOUNT, PATHS
from crawler.settings_file import value_of
from crawler.spending_options import for_another_run
from crawler.store.readonly import reading
from crawler.store.spending_options import read_spending_options
from crawler.store.worklist import keyword_files
from crawler.ui.program_name import db_argument, program_name

FILES_MAX = 10
"""The most keyword files that a command names."""


def next_run(db: Path, instead: Mapping[str, str] | None = None) -> str:
    """`crawler run` with the files that the keywords came from; where these are too many or not here, with
    what stands for them, and what a run takes without any.

    With the options too that held down what the last run spent, or those that are given `instead`, by key.
    """
    with reading(db) as connection:
        files = keyword_files(connection)
        kept = read_spending_options(connection)
    options = _options(for_another_run(kept, utc_now()) | dict(instead or {}))
    there = 0 < len(files) <= FILES_MAX and all(Path(file).is_file() for file in files)
    named = shlex.join(files) if there else "PATHS"
    command = f"{program_name()} run {named}{options}{db_argument(db)}"
    if there:
        return command
    note = _("%(command)s  (PATHS: the keyword files as before; without any a run takes %(paths)s)")
    return note % {"command": command, "paths": _paths()}


def _options(given: Mapping[str, str]) -> str:
    """The options as they stand on a command line, each after a space."""
    words: list[str] = []
    for key, text in given.items():
        for each in text.split() if key == ACCOUNT.key else [text]:
            words += [f"--{key}", each]
    return f" {shlex.join(words)}" if words else ""


def _paths() -> str:
    """The keyword files and folders of a run that is given none."""
    found: SettingsSources | None = click.get_current_context().obj
    paths = [str(PATHS.default)]
    if found is not None and found.file is not None:
        for base in found.file.bases_in_force():
            for entry in (*found.file.entries(base), *found.file.entries((*base, "run"))):
                if entry.key == PATHS.key:
                    paths = value_of(PATHS, entry, found.file.folder)
    return shlex.join(paths)
