"""`crawler merge`: the databases of several machines as one."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from crawler.cli.output import ended_cleanly, say
from crawler.i18n import _
from crawler.ui.program_name import program_name


@click.command(
    help=_(
        """Make one database of those that several machines crawled.

        Each creator is there once, with the earlier first sight and the newer facts; every sighting, change,
        call, price, run and raw reply is kept, runs with the database they came from. The order does not
        matter, and merging a database again adds only what is new in it. The databases themselves are not
        changed, also while a run is writing one.

        The result answers all questions and can be crawled on: a keyword that one of the databases has
        complete is not paid for again, and today's calls count towards the daily caps. Creators erased in one
        of the databases are erased in the result.

        \b
        Examples:
          crawler merge a.db b.db -o all.db
          crawler merge all.db a.db b.db -o all-of-today.db
          crawler merge a.db b.db -o all.db --replace
        """
    )
)
@click.argument("databases", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help=_("The database to make.")
)
@click.option("--replace", is_flag=True, help=_("Replace it where it exists, once the new one is complete."))
@click.option("--json", "as_json", is_flag=True, help=_("The figures as one JSON object."))
def merge(databases: tuple[Path, ...], output: Path, replace: bool, as_json: bool) -> None:
    """Merges, and says what the result holds."""
    from crawler.maintenance.merge import merge as merge_databases

    with ended_cleanly():
        merged = merge_databases(databases, output, replace=replace)
    if as_json:
        click.echo(json.dumps({"db": str(output)} | asdict(merged)))
        return
    counts = {name: f"{count:,}" for name, count in asdict(merged).items()} | {"db": output}
    say(
        _(
            "%(db)s: creators %(creators)s (in all databases %(creators_in)s), keywords %(keywords)s, "
            "sightings %(sightings)s, pages %(pages)s, calls %(calls)s, runs %(runs)s."
        )
        % counts
    )
    say(_("next: %s") % f"{program_name()} verify --db {output}", err=True)
