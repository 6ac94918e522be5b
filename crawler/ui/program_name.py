"""What this program is called here, so that a command in a message can be pasted."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from crawler.settings.notices import NOTICE_SETTINGS
from crawler.settings.run import DB

DEFAULT_DB = DB.default


def program_name() -> str:
    """`crawler` where the shell finds it, else the path it was started by, else `python -m crawler`."""
    started = Path(sys.argv[0])
    if started.name == "__main__.py":
        return "python -m crawler"
    if started.stem != "crawler":
        return "crawler"
    found = shutil.which("crawler")
    if found is not None and started.exists() and os.path.samefile(found, started):
        return "crawler"
    return shlex.quote(os.path.relpath(started))


def db_argument(db: Path) -> str:
    """What a command in a message needs to be about `db`: ` --db FILE`, nothing where that is the default."""
    return "" if db == DEFAULT_DB else f" --db {shlex.quote(str(db))}"


def this_command(instead: Mapping[str, str] | None = None) -> str:
    """The command line of this process, as it can be pasted; without options whose values are secrets, and
    with others `instead`, by their flags."""
    others = dict(instead or {})
    secrets = {setting.flag for setting in NOTICE_SETTINGS if setting.secret}
    kept = _without(sys.argv[1:], secrets | others.keys())
    return f"{program_name()} {shlex.join([*kept, *(word for option in others.items() for word in option)])}"


def _without(arguments: Sequence[str], flags: Collection[str]) -> list[str]:
    """`arguments` without these options and their values."""
    kept: list[str] = []
    given = iter(arguments)
    for argument in given:
        flag, equals, _value = argument.partition("=")
        if flag not in flags:
            kept.append(argument)
        elif not equals:
            next(given, None)
    return kept
