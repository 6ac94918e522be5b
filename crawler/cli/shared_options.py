"""Options that several commands share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from crawler.analysis.filters import Filters, parse_fans, parse_when
from crawler.cli.setting_options import setting_option
from crawler.clock import utc_now
from crawler.i18n import _
from crawler.keywords import identity
from crawler.settings.run import DB, PRICE, QUESTIONS

db_option = setting_option(DB)
"""`--db`, the database to read or write."""

questions_option = setting_option(QUESTIONS)
"""`--questions`, a folder that adds to the named questions."""

price_option = setting_option(PRICE)
"""`--price`, what a charged call costs; as text, for `setting_values` to read."""

ROWS_MAX = 10**9
"""More than any database has; twice as many still fit a number of SQLite."""


SINCE_HELP = _(
    "Since a day in Shanghai (2026-11-01, yesterday, today), a moment (2026-11-01T08:00Z) "
    "or for a span (7d, 20h)."
)


def _fans(_ctx: click.Context, _param: click.Parameter, text: str | None) -> int | None:
    return None if text is None else parse_fans(text)


_FILTERS = (
    click.option("--keyword", metavar="TEXT", help=_("Only creators that this keyword found.")),
    click.option("--tag", metavar="TEXT", help=_("Only creators that a keyword with this tag found.")),
    click.option(
        "--min-fans",
        "fans_min",
        callback=_fans,
        metavar="N",
        help=_("Only creators with N fans or more: 5000, 1万, 10w."),
    ),
    click.option(
        "--max-fans", "fans_max", callback=_fans, metavar="N", help=_("Only creators with N fans or fewer.")
    ),
    click.option(
        "--verified/--unverified",
        "verified",
        default=None,
        help=_("Only verified, or only unverified, creators."),
    ),
    click.option("--since", metavar="WHEN", help=SINCE_HELP),
    click.option(
        "--until", metavar="WHEN", help=_("Before a day, a moment or a span ago; the day itself is left out.")
    ),
    click.option("--limit", type=click.IntRange(1, ROWS_MAX), metavar="N", help=_("At most N rows.")),
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
        until: str | None,
        limit: int | None,
        **options: Any,
    ) -> Any:
        filters = Filters(
            keyword=None if keyword is None else identity(keyword),
            tag=tag,
            fans_min=fans_min,
            fans_max=fans_max,
            verified=verified,
            since=None if since is None else parse_when(since, utc_now()),
            until=None if until is None else parse_when(until, utc_now(), "--until"),
            limit=limit,
        )
        return function(*args, filters=filters, **options)

    for option in reversed(_FILTERS):
        command = option(command)
    return command
