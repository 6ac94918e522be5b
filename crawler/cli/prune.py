"""`crawler prune`: makes room in the database."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from crawler.cli.output import say
from crawler.cli.shared_options import db_option
from crawler.clock import parse_span
from crawler.i18n import _
from crawler.i18n.formatting import shanghai_time, size
from crawler.maintenance.prune import Pruned, preview
from crawler.maintenance.prune import prune as remove
from crawler.store.readonly import reading


@click.command(
    help=_(
        """Remove old raw replies and call rows, and report the space freed.

        Creators, sightings, changes, pages, checkpoints and runs stay, so that resuming and `crawler verify`
        go on as before. The calls are added up by day, endpoint and charge first, so that what was spent
        stays known; today's are never touched.

        The space is free for new rows at once. The file itself shrinks only with --vacuum, which rewrites
        it and needs twice its size on disk.

        \b
        Examples:
          crawler prune --older-than 90d --dry-run
          crawler prune --older-than 90d
          crawler prune --older-than 365d --vacuum
        """
    )
)
@click.option(
    "--older-than", required=True, metavar="SPAN", help=_("Remove what is older than this: 12h, 90d, 365d.")
)
@db_option
@click.option("--dry-run", is_flag=True, help=_("Only report what would be removed."))
@click.option("--vacuum", is_flag=True, help=_("Rewrite the file so that it shrinks."))
@click.option("--json", "as_json", is_flag=True, help=_("The figures as one JSON object."))
def prune(older_than: str, db: Path, dry_run: bool, vacuum: bool, as_json: bool) -> None:
    """Removes what is old, or says what would go."""
    span = parse_span(older_than)
    with reading(db):
        pass
    pruned = preview(db, span) if dry_run else remove(db, span, vacuum=vacuum)
    if as_json:
        click.echo(json.dumps({"db": str(db), "dry_run": dry_run} | asdict(pruned)))
    else:
        say("\n".join(_lines(pruned, dry_run)))


def _lines(pruned: Pruned, dry_run: bool) -> list[str]:
    values = {
        "before": shanghai_time(pruned.before),
        "replies": f"{pruned.replies:,}",
        "reply_size": size(pruned.reply_bytes),
        "calls": f"{pruned.calls:,}",
    }
    if dry_run:
        message = _(
            "To be removed, older than %(before)s: raw replies %(replies)s (%(reply_size)s), calls %(calls)s."
        )
        return [message % values]
    sizes = {"free": size(pruned.free_bytes), "size": size(pruned.file_bytes)}
    lines = [
        _("Removed, older than %(before)s: raw replies %(replies)s (%(reply_size)s), calls %(calls)s.")
        % values
    ]
    if pruned.file_bytes < pruned.file_bytes_before:
        freed = size(pruned.file_bytes_before - pruned.file_bytes)
        lines.append(_("The file is smaller by %(freed)s: %(size)s.") % (sizes | {"freed": freed}))
    else:
        lines.append(_("Free for new rows: %(free)s of %(size)s.") % sizes)
    if pruned.free_bytes:
        lines.append(_("--vacuum returns the free space to the disk."))
    return lines
