"""Options that follow from the declaration of settings; no text here is made before it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from crawler.cli.command_settings import THE_ENVIRONMENT
from crawler.i18n import _
from crawler.settings.run import CONFIG, LANG, PROFILE
from crawler.settings.setting import Form, Setting

F = TypeVar("F", bound=Callable[..., Any])

PLACES_IN_FILE = "crawler.places"
"""Under this a command's context keeps where the file of settings gives each of its parameters."""


def setting_option(setting: Setting[Any]) -> Callable[[F], F]:
    """The option of a setting, which its environment variable can set as well. What a text stands for is read
    by `setting_values`, where an error can name what the text was given by; click reads paths and words."""
    return click.option(setting.flag, setting.name, **_attributes(setting))


def setting_options(*settings: Setting[Any]) -> Callable[[F], F]:
    """The options of several settings, in the order in which help shows them."""

    def decorate(function: F) -> F:
        for setting in reversed(settings):
            function = setting_option(setting)(function)
        return function

    return decorate


def _attributes(setting: Setting[Any]) -> dict[str, Any]:
    common = {
        "envvar": setting.variable,
        "show_envvar": True,
        "show_default": True,
        "help": _(setting.help),
    }
    kind = setting.kind
    if kind.form in (Form.SWITCH, Form.SWITCH_OFF):
        return common | {"is_flag": True}
    types = {
        Form.FILE: click.Path(path_type=Path, dir_okay=False),
        Form.PATH: click.Path(path_type=Path),
        Form.CHOICE: click.Choice(kind.choices),
    }
    if kind.form is Form.SEVERAL:
        return common | {"type": click.STRING, "multiple": True, "metavar": kind.metavar}
    return common | {
        "type": types.get(kind.form, click.STRING),
        "default": setting.default_text,
        "metavar": kind.metavar,
    }


def setting_values(context: click.Context, settings: Iterable[Setting[Any]]) -> dict[str, Any]:
    """The settings' values by their names in Python; raises InputError that names the option or variable."""
    values = {}
    for setting in settings:
        given = context.params[setting.name]
        if setting.kind.form is Form.SWITCH_OFF:  # the flag says what is not wanted
            given = not given
        read = setting.read if isinstance(given, str) else setting.check
        values[setting.name] = read(given, given_by(context, setting))
    return values


def given_by(context: click.Context, setting: Setting[Any]) -> str:
    """What a setting was given by: its option, its variable, or its line of the file of settings."""
    match context.get_parameter_source(setting.name):
        case ParameterSource.ENVIRONMENT:
            return setting.variable
        case ParameterSource.DEFAULT_MAP:
            return str(context.meta.get(PLACES_IN_FILE, {}).get(setting.name, setting.flag))
    return setting.flag


def standing_settings(context: click.Context, settings: Iterable[Setting[Any]]) -> frozenset[str]:
    """The settings that a command in this folder finds again though nobody gives them: those of `.env` and of
    `crawler.toml`, but not what this command line, or this shell, alone has the profile or the file for."""
    chosen = any(_only_here(each, setting) for each in _line_of(context) for setting in (CONFIG, PROFILE))

    def stands(setting: Setting[Any]) -> bool:
        if context.get_parameter_source(setting.name) is ParameterSource.DEFAULT_MAP:
            return not chosen
        return not _only_here(context, setting)

    return frozenset(setting.name for setting in settings if stands(setting))


def _line_of(context: click.Context) -> list[click.Context]:
    """The context and those of the commands before it, which take options too."""
    return [context] if context.parent is None else [context, *_line_of(context.parent)]


def _only_here(context: click.Context, setting: Setting[Any]) -> bool:
    """Whether an option of this command line, or a variable of this shell, gives the setting."""
    match context.get_parameter_source(setting.name):
        case ParameterSource.COMMANDLINE:
            return True
        case ParameterSource.ENVIRONMENT:
            return context.obj is None or context.obj.variables.get(setting.variable) == THE_ENVIRONMENT
    return False


def options_of_every_command() -> list[click.Option]:
    """`--lang`, `--config` and `--profile`, which have been heeded before a command is loaded."""
    return [
        click.Option([setting.flag], expose_value=False, **_attributes(setting))
        for setting in (LANG, CONFIG, PROFILE)
    ]


def asked(arguments: Sequence[str], flag: str) -> str | None:
    """The last value that `arguments` give `flag`, wherever it stands; None where there is none."""
    found = None
    for argument, following in zip_longest(arguments, arguments[1:]):
        if argument == "--":
            break
        name, equals, value = argument.partition("=")
        if name == flag:
            found = value if equals else following
    return found


def asked_language(arguments: Sequence[str]) -> str | None:
    """The language that `--lang` asks for; None where there is none such."""
    word = asked(arguments, LANG.flag)
    return word if word in LANG.kind.choices else None
