"""`crawler report`: the morning's report as one HTML file."""

from __future__ import annotations

import sqlite3
import webbrowser
from dataclasses import replace
from pathlib import Path

import click

from crawler.analysis.filters import parse_when
from crawler.analysis.report import Formatter, read_report, render
from crawler.atomic_files import real_path, replacing
from crawler.cli.output import ended_cleanly, say
from crawler.cli.setting_options import setting_values
from crawler.cli.shared_options import SINCE_HELP, db_option, price_option
from crawler.clock import utc_now
from crawler.errors import InputError
from crawler.i18n import _, language, translations
from crawler.money import Money
from crawler.settings.run import PRICE
from crawler.store.readonly import reading
from crawler.ui.program_name import DEFAULT_DB, db_argument, program_name

ENDINGS = (".html", ".htm")


@click.command(
    help=_(
        """Write the morning's report: one HTML file that needs no network.

        What ran and what it cost, new creators, who grew, which keywords still bring new creators and which
        only repeat, followers, the last 30 days, and failures in plain words. Without --since it is about the
        last night. FILE is report.html beside the database unless given, report-NAME.html beside
        NAME.db where that is not creators.db.

        \b
        Examples:
          crawler report
          crawler report --price 0.05 --open
          crawler report week.html --since 7d --lang zh
        """
    )
)
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@db_option
@click.option(
    "--since",
    metavar="WHEN",
    help=SINCE_HELP,
)
@click.option("--lang", type=click.Choice(["zh", "en"]), help=_("The report's language, yours by default."))
@price_option
@click.option(
    "--pictures",
    is_flag=True,
    help=_("Show the creators' pictures; opening the file then loads them from the platform."),
)
@click.option("--open", "show", is_flag=True, help=_("Open the report in the browser."))
@click.pass_context
def report(
    context: click.Context,
    /,
    file: Path | None,
    db: Path,
    since: str | None,
    lang: str | None,
    pictures: bool,
    show: bool,
    **_price: str | None,
) -> None:
    price: Money | None = setting_values(context, [PRICE])["price"]
    target = file or _beside(db)
    if target.suffix.lower() not in ENDINGS:
        raise InputError(_("the report is HTML: its name must end in .html, unlike %s") % target)
    start = None if since is None else parse_when(since, utc_now())
    with reading(db) as connection:
        try:
            content = read_report(connection, since=start, now=utc_now)
        except sqlite3.DatabaseError as exc:
            raise InputError(_("cannot read %s: %s") % (db, exc)) from exc
    words = Formatter(lang or language(), translations(lang or language()))
    if price is not None:
        words = replace(words, price=price.amount, currency=price.currency)
    page = render(content, words, pictures=pictures, where=db_argument(db))
    with ended_cleanly(), replacing(target) as made:
        made.write_text(page, encoding="utf-8", errors="replace")
    say(str(target))
    if show:
        webbrowser.open(real_path(target).as_uri())
    else:
        say(_("Open it in a browser. For the creators as a table: %s") % _export(db), err=True)


def _beside(db: Path) -> Path:
    """The report's place where none is given: of two databases in one folder each has its own."""
    if db.name == DEFAULT_DB.name:
        return db.with_name("report.html")
    return db.with_name(f"report-{db.name.removesuffix(DEFAULT_DB.suffix)}.html")


def _export(db: Path) -> str:
    return f"{program_name()} export creators.xlsx{db_argument(db)}"
