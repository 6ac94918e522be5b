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
    context: click.Context, values: Mapping[str, Any], chosen: Sequence[str]
) -> tuple[Account, ...]:
    """The accounts of the file of settings, those `chosen` by name or all; () where it declares none.

    What the command line or a variable says of address, rate and price goes before what an account says.
    """
    surroundings = context.obj
    file = None if surroundings is None else surroundings.file
    given = [name for name in OF_RUN if context.get_parameter_source(name) in _GIVEN]
    return read_accounts(file, chosen, values, given, os.environ)
