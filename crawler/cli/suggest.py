"""`crawler suggest`: new keywords out of the names and bios of the creators found so far."""

from __future__ import annotations

from pathlib import Path

import click

from crawler.analysis.query import QueryResult
from crawler.analysis.suggest import read_suggestions
from crawler.cli.output import FOR_PEOPLE, output_options, write_result
from crawler.cli.shared_options import db_option
from crawler.i18n import N_, _
from crawler.store.readonly import reading

COLUMNS = (N_("keyword"), N_("creators"), N_("share"), N_("fans_median"), N_("example"))


@click.command(
    help=_(
        """Propose new keywords: words that many creators have in names and bios and that no keyword covers.

        Offline, from the database alone. A word that is a part of a keyword, or has one in it, is covered.
        The CSV is a keyword file: look through it before it costs money.

        \b
        Examples:
          crawler suggest
          crawler suggest --limit 100 --min-creators 20
          crawler suggest --csv > suggested.csv
        """
    )
)
@db_option
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    metavar="N",
    help=_("At most N rows."),
)
@click.option(
    "--min-creators", type=click.IntRange(min=2), default=5, show_default=True, metavar="N",
    help=_("Only words that N creators or more have."),
)  # fmt: skip
@output_options
def suggest(db: Path, limit: int, min_creators: int, output: str) -> None:
    """Reads the creators' texts and shows the words."""
    with reading(db) as connection:
        found = read_suggestions(connection, limit=limit, creators_min=min_creators)
    percent = "{:4.1f} %" if output == "table" else "{:.1f} %"
    rows = (
        (
            one.keyword,
            one.creators,
            percent.format(100 * one.share) if output in FOR_PEOPLE else one.share,
            one.fans_median,
            one.example,
        )
        for one in found
    )
    columns = tuple(map(_, COLUMNS)) if output == "table" else COLUMNS
    write_result(QueryResult(columns, rows), output, table_rows=None, when_empty=_("no word is missing"))
