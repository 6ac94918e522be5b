"""`crawler search`: creators by name, bio, red_id and keyword, the best first."""

from __future__ import annotations

from pathlib import Path

import click

from crawler.analysis.filters import Filters
from crawler.analysis.query import QueryResult
from crawler.analysis.search import COLUMNS, LIMIT, read_found, search_creators
from crawler.cli.output import FOR_PEOPLE, output_options, write_result
from crawler.cli.shared_options import db_option, filter_options
from crawler.i18n import _
from crawler.store.readonly import reading


@click.command(
    help=_(
        """Find creators by name, bio, red_id or the keyword that found them.

    All WORDS must be found, each of them anywhere, as it is written: one Chinese character is enough. Case
    and full-width forms make no difference. A red_id is found whole, or by its first four characters or more.
    Best first: exact name, beginning of a name, name, red_id, keyword, bio; then by followers.

    \b
    Examples:
      crawler search 穿搭
      crawler search amy穿搭
      crawler search 上海 美食 --min-fans 10000 --limit 100
      crawler search 26814156493 --json
    """
    )
)
@click.argument("words", nargs=-1, required=True)
@db_option
@filter_options
@output_options
def search(words: tuple[str, ...], db: Path, filters: Filters, output: str) -> None:
    """The command; its help stands above, where it can be translated."""
    with reading(db) as connection:
        found = search_creators(connection, " ".join(words), filters)
        write_result(QueryResult(COLUMNS, read_found(connection, found)), output, table_rows=None, lists=True)
    if output in FOR_PEOPLE and not found:
        click.echo(_("no creator found"), err=True)
    elif output in FOR_PEOPLE and filters.limit is None and len(found) == LIMIT:
        click.echo(_("the best %d; --limit N shows more") % LIMIT, err=True)
