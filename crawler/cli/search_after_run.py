"""What follows a run: the search index is brought up to date, as far as the time allows."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

import click

from crawler.cli.output import say
from crawler.cli.signals import interrupted_by_signals
from crawler.errors import CrawlerError
from crawler.i18n import _

TOLD_FROM = 50_000
"""Creators to bring into the index from which on its progress is shown."""

SHARE_OF_RUN = 0.03
"""Of a run's time, what the index may take before its last transaction begins; one it makes in any case. At
the pace of a paid API that is more than it needs. What is left the next run does; a search looks through it
one by one until then."""


def update_search(db: Path, run_seconds: float, *, told: bool) -> None:
    """Brings the full-text index up to date, if there is one. A search finds everything even without this, so
    that whatever is in the way, a signal too, leaves the run's own exit code as it is."""
    from crawler.analysis.search import update_search_index
    from crawler.store.database import open_database, store_errors
    from crawler.store.lock import hold

    until = time.monotonic() + run_seconds * SHARE_OF_RUN
    try:
        with interrupted_by_signals(), hold(db), store_errors(db), closing(open_database(db)) as database:
            update_search_index(
                database.conn,
                tell=_tell if told else lambda done, total: None,
                goes_on=lambda: time.monotonic() < until,
            )
    except CrawlerError as error:
        say(_("The search index will be updated by the next run: %s") % error, err=True)
    except KeyboardInterrupt:
        click.echo(_("The search index waits for the next run: interrupted"), err=True)


def _tell(done: int, total: int) -> None:
    """Reports how far the index is, where it takes long enough to notice."""
    if total > TOLD_FROM:
        line = _("search index: creators %(done)s of %(total)s; the next run does what is left")
        click.echo(line % {"done": f"{done:,}", "total": f"{total:,}"}, err=True)
