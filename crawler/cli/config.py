"""`crawler config`: every setting that holds, and where it comes from."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

import click
import orjson

from crawler.cli.command_settings import SettingsSources, own_entries
from crawler.cli.output import say, terminal_json
from crawler.i18n import N_, _, english
from crawler.settings.accounts import account_names
from crawler.settings.api_token import masked_tokens
from crawler.settings.environment import TOKEN_VARIABLE
from crawler.settings.file import ACCOUNTS_TABLE, PROFILES, Entry, SettingsFile, value_of
from crawler.settings.notices import masked
from crawler.settings.run import SHARED_SETTINGS, TOKEN_FILE
from crawler.settings.setting import Form, Setting
from crawler.ui.table import stdout_cells, table_lines

DEFAULT = N_("default")
MASK = "***"
TOKEN_KEY = "token"  # noqa: S105 - what the token is called


@dataclass(frozen=True, slots=True)
class SettingInForce:
    """A setting as it holds; `source` is `default`, a variable with its place, or a line of the file."""

    name: str
    value: str | bool | list[str] | None
    source: str


@click.command(
    help=_(
        """Print every setting that holds and where it comes from; no call is made.

        An option on the command line goes before the environment, the environment before .env, .env before
        the file of settings, and that before the defaults. In the file a profile goes before what stands at
        its top. The file is crawler.toml in the working directory, or what --config names; `crawler init`
        makes one. Nothing is printed where something in the file cannot be used: it is named with its line.
        The token is never shown.

        \b
        Examples:
          crawler config
          crawler config --profile beauty
          crawler config --json
        """
    )
)
@click.option("--json", "as_json", is_flag=True, help=_("One JSON object."))
@click.pass_obj
def config(sources: SettingsSources | None, as_json: bool) -> None:
    """Shows what a command would find."""
    found = sources or SettingsSources()
    held = [
        _masked(each)
        for each in (_token(found), *_settings(found), *_of_accounts(found.file), *_of_commands(found.file))
    ]
    if as_json:
        click.echo(terminal_json(_json(found.file, held)))
        return
    if found.file is None:
        say(_("No crawler.toml here: `crawler init` makes one."))
    else:
        profile = found.file.profile
        say(str(found.file.path) + ("" if profile is None else _(", profile %s") % profile))
    say("")
    rows = [(each.name, _shown(each.value), each.source) for each in held]
    for line in table_lines((_("setting"), _("value"), _("from")), rows, stdout_cells()):
        click.echo(line)


def _token(found: SettingsSources) -> SettingInForce:
    """Whether there is a token, never which."""
    file = next(each for each in _settings(found) if each.name == TOKEN_FILE.key)
    if file.value is not None:
        return SettingInForce(TOKEN_KEY, MASK, f"{file.value}, {file.source}")
    if os.environ.get(TOKEN_VARIABLE, "").strip():
        return SettingInForce(TOKEN_KEY, MASK, _variable(TOKEN_VARIABLE, found))
    return SettingInForce(TOKEN_KEY, None, _("none yet"))


def _settings(found: SettingsSources) -> Iterator[SettingInForce]:
    """Every setting that may stand at the top of the file."""
    for setting in SHARED_SETTINGS:
        if setting.variable in found.variables:
            text = os.environ[setting.variable]
            yield _hidden(
                setting, SettingInForce(setting.key, _read(setting, text), _variable(setting.variable, found))
            )
        elif (entry := _entry(found.file, setting)) is not None:
            assert found.file is not None
            value = value_of(setting, entry, found.file.folder)
            yield _hidden(setting, SettingInForce(setting.key, value, _place(entry)))
        else:
            yield SettingInForce(setting.key, _default(setting), _(DEFAULT))


def _hidden(setting: Setting[object], held: SettingInForce) -> SettingInForce:
    """Without what is secret in it."""
    if not setting.secret or isinstance(held.value, bool) or held.value is None:
        return held
    texts = held.value.split() if isinstance(held.value, str) else held.value
    return replace(held, value=[masked(text) for text in texts])


def _entry(file: SettingsFile | None, setting: Setting[object]) -> Entry | None:
    found = None
    for base in () if file is None else file.bases_in_force():
        for entry in file.entries(base) if file is not None else ():
            if entry.key == setting.key:
                found = entry
    return found


def _of_accounts(file: SettingsFile | None) -> Iterator[SettingInForce]:
    """What the tables of accounts say: where each token comes from, never the token."""
    for name in account_names(file):
        assert file is not None
        for entry in file.entries((ACCOUNTS_TABLE, name)):
            value = masked_tokens(str(entry.value))
            yield SettingInForce(f"{ACCOUNTS_TABLE}.{name}.{entry.key}", value, _place(entry))


def _of_commands(file: SettingsFile | None) -> Iterator[SettingInForce]:
    """What tables of commands say, which goes before the settings for all."""
    if file is None:
        return
    for command, entry, value in own_entries(file):
        several = [str(each) for each in value] if isinstance(value, list) else None
        written = value if isinstance(value, bool) else several or str(value)
        yield SettingInForce(f"{command}.{entry.key}", written, _place(entry))


def _read(setting: Setting[object], text: str) -> str | bool:
    value = setting.read(text, setting.variable)
    if setting.kind.form is Form.SWITCH_OFF:
        return not value
    return value if isinstance(value, bool) else text


def _default(setting: Setting[object]) -> str | bool | None:
    switch = setting.kind.form in (Form.SWITCH, Form.SWITCH_OFF)
    return False if switch else setting.default_text


def _place(entry: Entry) -> str:
    """`crawler.toml:12`, with the profile where it is one's."""
    where, _colon, key = entry.called.rpartition(": ")
    parts = key.split(".")
    return f"{where} [{PROFILES}.{parts[1]}]" if parts[0] == PROFILES else where


def _variable(name: str, found: SettingsSources) -> str:
    return f"{name}, {_(found.variables[name])}"


def _masked(held: SettingInForce) -> SettingInForce:
    """Without the token, wherever it was put by mistake."""
    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if not token:
        return held
    value = held.value
    if isinstance(value, str):
        value = value.replace(token, MASK)
    elif isinstance(value, list):
        value = [each.replace(token, MASK) for each in value]
    return SettingInForce(held.name, value, held.source.replace(token, MASK))


def _shown(value: str | bool | list[str] | None) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return " ".join(value) if isinstance(value, list) else value or ""


def _json(file: SettingsFile | None, held: list[SettingInForce]) -> str:
    settings = [asdict(each) | {"source": english(each.source)} for each in held]
    path, profile = (None, None) if file is None else (str(file.path), file.profile)
    return orjson.dumps({"file": path, "profile": profile, "settings": settings}).decode()
