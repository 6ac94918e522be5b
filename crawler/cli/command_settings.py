"""What a file of settings says to the options of commands, checked whole before a command begins."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import click

from crawler.errors import InputError
from crawler.i18n import N_, _
from crawler.settings.accounts import check_accounts
from crawler.settings.file import (
    ACCOUNTS_TABLE,
    PROFILES,
    Entry,
    Place,
    SettingsFile,
    as_switch,
    as_text,
    as_texts,
    from_folder,
    refuse_unknown,
    value_of,
)
from crawler.settings.run import CONFIG, LANG, PATHS, PROFILE, SHARED_SETTINGS
from crawler.settings.setting import about

Commands = Mapping[str, Callable[[], click.Command]]
"""The commands by name, each loaded when it is asked for."""

THE_ENVIRONMENT = N_("the environment")

ELSEWHERE = {LANG.variable, CONFIG.variable, PROFILE.variable}
"""Options that are heeded before a command is loaded, so that no table of a command can give them."""


ARGUMENTS = (PATHS.key, "file")
"""The arguments that a file of settings can give."""


@dataclass(frozen=True, slots=True)
class SettingsSources:
    """What a command finds: the file of settings, and where each of our variables comes from."""

    file: SettingsFile | None = None
    variables: Mapping[str, str] = field(default_factory=dict)


def asks_for_help(arguments: Sequence[str]) -> bool:
    """Whether help or the version is asked for, which no broken file may withhold."""
    return any(argument in ("-h", "--help", "--version") for argument in arguments)


def check_file(file: SettingsFile, commands: Commands) -> None:
    """Raises InputError for the first thing in the file that cannot be used, whatever command is meant."""
    file.check_shared(SHARED_SETTINGS, commands, partial(_table_of, commands))
    check_accounts(file)
    for base in file.bases():
        for name in file.table(base):
            if name in commands:
                for entry in _entries_of_command(file, (*base, name)):
                    _own_value(file, commands, name, entry)


def _table_of(commands: Commands, key: str) -> str | None:
    """In whose table a key belongs that is unknown at the top, None where nobody knows it."""
    owners = [f"[{name}]" for name in commands if key in keys_of(commands[name]())]
    return _("it belongs into a table: %s") % ", ".join(owners) if owners else None


def values_for(file: SettingsFile, commands: Commands, name: str) -> dict[str, tuple[Any, str]]:
    """What the file gives the parameters of a command, by their names in Python, each with its place."""
    command = commands[name]()
    shared = {
        setting.key: setting for setting in SHARED_SETTINGS if _takes(command, setting.name, setting.variable)
    }
    found: dict[str, tuple[Any, str]] = {}
    for base in file.bases_in_force():
        for entry in file.entries(base):
            if entry.key in shared:
                setting = shared[entry.key]
                found[setting.name] = (value_of(setting, entry, file.folder), entry.called)
        for entry in _entries_of_command(file, (*base, name)):
            parameter, value = _own_value(file, commands, name, entry)
            found[parameter] = (value, entry.called)
    return found


def own_entries(file: SettingsFile) -> Iterator[tuple[str, Entry, Any]]:
    """What tables of commands say that is in force: the command, the entry and its value as written."""
    found: dict[tuple[str, str], Entry] = {}
    for base in file.bases_in_force():
        for name, table in file.table(base).items():
            if isinstance(table, dict) and name not in (PROFILES, ACCOUNTS_TABLE):
                found |= {(name, each.key): each for each in _entries_of_command(file, (*base, name))}
    for (name, _key), entry in found.items():
        yield name, entry, entry.value


def _takes(command: click.Command, parameter: str, variable: str) -> bool:
    """Whether a command has the option of a shared setting, or its argument."""
    return any(
        each.name == parameter and (each.envvar == variable or parameter == PATHS.name)
        for each in command.params
    )


def _entries_of_command(file: SettingsFile, place: Place) -> Iterator[Entry]:
    for key, value in file.table(place).items():
        yield Entry(key, value, file.called((*place, key)))


def _own_value(file: SettingsFile, commands: Commands, name: str, entry: Entry) -> tuple[str, Any]:
    """The parameter that an entry in a command's table is about, and what it gives it."""
    command = commands[name]()
    parameter = keys_of(command).get(entry.key)
    if parameter is None:
        at_top = entry.key in (setting.key for setting in SHARED_SETTINGS)
        hint = _("it belongs at the top of the file, or of a profile") if at_top else None
        refuse_unknown(entry.key, entry.called, keys_of(command), hint)
    assert parameter.name is not None
    for setting in SHARED_SETTINGS:
        if setting.key == entry.key and _takes(command, setting.name, setting.variable):
            return parameter.name, value_of(setting, entry, file.folder)
    with about(entry.called):
        value = _plain_value(parameter, entry.value, file)
        try:
            parameter.process_value(click.Context(command), value)
        except click.BadParameter as error:
            raise InputError(error.message) from None
    return parameter.name, value


def _plain_value(parameter: click.Parameter, value: Any, file: SettingsFile) -> Any:
    if getattr(parameter, "is_flag", False):
        return as_switch(value)
    if getattr(parameter, "count", False):
        if type(value) is not int:
            raise InputError(_("must be a whole number"))
        return value
    several = getattr(parameter, "multiple", False)
    texts = as_texts(value) if several else [as_text(value)]
    if isinstance(parameter.type, click.Path):
        texts = [from_folder(text, file.folder) for text in texts]
    return texts if several else texts[0]


def keys_of(command: click.Command) -> dict[str, click.Parameter]:
    """The options of a command, and its PATHS or FILE, by their names in a file of settings."""
    found: dict[str, click.Parameter] = {}
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            if parameter.envvar not in ELSEWHERE and not parameter.hidden:
                found |= {
                    each.removeprefix("--"): parameter for each in parameter.opts if each.startswith("--")
                }
        elif parameter.name in ARGUMENTS:
            found[parameter.name] = parameter
    return found
