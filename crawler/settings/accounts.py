"""The accounts that a file of settings declares, `[accounts.main]`, each checked with its line."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from crawler.account import Account
from crawler.errors import CrawlerError, InputError
from crawler.i18n import N_, _
from crawler.settings.api_token import check_token, read_token_file
from crawler.settings.budget import check_budget
from crawler.settings.file import ACCOUNTS_TABLE, Entry, SettingsFile, refuse_unknown, value_of
from crawler.settings.kinds import optional, path, text, text_needed
from crawler.settings.run import RUN_SETTINGS
from crawler.settings.setting import Setting, about

NAME = re.compile(r"[\w-]{1,40}")
RESERVED = "default"
"""What the token of a run without accounts is called."""

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TOKEN_BELONGS = N_(
    "the token does not belong into this file: name the variable that holds it with token-env, or a file "
    "that only you can read with token-file"
)


def _variable_name(value: object) -> str:
    """The name of a variable; what is none is never shown, for it may be the token itself."""
    if not _VARIABLE.fullmatch(text_needed(value)):
        raise InputError(_("must be the name of a variable; %s") % _(_TOKEN_BELONGS))
    return str(value)


TOKEN_ENV = Setting(
    "token_env", "--token-env", optional(text(_variable_name, "NAME")),
    N_("The environment variable that holds the account's token."),
)  # fmt: skip
ACCOUNT_TOKEN_FILE = Setting(
    "token_file", "--token-file", optional(path()), N_("A file with the token in its first line.")
)
WORKER = Setting(
    "worker", "--worker", optional(text(text_needed, "NAME")),
    N_("The machine of a cluster from which alone this account's calls go."),
)  # fmt: skip
OWN_CAPS = ("calls_max", "calls_max_per_day", "budget", "budget_per_day")
OF_RUN = ("base_url", "rate", "price")
"""Settings of a run that an account may have for itself."""

ACCOUNT_SETTINGS: tuple[Setting[Any], ...] = (
    TOKEN_ENV,
    ACCOUNT_TOKEN_FILE,
    *(setting for setting in RUN_SETTINGS if setting.name in (*OF_RUN, *OWN_CAPS)),
    WORKER,
)


def account_names(file: SettingsFile | None) -> tuple[str, ...]:
    """The accounts that a file declares, in its order."""
    return () if file is None else tuple(file.table((ACCOUNTS_TABLE,)))


def check_accounts(file: SettingsFile) -> None:
    """Raises InputError for the first thing in the tables of accounts that cannot be used."""
    for name in account_names(file):
        _check_name(file, name)
        values = dict(_values(file, name))
        if (values.get("token_env") is None) == (values.get("token_file") is None):
            message = _("%s: give either token-env or token-file")
            raise InputError(message % file.called((ACCOUNTS_TABLE, name)))


def read_accounts(
    file: SettingsFile | None,
    chosen: Sequence[str],
    of_run: Mapping[str, Any],
    given: Collection[str],
    variables: Mapping[str, str] | None = None,
) -> tuple[Account, ...]:
    """The accounts `chosen` by name, all of them where none is; () where none is declared.

    What an account does not say it has from the run's settings, `of_run`; those of them that were `given` on
    the command line or by a variable go before its own. Without `variables` each has an empty token; without
    a price in `of_run`, as nothing is spent, budgets are not held against one. Raises InputError for a name
    that is not declared, TokenError, with the line, for a token that cannot be had.
    """
    names = chosen_names(file, chosen)
    if file is None or not names:
        return ()
    check_accounts(file)
    accounts = tuple(_account(file, name, of_run, given) for name in names)
    if variables is not None:
        accounts = tuple(
            replace(each, token=read_token(file, str(each.name), variables)) for each in accounts
        )
        _check_tokens_differ(accounts)
    return accounts


def refuse_token_file(token_file: Path | None, accounts: Sequence[object]) -> None:
    """Raises InputError for a token file that nobody would use, as `accounts` have tokens of their own."""
    if token_file is not None and accounts:
        raise InputError(
            _(
                "--token-file %s would not be used: accounts are declared, each with its own token; name the "
                "file as token-file in the table of an account"
            )
            % token_file
        )


def _check_tokens_differ(accounts: Sequence[Account]) -> None:
    """Raises InputError for a token under two names: its caps would hold for each, and its pace be double."""
    names: dict[tuple[str, str], str] = {}
    for account in accounts:
        name = str(account.name)
        if (first := names.setdefault((account.base_url, account.token), name)) != name:
            raise InputError(
                _("accounts %(one)s and %(other)s have the same token") % {"one": first, "other": name}
            )


def chosen_names(file: SettingsFile | None, chosen: Sequence[str]) -> tuple[str, ...]:
    """The accounts `chosen` by name, all of them where none is, in the order of the file; raises InputError
    for one that is not declared."""
    names = account_names(file)
    for name in chosen:
        if name not in names:
            known = ", ".join(names) or _("none")
            raise InputError(_("there is no account %(name)s; declared are: %(known)s")
                             % {"name": name, "known": known})  # fmt: skip
    return tuple(name for name in names if not chosen or name in chosen)


def _account(file: SettingsFile, name: str, of_run: Mapping[str, Any], given: Collection[str]) -> Account:
    own = dict(_values(file, name))
    for setting in OF_RUN:
        if setting in of_run and (own.get(setting) is None or setting in given):
            own[setting] = of_run[setting]
    if "price" in of_run:
        with about(file.called((ACCOUNTS_TABLE, name))):
            for budget in (own.get("budget"), own.get("budget_per_day")):
                check_budget(budget, own["price"])
    for source in (TOKEN_ENV, ACCOUNT_TOKEN_FILE):
        own.pop(source.name, None)
    return Account(name, "", **own)


def token_source(file: SettingsFile, name: str) -> tuple[str | None, Path | None]:
    """The variable that holds an account's token, or the file."""
    own = dict(_values(file, name))
    return own.get("token_env"), own.get("token_file")


