"""`crawler plan`: what the next run will do, cost and bring, before it costs anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import orjson

from crawler.analysis.forecast import Interval
from crawler.analysis.plan import Plan, PlanSettings, explain, make_plan
from crawler.cli.setting_options import setting_options, setting_values
from crawler.clock import utc_now
from crawler.config import PRICE, RUN_SETTINGS
from crawler.engine.history import Explanation
from crawler.i18n import _
from crawler.i18n.words import span
from crawler.keywords import identity, read_keywords
from crawler.model import Keyword, Problem
from crawler.money import Money
from crawler.store.readonly import file_at, reading
from crawler.text import sanitize
from crawler.ui.table import stdout_cells, table_lines
from crawler.vendor.search_user_v2 import SEARCH_USER_V2

PLANNED = (
    "db",
    "pages_max",
    "calls_max",
    "calls_max_per_day",
    "refresh_after",
    "order",
    "aim",
    "refresh",
    "stop_below",
)
SETTINGS = tuple(setting for setting in RUN_SETTINGS if setting.name in PLANNED)
"""The settings of a run that a plan depends on."""

NOT_ASKED_SHOWN = 10


@click.command(
    help=_(
        """What the next run will do, cost and bring: without a call, and without writing anything.

        Keywords due; charged calls, money, minutes and new creators to expect, each with bounds that hold in
        about 80 % of the nights; what a cap leaves out. All of it comes from this database's own nights: how
        deep each keyword went, what it brought, how fast the calls went. Before there is such a night the
        plan says so and gives bounds. PATHS are the keyword files or folders, keywords/ unless given.

        \b
        Examples:
          crawler plan --price 0.05
          crawler plan keywords/beauty-and-outfits.txt --max-calls 100
          crawler plan --order yield --max-calls 300 --json
          crawler plan --explain 穿搭
        """
    )
)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, allow_dash=True))
@setting_options(*SETTINGS, PRICE)
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
    """Reads the keywords and the database, and shows what is to be expected."""
    values = setting_values(context, SETTINGS)
    price: Money | None = setting_values(context, [PRICE])["price"]
    db: Path = values.pop("db")
    settings = PlanSettings(SEARCH_USER_V2.id, **values)
    keywords = _usable(read_keywords(paths or (Path("keywords"),)))
    with reading(db) if file_at(db) is not None else nullcontext() as connection:
        if explained is not None:
            shown = explain(connection, keywords, settings, utc_now, identity(explained))
            click.echo(_explanation_json(*shown) if as_json else "\n".join(_explanation(explained, *shown)))
            return
        made = make_plan(connection, keywords, settings, utc_now)
    click.echo(_plan_json(made, price) if as_json else "\n".join(plan_lines(made, price, db)))


def _usable(keywords: Iterator[Keyword | Problem]) -> Iterator[Keyword]:
    for item in keywords:
        if isinstance(item, Problem):
            click.echo(sanitize(f"{item.source}: {item.message}"), err=True)
        else:
            yield item


def _plan_json(made: Plan, price: Money | None) -> str:
    money = None if price is None else asdict(made.calls.times(float(price.amount)))
    return orjson.dumps({**asdict(made), "money": money}).decode()


def plan_lines(made: Plan, price: Money | None, db: Path) -> Iterator[str]:
    """The plan for people."""
    counts = _(
        "keywords due: %(due)s of %(listed)s "
        "(%(unfinished)s unfinished, %(never)s never asked, %(again)s again)"
    )
    yield counts % {
        "due": f"{made.due:,}",
        "listed": f"{made.listed:,}",
        "unfinished": f"{made.unfinished:,}",
        "never": f"{made.never_asked:,}",
        "again": f"{made.again:,}",
    }
    if not made.due:
        yield from _not_asked(made)
        yield _("Nothing is due: a run would make no call.")
        return
    if not made.nights:
        yield _("%s has no finished night yet: these are bounds, not expectations.") % db
    yield ""
    rows: list[tuple[object, ...]] = [(_("charged calls"), *_cells(made.calls, _count))]
    if price is not None:
        rows.append(
            (_("money"), *_cells(made.calls.times(float(price.amount)), lambda amount: f"{amount:,.2f}"))
        )
    rows.append((_("time"), *_cells(made.minutes, lambda minutes: span(60 * minutes))))
    if made.creators is not None:
        rows.append((_("new creators"), *_cells(made.creators, _count)))
    names = (_("tonight"), _("expected"), _("at least"), _("at most"))
    yield from table_lines(names, rows, stdout_cells())
    yield ""
    yield from _remarks(made)


def _remarks(made: Plan) -> Iterator[str]:
    pace = f"{made.calls_per_minute:,.0f}"
    if made.pace_learnt:
        yield _("Pace: %s calls a minute, as earlier runs learnt.") % pace
    else:
        yield _("Pace: %s calls a minute, the safe one: no run has shown another.") % pace
    if made.creators is not None and not made.nights_tested:
        yield _("No keyword was looked at twice yet: what is new tonight is little more than a guess.")
    yield from _not_asked(made)
    if made.calls_max is not None and made.keywords_left_out:
        left = _(
            "The cap of %(cap)s calls leaves out about %(keywords)s keywords; "
            "reading all in full would take %(calls)s calls."
        )
        in_full = made.calls_in_full
        calls = in_full.high if in_full.expected is None else in_full.expected
        yield left % {
            "cap": f"{made.calls_max:,}",
            "keywords": f"{made.keywords_left_out:,}",
            "calls": ("≤ " if in_full.expected is None else "") + f"{calls:,.0f}",
        }


def _not_asked(made: Plan) -> Iterator[str]:
    if made.not_asked:
        names = ", ".join(one.text for one in made.not_asked[:NOT_ASKED_SHOWN])
        more = ", …" if len(made.not_asked) > NOT_ASKED_SHOWN else ""
        line = _("Not asked, too little is expected of them: %(count)s keywords (%(names)s)")
        yield sanitize(line % {"count": f"{len(made.not_asked):,}", "names": names + more})


def _cells(interval: Interval, show: Callable[[float], str]) -> tuple[str, str, str]:
    expected = "" if interval.expected is None else show(interval.expected)
    return expected, show(interval.low), show(interval.high)


def _count(number: float) -> str:
    return f"{number:,.0f}"


def _explanation_json(found: Explanation, place: int, of: int) -> str:
    return orjson.dumps({**asdict(found), "place": place, "of": of}).decode()


def _explanation(text: str, found: Explanation, place: int, of: int) -> Iterator[str]:
    heading = _("%(keyword)s, page %(page)d: place %(place)s of %(of)s, %(value)s new creators a call")
    yield sanitize(
        heading
        % {
            "keyword": text,
            "page": found.page,
            "place": f"{place:,}",
            "of": f"{of:,}",
            "value": f"{found.value:.2f}",
        }
    )
    yield ""
    if found.days is None:
        rows = [(_("a page never looked at, on average of all keywords"), f"{found.base:.2f}")]
    else:
        rows = [
            (_("new creators a day of such a page, on average of all keywords"), f"{found.base:.2f}"),
            (_("× keywords that find the same creators"), f"{found.neighbours:.2f}"),
            (_("× this keyword beside them"), f"{found.keyword:.2f}"),
            (_("× days since it was looked at"), f"{found.days:.2f}"),
        ]
    rows.append((_("= new creators expected on this page"), f"{found.expected:.2f}"))
    if found.facts_days:
        rows.append((_("days that the facts of its creators are old, together"), f"{found.facts_days:,.0f}"))
    yield from table_lines((_("what counts"), _("value")), rows, stdout_cells())
    yield ""
    looked = _("It was looked at %(looks)s times and brought %(found)s new creators.")
    yield looked % {"looks": f"{found.looks:,}", "found": f"{found.found:,.0f}"}
