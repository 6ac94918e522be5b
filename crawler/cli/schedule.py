"""`crawler schedule`: nights that begin by themselves."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import datetime, time
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from crawler.cli import load
from crawler.cli.chosen_file import chosen_file
from crawler.cli.command_settings import SettingsSources
from crawler.cli.doctor import SETTINGS as OF_DOCTOR
from crawler.cli.output import say
from crawler.cli.run import COMMAND_SETTINGS
from crawler.cli.setting_options import asked, setting_values
from crawler.cli.shell_variables import only_in_this_shell
from crawler.clock import parse_moment
from crawler.errors import InputError
from crawler.i18n import _
from crawler.maintenance.schedule import (
    SYSTEMS,
    Schedule,
    System,
    cron,
    launchd,
    schedule_of,
    systemd,
    windows,
)
from crawler.maintenance.schedule.install import install_cron, install_files, place_of
from crawler.settings.environment import ENV_FILE
from crawler.settings.file import SETTINGS_FILE, SettingsFile, read_settings_file
from crawler.settings.run import CONFIG, PROFILE, RUN_SETTINGS

WITH_FILES: dict[str, System] = {"systemd": systemd, "launchd": launchd, "windows": windows}
NAME = "creators"
LINGER = "loginctl enable-linger"


def _time(_context: click.Context, parameter: click.Parameter, text: str | None) -> time | None:
    """A time of day."""
    if text is None:
        return None
    found = parse_moment(text)
    if not isinstance(found, time):
        raise InputError(_("%s: a time of day is written 01:30, not %s") % (parameter.opts[0], text))
    return found


def _system_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """One flag for each system, handed to the command as `system`."""
    helps = {
        "systemd": _("Units and timers for systemd (Linux)."),
        "cron": _("Lines for cron."),
        "launchd": _("Agents for launchd (macOS)."),
        "windows": _("Tasks for the Task Scheduler of Windows."),
    }
    for name in reversed(SYSTEMS):
        function = click.option(f"--{name}", f"for_{name}", is_flag=True, help=helps[name])(function)
    return function


@click.command(
    help=_(
        """Print what makes this machine crawl every night, or install it for you with --install.

        It starts `crawler run ARGUMENTS` in this folder, with the settings and the token of its .env, and
        with the --config and --profile that are given here. Times are those of Shanghai, as the quota's day
        is. Options of the run stand behind --. Nothing needs root.

        \b
        Examples:
          crawler schedule --systemd
          crawler schedule --cron --at 02:00 -- keywords/beauty-and-outfits.txt --max-calls 500
          crawler schedule --systemd --check-at 09:00 --install
          crawler schedule --cron --profile beauty
        """
    )
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@_system_options
@click.option("--install", is_flag=True, help=_("Install it for this user instead of printing it."))
@click.option("--at", default="01:30", show_default=True, metavar="TIME", callback=_time,
              help=_("When a night begins, in Shanghai."))  # fmt: skip
@click.option("--check-at", metavar="TIME", callback=_time,
              help=_("When `crawler doctor --tell` looks whether all is well, in Shanghai."))  # fmt: skip
@click.option("--name", metavar="NAME",
              help=_("What the schedule is called; by default creators, or creators-PROFILE. Each folder "
                     "needs a name of its own."))  # fmt: skip
@click.pass_context
def schedule(
    context: click.Context,
    /,
    arguments: tuple[str, ...],
    install: bool,
    at: time,
    check_at: time | None,
    name: str | None,
    **systems: bool,
) -> None:
    """Prints or installs the schedule of this folder."""
    wanted = [system for system in SYSTEMS if systems[f"for_{system}"]]
    if len(wanted) != 1:
        raise InputError(_("give one of %s") % ", ".join(f"--{system}" for system in SYSTEMS))
    arguments = (*_chosen(context, arguments), *arguments)
    profile = asked(arguments, PROFILE.flag)
    name = name or (NAME if profile is None else f"{NAME}-{profile}")
    made = schedule_of(name, Path.cwd(), arguments, at, check_at, _checked(arguments))
    if install:
        _install(wanted[0], made)
    else:
        _print(wanted[0], made)
        _tell_times(made)
        say(_("Nothing is installed yet: with --install too, the same command does it."), err=True)
    _warn_of_shell(context, arguments)


def _chosen(context: click.Context, arguments: tuple[str, ...]) -> Iterator[str]:
    """The file of settings and the profile that hold here, for the night to hold to the same."""
    for flag, value in chosen_file(context):
        if asked(arguments, flag) is None:
            yield from (flag, str(value.absolute() if isinstance(value, Path) else value))


def _checked(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """What `crawler doctor` is to be given to look at the same as the run with these arguments.

    Raises what `crawler run` would raise at night for options it cannot take, and InputError for secrets:
    whoever may read a schedule would read them too.
    """
    context = load("run").make_context("run", list(arguments))
    setting_values(context, (*RUN_SETTINGS, *COMMAND_SETTINGS))
    for setting in COMMAND_SETTINGS:
        given = context.get_parameter_source(setting.name) is ParameterSource.COMMANDLINE
        if setting.secret and given:
            message = _("%s is a secret, and others can read a schedule: put %s into .env instead")
            raise InputError(message % (setting.flag, setting.variable))
    chosen = [(setting.flag, asked(arguments, setting.flag)) for setting in (CONFIG, PROFILE)]
    _named_file(arguments)
    shared = [word for flag, value in chosen if value is not None for word in (flag, value)]
    shared += [
        word
        for setting in OF_DOCTOR
        if context.get_parameter_source(setting.name) is ParameterSource.COMMANDLINE
        for word in (setting.flag, str(context.params[setting.name]))
    ]
    return (*shared, *(("--", *map(str, context.params["paths"])) if context.params["paths"] else ()))


def _named_file(arguments: tuple[str, ...]) -> SettingsFile | None:
    """The file of settings that the arguments of the run name, or whose profile they do."""
    named, profile = (asked(arguments, setting.flag) for setting in (CONFIG, PROFILE))
    return read_settings_file(named, profile) if named or profile else None


def _warn_of_shell(context: click.Context, arguments: tuple[str, ...]) -> None:
    """Names what is exported here alone: a night without a token ends at once, every night."""
    file = _named_file(arguments) or (context.obj or SettingsSources()).file
    if names := only_in_this_shell(file, arguments):
        message = _(
            "warning: a scheduled run does not see what is set in this shell alone: %(names)s. Put it into "
            "%(env)s; settings other than the token may also stand in %(file)s."
        )
        path = SETTINGS_FILE if file is None else file.path
        say(message % {"names": ", ".join(names), "env": ENV_FILE, "file": path}, err=True)


def _print(system: str, made: Schedule) -> None:
    now = datetime.now().astimezone()
    if system == "cron":
        (file,) = cron.files(made, now)
        say(file.text.rstrip("\n"))
        return
    files = WITH_FILES[system].files(made, now)
    for number, file in enumerate(files):
        head = ("\n" if number else "") + f"# {place_of(file, Path.home())}"
        say(head, err=system != "systemd")  # no comment in the other formats
        say(file.text.rstrip("\n"))


def _install(system: str, made: Schedule) -> None:
    now = datetime.now().astimezone()
    if system == "cron":
        install_cron(made, now)
        say(_("written into your crontab: `crontab -l` shows it"))
    else:
        for path in install_files(WITH_FILES[system], made, now, Path.home()):
            say(str(path))
    _tell_times(made)
    if system == "systemd" and sys.platform == "linux":
        say(_("So that it also runs while you are not logged in:  %s") % LINGER, err=True)


def _tell_times(made: Schedule) -> None:
    """When each job begins, whatever the clocks of this machine show."""
    for job in made.jobs:
        say(_("every day at %(at)s in Shanghai: crawler %(command)s")
            % {"at": format(job.at, "%H:%M"), "command": " ".join(job.arguments)}, err=True)  # fmt: skip
