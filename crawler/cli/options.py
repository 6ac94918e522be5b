"""Options that several commands share."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from crawler.analysis.filters import Filters, parse_since
from crawler.clock import utc_now
from crawler.config import DB, LANG, QUESTIONS
from crawler.i18n import _
from crawler.keywords import identity
from crawler.settings import Form, Setting

F = TypeVar("F", bound=Callable[..., Any])


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
    if kind.form is Form.SWITCH:
        return common | {"is_flag": True}
    types = {
        Form.FILE: click.Path(path_type=Path, dir_okay=False),
        Form.PATH: click.Path(path_type=Path),
        Form.CHOICE: click.Choice(kind.choices),
    }
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
        from_variable = context.get_parameter_source(setting.name) is ParameterSource.ENVIRONMENT
        called = setting.variable if from_variable else setting.flag
        read = setting.read if isinstance(given, str) else setting.check
        values[setting.name] = read(given, called)
    return values


def lang_option() -> click.Option:
    """`--lang`, which every command takes; it has been heeded before a command is loaded."""
    return click.Option([LANG.flag], expose_value=False, **_attributes(LANG))


def asked_language(arguments: Sequence[str]) -> str | None:
    """The language that `--lang` asks for, wherever it stands; None where there is none such."""
    asked = None
    for argument, following in zip_longest(arguments, arguments[1:]):
        if argument == "--":
            break
        name, equals, value = argument.partition("=")
        word = value if equals else following
        if name == LANG.flag and word in LANG.kind.choices:
            asked = word
    return asked


db_option = setting_option(DB)
"""`--db`, the database to read or write."""

questions_option = setting_option(QUESTIONS)
"""`--questions`, a folder that adds to the named questions."""

_FILTERS = (
    click.option("--keyword", metavar="TEXT", help=_("Only creators that this keyword found.")),
    click.option("--tag", metavar="TEXT", help=_("Only creators that a keyword with this tag found.")),
    click.option(
        "--min-fans", "fans_min", type=int, metavar="N", help=_("Only creators with N fans or more.")
    ),
    click.option(
        "--max-fans", "fans_max", type=int, metavar="N", help=_("Only creators with N fans or fewer.")
    ),
    click.option(
        "--verified/--unverified",
        "verified",
        default=None,
        help=_("Only creators with, or without, a verification."),
    ),
    click.option(
        "--since",
        metavar="WHEN",
        help=_("Since a day in Shanghai (2026-11-01), a moment (2026-11-01T08:00Z) or for a span (7d, 20h)."),
    ),
    click.option("--limit", type=click.IntRange(min=1), metavar="N", help=_("At most N rows.")),
)


def filter_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that choose creators, handed to the command as one `filters: Filters`."""

    @functools.wraps(function)
    def command(
        *args: Any,
        keyword: str | None,
        tag: str | None,
        fans_min: int | None,
        fans_max: int | None,
        verified: bool | None,
        since: str | None,
        limit: int | None,
        **options: Any,
    ) -> Any:
        filters = Filters(
            keyword=None if keyword is None else identity(keyword),
            tag=tag,
            fans_min=fans_min,
            fans_max=fans_max,
            verified=verified,
            since=None if since is None else parse_since(since, utc_now()),
            limit=limit,
        )
        return function(*args, filters=filters, **options)

    for option in reversed(_FILTERS):
        command = option(command)
    return command
