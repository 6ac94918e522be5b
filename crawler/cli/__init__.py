"""The command line: one module per command, loaded when it is asked for, so that `run` starts at once."""

from __future__ import annotations

import importlib
import io
import logging
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

import click

from crawler.cli.help import HelpContext
from crawler.cli.setting_options import asked_language, lang_option
from crawler.config import LANG
from crawler.environment import TOKEN_VARIABLE, own_variables
from crawler.errors import CrawlerError
from crawler.i18n import N_, _, speak_to_libraries
from crawler.text import sanitize

COMMANDS = {
    "run": "crawler.cli.run:run",
    "plan": "crawler.cli.plan:plan",
    "status": "crawler.cli.status:status",
    "coverage": "crawler.cli.coverage:coverage",
    "suggest": "crawler.cli.suggest:suggest",
    "verify": "crawler.cli.verify:verify",
    "query": "crawler.cli.query:query",
    "search": "crawler.cli.search:search",
    "export": "crawler.cli.export:export",
    "report": "crawler.cli.report:report",
    "browse": "crawler.cli.browse:browse",
    "forget": "crawler.cli.forget:forget",
    "prune": "crawler.cli.prune:prune",
    "replay": "crawler.cli.replay:replay",
    "split": "crawler.cli.split:split",
    "merge": "crawler.cli.merge:merge",
    "demo": "crawler.cli.demo:demo",
    "simulate": "crawler.simulator.command:simulate",
}
"""Every command in the order `--help` shows them, with the place of its function."""

EXIT_CRASHED = 70
EXIT_SYSTEM = 74
EXIT_INTERRUPTED = 130


class LazyGroup(click.Group):
    """A group that imports a command's module only when that command is asked for."""

    context_class = HelpContext

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the order of `COMMANDS`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, None where there is none; in lists its help is the first paragraph."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, function = place.split(":")
        command: click.Command = getattr(importlib.import_module(module), function)
        command.context_class = HelpContext
        if not any(LANG.flag in parameter.opts for parameter in command.params):
            command.params.append(lang_option())
        command.short_help = (command.help or "").partition("\n\n")[0]
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that `args` begin with; an unknown name is answered with the nearest ones."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            raise click.NoSuchCommand(error.command_name, possibilities=COMMANDS, ctx=ctx) from None


HELP = N_(
    """Keyword files in, a database of creators out: every night, resumable, every call accounted for.

        \b
        Start here:
          crawler demo                       the whole story in a minute, no token needed
          crawler run                        crawl keywords/ into data/creators.db, or continue
          crawler status                     what the database holds, how the last nights went
          crawler query new                  who is new since the last night
          crawler export creators.xlsx       the list for Excel

        The token comes from JUSTONEAPI_TOKEN, from a file .env, or from --token-file.
        """
)


def command_line() -> click.Group:
    """The whole command line, in the language that holds when it is made."""
    group = LazyGroup(
        "crawler",
        params=[lang_option()],
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        help=_(HELP),
    )
    return click.version_option(
        package_name="creator-crawler",
        prog_name="crawler",
        message=_("%(prog)s, version %(version)s"),
        help=_("Show the version and exit."),
    )(group)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs the command line and exits with its exit code; no traceback for what a user can cause."""
    logging.getLogger().addHandler(
        logging.NullHandler()
    )  # a library's complaint could quote a URL, token and all
    _open_streams()
    try:
        _read_environment(sys.argv[1:] if arguments is None else arguments)
        code = command_line().main(arguments, prog_name="crawler", standalone_mode=False)
    except SystemExit as ended:
        code = ended.code
    except CrawlerError as error:
        _complain(f"crawler: {error}")
        code = error.exit_code
    except click.ClickException as error:
        said = io.StringIO()
        error.show(said)
        _complain(said.getvalue().rstrip("\n"))
        code = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        code = EXIT_INTERRUPTED
    except BrokenPipeError:  # `crawler query … | head`: the reader has enough
        code = 0
    except OSError as error:
        _complain(_system_error(error))
        code = EXIT_SYSTEM
    except Exception:
        print(_masked(traceback.format_exc()), file=sys.stderr)  # noqa: T201 - a defect of ours, to be reported
        print(_("crawler: this is a bug in creator-crawler; what was saved is safe"), file=sys.stderr)  # noqa: T201 - as above
        code = EXIT_CRASHED
    _flush_streams()
    sys.exit(code)


def _read_environment(arguments: Sequence[str]) -> None:
    """Applies the language asked for and the variables of `.env` before any text is made."""
    language = asked_language(arguments)
    if language is not None:
        os.environ[LANG.variable] = language
    try:
        os.environ.update(own_variables())
    finally:
        speak_to_libraries()


def _complain(text: str) -> None:
    """Shows an error; file names and other words from outside steer no terminal."""
    with suppress(OSError):  # nobody is left to read it
        print("\n".join(map(sanitize, text.split("\n"))), file=sys.stderr)  # noqa: T201 - where errors are shown


def _system_error(error: OSError) -> str:
    """What the system refused: a file by its name, else the output, which is all that has none."""
    reason = error.strerror or str(error)
    if error.filename is None:
        return _("crawler: the output cannot be written: %s") % reason
    return _("crawler: %(name)s: %(reason)s") % {"name": os.fsdecode(error.filename), "reason": reason}


def _open_streams() -> None:
    """Makes the standard streams usable: closed ones discard text, and every character can be written."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - open until the end
        elif mode == "w" and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _flush_streams() -> None:
    """Gives up what can no longer be written: the interpreter would fail on it at exit."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _masked(text: str) -> str:
    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    return text.replace(token, "***") if token else text