def read_token(file: SettingsFile, name: str, variables: Mapping[str, str]) -> str:
    """An account's token; raises TokenError, with the line, where it cannot be had."""
    variable, token_file = token_source(file, name)
    key = "token-env" if token_file is None else "token-file"
    called = file.called((ACCOUNTS_TABLE, name, key))
    try:
        if token_file is None:
            return check_token(variables.get(variable or "", ""), N_("there is no token in this variable"))
        if is_exposed(token_file):
            raise InputError(_("everybody on this machine can read %s: close it with chmod 600") % token_file)
        return read_token_file(token_file)
    except CrawlerError as error:
        raise type(error)(_("%(setting)s: %(problem)s") % {"setting": called, "problem": error}) from None


def is_exposed(file: Path) -> bool:
    """Whether everybody on this machine can read the file, as far as the system knows such a thing. A folder
    or a device is no file that could be closed."""
    if sys.platform == "win32":
        return False
    try:
        mode = os.stat(file).st_mode
        return stat.S_ISREG(mode) and bool(mode & stat.S_IRWXO)
    except (OSError, ValueError):
        return False


def _check_name(file: SettingsFile, name: str) -> None:
    called = file.called((ACCOUNTS_TABLE, name))
    if not NAME.fullmatch(name):
        raise InputError(_("%s: a name has up to 40 letters, digits, - and _") % called)
    if name == RESERVED:
        raise InputError(_("%s: this is what the only token is called; give another name") % called)


def _values(file: SettingsFile, name: str) -> Iterator[tuple[str, Any]]:
    """What an account's table says, by the settings' names in Python."""
    by_key = {setting.key: setting for setting in ACCOUNT_SETTINGS}
    place = (ACCOUNTS_TABLE, name)
    for key, value in file.table(place).items():
        called = file.called((*place, key))
        if key.strip().lower().replace("_", "-") == "token":
            raise InputError(f"{called}: {_(_TOKEN_BELONGS)}")
        if key not in by_key:
            refuse_unknown(key, called, by_key)
        setting = by_key[key]
        yield setting.name, setting.read(value_of(setting, Entry(key, value, called), file.folder), called)
