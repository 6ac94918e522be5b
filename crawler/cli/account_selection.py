"""The accounts that a command line asks for."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import click
from click.core import ParameterSource

from crawler.account import Account
from crawler.cli.setting_options import given_by
from crawler.settings.accounts import OF_RUN, read_accounts
from crawler.settings.budget import check_price_counts
from crawler.settings.file import ACCOUNTS_TABLE, SettingsFile
from crawler.settings.run import PRICE
from crawler.settings.setting import about

_GIVEN = (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT)


def accounts_asked(
    context: click.Context, values: Mapping[str, Any], chosen: Sequence[str], *, tokens: bool = True
) -> tuple[Account, ...]:
    """The accounts of the file of settings, those `chosen` by name or all; () where it declares none. Without
    `tokens` each has an empty one.

    What the command line or a variable says of address, rate and price goes before what an account says.
    """
    sources = context.obj
    file = None if sources is None else sources.file
    given = given_settings(context)
    accounts = read_accounts(file, chosen, values, given, os.environ if tokens else None)
    _check_prices(context, file, values, accounts)
    return accounts


def _check_prices(
    context: click.Context,
    file: SettingsFile | None,
    values: Mapping[str, Any],
    accounts: Sequence[Account],
) -> None:
    """Raises InputError, with the option, the variable or the line that gives the price, for a budget of the
    run that a price of 0 would never use up."""
    prices = [(values["price"], given_by(context, PRICE))]
    if accounts:
        prices = [(each.price, _price_called(context, file, str(each.name))) for each in accounts]
    for price, called in prices:
        if price is not None:
            with about(called):
                check_price_counts(values["budget"], price)
                check_price_counts(values["budget_per_day"], price)


def _price_called(context: click.Context, file: SettingsFile | None, name: str) -> str:
    """What gives an account its price."""
    place = (ACCOUNTS_TABLE, name, PRICE.key)
    if file is None or PRICE.key not in file.table(place[:2]) or PRICE.name in given_settings(context):
        return given_by(context, PRICE)
    return file.called(place)


def given_settings(context: click.Context) -> list[str]:
    """The settings that the command line or a variable gives to all accounts."""
    return [name for name in OF_RUN if context.get_parameter_source(name) in _GIVEN]
