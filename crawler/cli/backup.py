"""`crawler backup`: a verified copy of the database, also while a run goes on."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click
from click.core import ParameterSource

from crawler.cli.output import ended_cleanly, say
from crawler.cli.shared_options import db_option
from crawler.i18n import _, ngettext
from crawler.i18n.formatting import size
from crawler.maintenance.backup import Backup, back_up
from crawler.maintenance.backup_rotation import parse_keep
from crawler.ui.program_name import db_argument, program_name


@click.command(
    help=_(
        """Copy the database as it is at this moment; a run may go on meanwhile.

        FILE is the copy's name, or a folder where it is named by its moment; without it that is backups/
        beside the database. It is verified, the file itself and what `crawler verify` checks, and only then
        takes its name, so that there is never half a backup. A backup that is there is replaced; no other
        file ever is.

        --keep thins the backups of this database in the folder: 7d,4w keeps the newest of each of the last 7
        days and 4 weeks that have one; also h (hours), m (months) and y (years).

        \b
        Examples:
          crawler backup --keep 7d,4w
          crawler backup copy.db
        """
    )
)
@click.argument("file", required=False, type=click.Path(path_type=Path))
@db_option
@click.option("--keep", metavar="RULES", help=_("Which backups in the folder stay: 7d,4w."))
@click.option("--json", "as_json", is_flag=True, help=_("The figures as one JSON object."))
@click.pass_context
def backup(context: click.Context, file: Path | None, db: Path, keep: str | None, as_json: bool) -> None:
    """Makes a backup and says what there is."""
    rules = () if keep is None else parse_keep(keep)
    of_file = context.get_parameter_source("keep") is ParameterSource.DEFAULT_MAP
    if of_file and file is not None and not file.is_dir():
        rules = ()  # the file of settings speaks of the folder, not of a single copy
    with ended_cleanly():
        made = back_up(db, file, rules)
    if as_json:
        click.echo(json.dumps({"db": str(db)} | asdict(made), default=str))
    else:
        say("\n".join(_lines(made, db)))


def _lines(made: Backup, db: Path) -> list[str]:
    lines = [_("Backup: %(file)s (%(size)s), verified.") % {"file": made.path, "size": size(made.bytes)}]
    if made.gaps:
        command = f"{program_name()} verify{db_argument(db)}"
        message = ngettext(
            "It has %(gaps)s gap, as the database has: %(command)s names it.",
            "It has %(gaps)s gaps, as the database has: %(command)s names them.",
            made.gaps,
        )
        lines.append(message % {"gaps": f"{made.gaps:,}", "command": command})
    if made.removed:
        lines.append(_("Older backups removed: %s.") % f"{len(made.removed):,}")
    return lines
