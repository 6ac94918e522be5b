"""The command line: one module per command, loaded when it is asked for, so that `run` starts at once."""

from __future__ import annotations

import importlib
import io
import logging
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from functools import partial
from typing import Any, NoReturn

import click

from crawler.cli.click_messages import usage_error_text
from crawler.cli.command_settings import (
    THE_ENVIRONMENT,
    SettingsSources,
    asks_for_help,
    check_file,
    values_for,
)
from crawler.cli.command_summaries import WHAT_COMMANDS_DO
from crawler.cli.help import HelpContext
from crawler.cli.setting_options import PLACES_IN_FILE, asked, asked_language, options_of_every_command
from crawler.errors import CrawlerError, InputError
from crawler.i18n import N_, _, speak_to_libraries
from crawler.i18n.system_errors import system_reason
from crawler.settings.api_token import masked_tokens
from crawler.settings.environment import ENV_FILE, TOKEN_VARIABLE, own_variables
from crawler.settings.file import SettingsFile, read_settings_file
from crawler.settings.notices import NOTICE_SETTINGS
from crawler.settings.run import CONFIG, LANG, PROFILE
from crawler.untrusted_text import sanitize

COMMANDS = {
    "run": "crawler.cli.run:run",
    "plan": "crawler.cli.plan:plan",
    "schedule": "crawler.cli.schedule:schedule",
    "doctor": "crawler.cli.doctor:doctor",
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
    "backup": "crawler.cli.backup:backup",
    "restore": "crawler.cli.restore:restore",
    "init": "crawler.cli.init:init",
    "config": "crawler.cli.config:config",
    "demo": "crawler.cli.demo:demo",
    "simulate": "crawler.simulator.command:simulate",
}
"""Every command in the order `--help` shows them, with the place of its function."""

ONLY_TELL = ("plan", "status", "coverage", "suggest", "query", "search", "config")
"""Commands that do nothing else; `verify` and `doctor` end with what they found."""

COMPLETION_VARIABLE = "_CRAWLER_COMPLETE"
"""What a shell sets that asks how words go on: no file of settings is told there."""

EXIT_CRASHED = 70
EXIT_SYSTEM = 74
EXIT_INTERRUPTED = 130


class LazyGroup(click.Group):
    """A group that imports a command's module only when that command is asked for."""

    context_class = HelpContext

    def invoke(self, ctx: click.Context) -> Any:
        """Does what a command is asked to do. A reader that has enough, as in `crawler status | head`, is no
        failure where telling is all of it; elsewhere something may have been left undone."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # click would end with 1, as where keywords failed
            only_told = ctx.invoked_subcommand in ONLY_TELL
            raise click.exceptions.Exit(0 if only_told else EXIT_SYSTEM) from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the order of `COMMANDS`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, None where there is none."""
        return load(cmd_name) if cmd_name in COMMANDS else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Every command with what it does; none is loaded for that."""
        with formatter.section(_("Commands")):
            formatter.write_dl([(name, _(WHAT_COMMANDS_DO[name])) for name in self.list_commands(ctx)])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that `args` begin with; an unknown name is answered with the nearest ones."""
        try:
            name, command, rest = super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            raise click.NoSuchCommand(error.command_name, possibilities=COMMANDS, ctx=ctx) from None
        sources = ctx.obj
        if name is not None and sources is not None and sources.file is not None:
            loaders = {each: partial(load, each) for each in COMMANDS}
            check_file(sources.file, loaders)
            found = values_for(sources.file, loaders, name)
            ctx.meta[PLACES_IN_FILE] = {parameter: place for parameter, (_value, place) in found.items()}
            ctx.default_map = {name: {parameter: value for parameter, (value, _place) in found.items()}}
        return name, command, rest


def load(name: str) -> click.Command:
    """The command of that name; in lists its help is the first paragraph."""
    module, function = COMMANDS[name].split(":")
    command: click.Command = getattr(importlib.import_module(module), function)
    command.context_class = HelpContext
    own = {flag for parameter in command.params for flag in parameter.opts}
    command.params += [option for option in options_of_every_command() if not own & {*option.opts}]
    command.short_help = (command.help or "").partition("\n\n")[0]
    return command


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


def command_line(sources: SettingsSources | None = None) -> click.Group:
    """The whole command line, in the language that holds when it is made."""
    group = LazyGroup(
        "crawler",
        params=[*options_of_every_command()],
        context_settings={
            "help_option_names": ["-h", "--help"],
            "max_content_width": 100,
            "obj": sources,
        },
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
        sources = _sources(sys.argv[1:] if arguments is None else arguments)
        code = command_line(sources).main(arguments, prog_name="crawler", standalone_mode=False)
    except SystemExit as ended:
        code = ended.code
    except CrawlerError as error:
        _complain(f"crawler: {error}")
        code = error.exit_code
    except click.ClickException as error:
        _complain(usage_error_text(error))
        code = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        code = EXIT_INTERRUPTED
    except OSError as error:
        _complain(_system_error(error))
        code = EXIT_SYSTEM
    except Exception:
        print(_masked(traceback.format_exc()), file=sys.stderr)  # noqa: T201 - a defect of ours, to be reported
        print(_("crawler: this is a bug in creator-crawler; what was saved is safe"), file=sys.stderr)  # noqa: T201 - as above
        code = EXIT_CRASHED
    _flush_streams()
    sys.exit(code)


def _sources(arguments: Sequence[str]) -> SettingsSources:
    """Applies the language asked for and the variables of `.env` before any text is made, and reads the file
    of settings."""
    language = asked_language(arguments)
    if language is not None:
        os.environ[LANG.variable] = language
    try:
        own = own_variables()
        variables = {name: THE_ENVIRONMENT if os.environ.get(name) else str(ENV_FILE) for name in own}
        os.environ.update(own)
        file = None
        with suppress(InputError) if asks_for_help(arguments) else nullcontext():
            file = _settings_file(arguments)
        if file is not None and LANG.variable not in os.environ:
            word = file.shared(LANG)
            if word in LANG.kind.choices:  # what is none is told when the whole file is checked
                os.environ[LANG.variable] = str(word)
        return SettingsSources(None if asks_for_help(arguments) else file, variables)
    finally:
        speak_to_libraries()


def _settings_file(arguments: Sequence[str]) -> SettingsFile | None:
    if COMPLETION_VARIABLE in os.environ:
        return None
    named, profile = (
        asked(arguments, setting.flag) or os.environ.get(setting.variable) for setting in (CONFIG, PROFILE)
    )
    return read_settings_file(named, profile or None)


def _complain(text: str) -> None:
    """Shows an error; file names and other words from outside steer no terminal."""
    with suppress(OSError):  # nobody is left to read it
        print("\n".join(map(sanitize, text.split("\n"))), file=sys.stderr)  # noqa: T201 - where errors are shown


def _system_error(error: OSError) -> str:
    """What the system refused: a file by its name, else the output, which is all that has none."""
    reason = system_reason(error)
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
    """`text` without the token and the addresses of notices."""
    for name in (TOKEN_VARIABLE, *(setting.variable for setting in NOTICE_SETTINGS if setting.secret)):
        for secret in os.environ.get(name, "").split():
            text = text.replace(secret, "***")
    return masked_tokens(text)
