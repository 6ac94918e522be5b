"""The command of the next run over the keywords that a database knows, as it can be pasted."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

import click

from crawler.cli.chosen_file import chosen_file
from crawler.cli.command_settings import SettingsSources
from crawler.clock import utc_now
from crawler.errors import CrawlerError
from crawler.i18n import _
from crawler.keywords.sources import STDIN, find_sources
from crawler.settings.file import value_of
from crawler.settings.run import ACCOUNT, PATHS
from crawler.store.readonly import reading
from crawler.store.spending_options import options_for_next_run
from crawler.store.worklist import keyword_files
from crawler.ui.program_name import db_argument, program_name

FILES_MAX = 10
"""The most keyword files that a command names."""


def next_run(db: Path, instead: Mapping[str, str] | None = None) -> str:
    """`crawler run` with the files that the keywords came from, unless a run without paths reads just these;
    where they are too many or not here, with what stands for them, and what a run takes without any.

    With the options too that held down what the last run spent, or those that are given `instead`, by key,
    and with the file of settings and the profile that hold here.
    """
    with reading(db) as connection:
        files = keyword_files(connection)
        kept = options_for_next_run(connection, utc_now())
    options = _options(kept | dict(instead or {}))
    options += "".join(f" {shlex.join((flag, str(value)))}" for flag, value in chosen_file(_context()))
    options += db_argument(db)
    if _taken_without_paths(files):
        return f"{program_name()} run{options}"
    there = 0 < len(files) <= FILES_MAX and all(Path(file).is_file() for file in files)
    command = f"{program_name()} run {shlex.join(files) if there else 'PATHS'}{options}"
    if there:
        return command
    note = _("%(command)s  (PATHS: the keyword files as before; without any a run takes %(paths)s)")
    return note % {"command": command, "paths": shlex.join(_paths())}


def _context() -> click.Context:
    return click.get_current_context()


def _taken_without_paths(files: Collection[str]) -> bool:
    """Whether a run that is given no paths reads these files and no others; samples are none of them."""
    paths = _paths()
    if STDIN in paths:
        return False
    with ExitStack() as until_read, suppress(CrawlerError):
        sources, _passed_over = find_sources(paths, None, until_read, samples=False)
        return {source.name for source in sources} == {*files}
    return False


def _options(given: Mapping[str, str]) -> str:
    """The options as they stand on a command line, each after a space."""
    words: list[str] = []
    for key, text in given.items():
        for each in text.split() if key == ACCOUNT.key else [text]:
            words += [f"--{key}", each]
    return f" {shlex.join(words)}" if words else ""


def _paths() -> list[str]:
    """The keyword files and folders of a run that is given none."""
    found: SettingsSources | None = _context().obj
    paths = [str(PATHS.default)]
    if found is not None and found.file is not None:
        for base in found.file.bases_in_force():
            for entry in (*found.file.entries(base), *found.file.entries((*base, "run"))):
                if entry.key == PATHS.key:
                    paths = value_of(PATHS, entry, found.file.folder)
    return paths
