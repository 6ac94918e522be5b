"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from crawler.i18n import _

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_DB = Path("data/creators.db")


def db_option(function: F) -> F:
    """`--db`, the database to read or write."""
    return click.option(
        "--db",
        type=click.Path(path_type=Path, dir_okay=False),
        default=DEFAULT_DB,
        show_default=True,
        envvar="CRAWLER_DB",
        show_envvar=True,
        help=_("The SQLite database."),
    )(function)
