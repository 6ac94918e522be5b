"""`crawler browse`: the database in the browser, reading only."""

from __future__ import annotations

import webbrowser
from contextlib import closing, suppress
from pathlib import Path

import click

from crawler.analysis.browse import listen, make_server
from crawler.analysis.browse.metadata import DATABASE
from crawler.analysis.query import load_questions
from crawler.cli.shared_options import db_option, questions_option
from crawler.i18n import _
from crawler.store.readonly import open_readonly

DEFAULT_PORT = 8001


@click.command(
    help=_(
        """Open the database in the browser, read-only.

        Tables, views and the named questions with filters, facets and links to profile pages, served by
        Datasette to this machine only. A run may continue meanwhile. Ctrl-C stops it.

        \b
        Examples:
          crawler browse --open
          crawler browse --db data/demo.db --port 8080
        """
    )
)
@db_option
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    help=_("The port to listen on; 0 takes a free one."),
)
@questions_option
@click.option("--open/--no-open", "show", default=False, help=_("Open it in the browser right away."))
def browse(db: Path, port: int, questions: Path | None, show: bool) -> None:
    open_readonly(db).close()
    with closing(listen(port)) as listening, suppress(KeyboardInterrupt):
        serve = make_server(db, listening, load_questions(questions))
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/{DATABASE}"
        click.echo(address)
        click.echo(_("Read-only, for this machine only. Ctrl-C stops it."), err=True)
        if show:
            webbrowser.open(address)
        serve()
