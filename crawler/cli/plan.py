"""`crawler plan`: what the next run will do, cost and bring, before it costs anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any

import click
import orjson
from click.core import ParameterSource

from crawler.cli.account_selection import accounts_asked
from crawler.cli.keyword_explanation import explanation, explanation_json
from crawler.cli.keyword_problems import usable
from crawler.cli.output import say, terminal_json
from crawler.cli.plan_text import plan_lines
from crawler.cli.setting_options import setting_options, setting_values
from crawler.clock import utc_now
from crawler.errors import OnlySamples
from crawler.i18n import _
from crawler.keywords import identity, read_keywords
from crawler.model import Keyword, Problem
from crawler.planning.accounts import AccountPlan
from crawler.planning.pace import PaceFrom
from crawler.planning.plan import Plan, explain, make_plan
from crawler.settings.budget import check_budget_pays
from crawler.settings.run import ACCOUNT, FORMAT, PATHS, RUN_SETTINGS, RunSettings
from crawler.settings.service_address import is_loopback
from crawler.store.readonly import file_at, reading
from crawler.vendor.search_user_v2 import SEARCH_USER_V2

UNPLANNED = ("workers", "wait_for_quota", "timeout_seconds", "archive")
SETTINGS = tuple(setting for setting in RUN_SETTINGS if setting.name not in UNPLANNED)
"""The settings of a run that a plan depends on."""


@click.command(
    help=_(
        """What the next run will do, cost and bring: without a call, and without writing anything.

        Keywords due; charged calls, money, minutes and new creators to expect, each with bounds that hold in
        about 80 % of the nights; which cap ends it, and what that leaves out. All of it comes from this
        database's own nights: how deep each keyword went, what it brought, how fast the calls went. Before
        there is such a night the plan says so and gives bounds. PATHS are the keyword files or folders,
        keywords/ unless given. `crawler run --dry-run` shows the same for the options of a run.

        \b
        Examples:
          crawler plan --price 0.05
          crawler plan keywords/beauty-and-outfits.txt --max-calls 100
          crawler plan --order yield --max-calls 300 --json
          crawler plan --price 0.05 --budget-per-day 20 --until 07:00
          crawler plan --explain 穿搭
        """
    )
)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, allow_dash=True))
@setting_options(FORMAT, ACCOUNT, *SETTINGS)
@click.option("--explain", "explained", metavar="KEYWORD", help=_("Why this keyword stands where it does."))
@click.option("--json", "as_json", is_flag=True, help=_("One JSON object."))
@click.pass_context
def plan(
    context: click.Context,
    /,
    paths: tuple[Path, ...],
    explained: str | None,
    as_json: bool,
    **_settings: Any,
) -> None:
    """Reads the settings, and shows what is to be expected of a run with them."""
    values = setting_values(context, SETTINGS)
    chosen = setting_values(context, [ACCOUNT])[ACCOUNT.name]
    settings = RunSettings("", **values, accounts=accounts_asked(context, values, chosen, tokens=False))
    show_plan(
        settings,
        paths,
        named=context.get_parameter_source("paths") is ParameterSource.COMMANDLINE,
        format_name=setting_values(context, [FORMAT])["format_name"],
        explained=explained,
        as_json=as_json,
    )


def show_plan(
    settings: RunSettings,
    paths: Sequence[Path],
    *,
    named: bool,
    format_name: str | None = None,
    explained: str | None = None,
    as_json: bool = False,
    for_money: bool = True,
) -> None:
    """Reads the keywords and the database, and shows what a run would do: without a call, a lock, a write.

    `named` says whether somebody gave the paths on the command line, and so means the samples among them.
    """
    check_budget_pays(settings)
    samples = named or not for_money or is_loopback(settings.base_url)
    keywords = usable(_found_or_samples(paths or (PATHS.default,), samples, format_name))
    planned = settings, SEARCH_USER_V2.id, utc_now
    with reading(settings.db) if file_at(settings.db) is not None else nullcontext() as connection:
        if explained is not None:
            shown = explain(connection, keywords, *planned, identity(explained))
            lines = [explanation_json(*shown)] if as_json else explanation(explained, *shown)
        else:
            made = make_plan(connection, keywords, *planned)
            lines = [plan_json(made)] if as_json else plan_lines(made, settings)
        for line in lines:
            say(terminal_json(line) if as_json else line)


def found_keywords(
    paths: Sequence[Path], samples: bool, format_name: str | None
) -> Iterator[Keyword | Problem]:
    """The keywords of `paths`; what cannot be read is refused here, before anything is made of them."""
    keywords = read_keywords(paths, samples=samples, format_name=format_name)
    first = next(keywords, None)
    return iter(()) if first is None else chain([first], keywords)


def _found_or_samples(
    paths: Sequence[Path], samples: bool, format_name: str | None
) -> Iterator[Keyword | Problem]:
    """The keywords that a run would find; samples that it would refuse are planned for all the same."""
    try:
        return found_keywords(paths, samples, format_name)
    except OnlySamples as only:
        say(str(only), err=True)
        return read_keywords(paths, format_name=format_name)


def plan_json(made: Plan) -> str:
    """The plan for programs."""
    forecast, pace = made.forecast, made.pace
    counts = ("order", "listed", "due", "unfinished", "never_asked", "again", "nights", "nights_tested")
    return orjson.dumps(
        {
            **{name: getattr(made, name) for name in counts},
            "calls_max": None if not made.caps else int(made.caps[0].calls.expected or 0),
            "caps": {cap.option: cap.calls for cap in made.caps},
            "binding": None if made.binding is None else made.binding.option,
            "calls": forecast.calls,
            "calls_in_full": forecast.calls_in_full,
            "sent_per_charged": pace.sent_per_charged,
            "calls_per_minute": pace.calls_per_minute,
            "pace_learnt": pace.rests_on is PaceFrom.RUNS,
            "minutes": forecast.minutes,
            "creators": forecast.creators,
            "keywords_left_out": made.keywords_left_out,
            "creators_left_out": made.creators_left_out,
            "money": made.money,
            "finished_in_future": made.finished_in_future,
            "later_calls": made.later_calls,
            **({"accounts": [_account(each) for each in made.accounts]} if made.accounts else {}),
        }
    ).decode()


def _account(account: AccountPlan) -> dict[str, object]:
    price = None if account.price is None else f"{account.price.amount:f}"
    return asdict(account) | {"price": price}
