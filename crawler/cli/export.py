"""`crawler export`: the chosen creators as a file for Excel, a program or another database."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from crawler.analysis.export import Exported, Options
from crawler.analysis.export import export as write_export
from crawler.analysis.export.headers import HEADERS, NAMES
from crawler.analysis.filters import Filters
from crawler.cli.garbage_collection import collect_rarely
from crawler.cli.output import ended_cleanly, say
from crawler.cli.shared_options import db_option, filter_options
from crawler.i18n import _, ngettext
from crawler.ui.program_name import program_name

_HELP = _(
    """Write creators to FILE, for Excel, a program or another database.

    The ending of FILE decides the format:

    \b
    .csv      opens in Excel and WPS as it is. Ids stay text: a tab stands before
              what would become a number or a date, an apostrophe before what would
              run as a formula. --plain leaves both out.
    .xlsx     a workbook with filters and links to the profile pages; times are
              those of Shanghai.
    .jsonl    one JSON object a line, with everything the API sent.
    .parquet  typed columns for DuckDB, pandas, Spark, Trino and ClickHouse.
    .db       a database of the crawler with these creators alone:
              `crawler query --db FILE` reads it.

    .csv.gz and .jsonl.gz are compressed. Creators come in the order in which they were first seen; with
    --limit, those with the most followers, biggest first. A run may continue meanwhile. FILE is replaced
    only when the new one is complete.

    With --partition-by day FILE is a folder: day=2026-11-02/creators-….parquet holds the creators first seen
    on that day in Shanghai. Many machines can fill one folder; each replaces its own files only. --since
    then writes the days from that one on, each whole, --since-last those that changed. The folder may lie in
    an object store: s3://bucket/history.parquet, with the keys in the environment.

    \b
    Examples:
      crawler export creators.xlsx
      crawler export new.csv --since 1d
      crawler export beauty.xlsx --tag 美妆 --min-fans 1万 --verified --headers zh
      crawler export creators.csv --plain
      crawler export share.db --keyword 穿搭
      crawler export history.parquet --partition-by day --since-last
    """
)


@click.command(help=_HELP)
@click.argument("file")
@click.option("--partition-by", type=click.Choice(["day"]), help=_("Make a folder of Parquet files by day."))
@click.option(
    "--since-last", is_flag=True, help=_("Write only the days that changed since the last export there.")
)
@click.option("--plain", is_flag=True, help=_("CSV for programs: no byte order mark, every value as it is."))
@click.option(
    "--headers",
    type=click.Choice(HEADERS),
    default=NAMES,
    show_default=True,
    help=_("Headings of CSV and XLSX in Chinese or English, or the names of the columns."),
)
@filter_options
@db_option
def export(
    file: str,
    partition_by: str | None,
    since_last: bool,
    plain: bool,
    headers: str,
    db: Path,
    filters: Filters,
) -> None:
    """Writes the file and says on standard error what it holds and what can be done with it."""
    options = Options(plain=plain, by_day=partition_by == "day", since_last=since_last, headers=headers)
    with ended_cleanly(), _progress() as progress:
        collect_rarely()
        exported = write_export(db, file, filters, options, progress)
    if since_last and not exported.creators:
        say(_("nothing has changed since the last export to %s") % file, err=True)
        return
    say(_summary(file, exported), err=True)
    if exported.creators:
        say(_("next: %s") % _next(file, exported.ending, options), err=True)


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None] | None]:
    """What shows the progress on a terminal, None where there is none."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from crawler.ui.progress import BAR_DONE, BAR_LEFT

    columns = (
        TextColumn(_("creators")),
        BarColumn(style=BAR_LEFT, complete_style=BAR_DONE, finished_style=BAR_DONE),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("", total=None)
        yield lambda creators, total: shown.update(task, completed=creators, total=total)


def _summary(file: str, exported: Exported) -> str:
    if not exported.creators:
        message = _("no creator matches: %(file)s is empty")
    elif exported.replaced:
        message = ngettext(
            "%(creators)s creator to %(file)s, replacing the old file",
            "%(creators)s creators to %(file)s, replacing the old file",
            exported.creators,
        )
    else:
        message = ngettext(
            "%(creators)s creator to %(file)s", "%(creators)s creators to %(file)s", exported.creators
        )
    return message % {"creators": f"{exported.creators:,}", "file": file}


def _next(file: str, ending: str, options: Options) -> str:
    """What to do with the file, as a command to paste where there is one."""
    name = shlex.quote(file)
    if options.by_day:
        table = f"read_parquet('{file}/*/*.parquet', hive_partitioning = true)"
        return f'duckdb -c "SELECT day, count(*) FROM {table} GROUP BY day ORDER BY day"'
    if ending == ".db":
        return f"{program_name()} query top --db {name}"
    if ending == ".csv.gz":
        return f"gunzip {name}"
    if ending == ".xlsx" or (ending == ".csv" and not options.plain):
        return _("open %s in Excel, WPS or LibreOffice") % file
    return f"duckdb -c \"SELECT name, fans FROM '{file}' ORDER BY fans DESC LIMIT 10\""
