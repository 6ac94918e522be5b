"""The accounts that a command line asks for."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import click
from click.core import ParameterSource

from crawler.account import Account
from crawler.account_settings import OF_RUN, read_accounts

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
    return read_accounts(file, chosen, values, given_settings(context), os.environ if tokens else None)


def given_settings(context: click.Context) -> list[str]:
    """The settings that the command line or a variable gives to all accounts."""
    return [name for name in OF_RUN if context.get_parameter_source(name) in _GIVEN]
