"""`crawler init`: a folder to work in, where nothing is ever overwritten."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.resources import files
from pathlib import Path

import click

from crawler.cli.init_template import settings_template
from crawler.cli.output import say
from crawler.errors import InputError, StoreError
from crawler.i18n import N_, _
from crawler.i18n.system_errors import system_reason
from crawler.settings.environment import ENV_FILE, TOKEN_VARIABLE
from crawler.settings.file import SETTINGS_FILE
from crawler.ui.program_name import program_name

ENV_COMMENT = N_("# The token stands here, readable by you alone. Nothing else needs it.")
IGNORED = (".env", "data/", "*.html", "*.xlsx")
PRIVATE, ORDINARY = 0o600, 0o666


@click.command(
    help=_(
        """Make a project folder: settings, sample keywords, a place for the token. Nothing is overwritten.

        FOLDER (by default the working directory) gets crawler.toml with every setting explained, keywords/
        with the samples, data/ for the databases, .env for the token, which only you can read, and
        .gitignore. What is there already stays as it is. The samples are never crawled for money unless they
        are named.

        \b
        Examples:
          crawler init
          crawler init shop
        """
    )
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path("."))
def init(folder: Path) -> None:
    """Writes what is not there and says what was."""
    program = program_name()
    with _naming(folder):
        for name in ("", "keywords", "data"):
            (folder / name).mkdir(parents=True, exist_ok=True)
    for name, content, mode in _contents():
        made = _write_new(folder / name, content, mode)
        say((_("written: %s") if made else _("kept as it is: %s")) % (folder / name))
    say("")
    say(_("Next: put the token into %s, a file of keywords into %s, and:")
        % (folder / ENV_FILE, folder / "keywords"))  # fmt: skip
    if folder != Path("."):
        say(f"  cd {shlex.quote(str(folder))}")
    for command in ("doctor", "plan", "run --max-calls 100"):
        say(f"  {program} {command}")


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Turns what the system refuses into an InputError about the path."""
    try:
        yield
    except OSError as error:
        raise InputError(_("cannot make %s: %s") % (error.filename or path, system_reason(error))) from error


def _contents() -> Iterator[tuple[str, bytes, int]]:
    """Each file of a project with its permissions."""
    yield str(SETTINGS_FILE), settings_template().encode(), ORDINARY
    yield str(ENV_FILE), f"{_(ENV_COMMENT)}\n{TOKEN_VARIABLE}=\n".encode(), PRIVATE
    yield ".gitignore", "".join(f"{line}\n" for line in IGNORED).encode(), ORDINARY
    for sample in sorted(
        files("crawler.keywords").joinpath("examples").iterdir(), key=lambda each: each.name
    ):
        yield f"keywords/{sample.name}", sample.read_bytes(), ORDINARY


def _write_new(path: Path, content: bytes, mode: int) -> bool:
    """Whether the file was written: one that is there, be it a link that leads nowhere, is left alone."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with _naming(path):
        try:
            handle = os.open(path, flags, mode)
        except FileExistsError:
            return False
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
        except OSError as error:
            with suppress(OSError):
                path.unlink()  # half a file would be kept for ever
            raise StoreError(_("cannot write %s: %s") % (path, system_reason(error))) from error
    return True
