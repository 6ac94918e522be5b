"""`crawler replay`: reads raw replies again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import click

from crawler.analysis.search import update_search_index
from crawler.cli.next_run import next_run
from crawler.cli.output import ended_cleanly, say
from crawler.cli.shared_options import db_option
from crawler.i18n import _
from crawler.maintenance.replay import Replayed, replay_into
from crawler.maintenance.replay import replay as read_again
from crawler.store.database import open_database, store_errors
from crawler.store.lock import hold
from crawler.store.readonly import reading


@click.command(
    help=_(
        """Read the raw replies again with this version's reader, without a call.

        Every answer that was paid for is kept as it came, until `crawler prune` removes it by age. A newer
        version may read more in it: then this adds what it finds, as of the night on which the answer came.
        Creators that could not be read before appear, unknown values are filled in, and an answer that could
        not be read at all becomes its page, behind which the keyword goes on. Nothing is removed, erased
        creators stay away, and a second replay changes nothing. It is no run: nothing is sent or charged.

        With --into, everything is made anew in another database, creators, sightings and changes from the
        raw replies alone; it can be crawled on. What only pages without a raw reply showed is missing there.

        An interrupted replay leaves everything as it was: give the same command again.

        \b
        Examples:
          crawler replay
          crawler replay --into data/again.db
          crawler replay --db data/demo.db --json
        """
    )
)
@db_option
@click.option(
    "--into",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help=_("Make a new database of it all instead."),
)
@click.option("--json", "as_json", is_flag=True, help=_("The figures as one JSON object."))
def replay(db: Path, into: Path | None, as_json: bool) -> None:
    """Replays and says what came of it."""
    with reading(db):
        pass
    with ended_cleanly():
        if into is None:
            replayed = read_again(db)
            _update_search(db)
        else:
            replayed = replay_into(db, into)
    if as_json:
        click.echo(json.dumps({"db": str(into or db)} | asdict(replayed)))
    else:
        say("\n".join(_lines(replayed, db, into)))


def _update_search(db: Path) -> None:
    with hold(db), closing(open_database(db)) as opened, store_errors(db):
        update_search_index(opened.conn)


def _lines(replayed: Replayed, db: Path, into: Path | None) -> Iterator[str]:
    counts = {name: f"{count:,}" for name, count in asdict(replayed).items()}
    yield _("Raw replies read: %(replies)s; not readable by this version either: %(unreadable)s.") % counts
    if into is not None:
        message = _("%(db)s holds creators %(creators)s, sightings %(sightings)s, changes %(changes)s.")
        yield message % (counts | {"db": into})
        if replayed.missing:
            yield _("Pages without a raw reply, whose creators may be missing there: %(missing)s.") % counts
    elif replayed.found:
        yield (
            _(
                "Found: new creators %(creators)s, completed or corrected %(creators_changed)s, "
                "sightings %(sightings)s, changes %(changes)s."
            )
            % counts
        )
    else:
        yield _("Nothing new was found in them.")
    if replayed.pages_new:
        yield (
            _("Pages gained without paying again: %(pages)s. To go on behind them:  %(command)s")
            % {
                "pages": counts["pages_new"],
                "command": next_run(into or db),
            }
        )
