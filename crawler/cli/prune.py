"""`crawler prune`: makes room in the database."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from crawler.cli.output import say
from crawler.cli.setting_options import setting_options, setting_values
from crawler.cli.shared_options import db_option
from crawler.clock import parse_span
from crawler.i18n import _
from crawler.i18n.formatting import shanghai_time, size
from crawler.maintenance.prune import Pruned, preview
from crawler.maintenance.prune import prune as remove
from crawler.settings.retention import RETENTION_SETTINGS, Retention
from crawler.store.readonly import reading
from crawler.ui.summary import removed_text


@click.command(
    help=_(
        """Remove old raw replies and call rows, and report the space freed.

        Creators, sightings, checkpoints and runs stay, so that resuming and `crawler verify` go on as before.
        The calls are added up by day, endpoint and charge first, so that what was spent stays known; today's
        are never touched.

        Without --older-than the ages are those of --retain-replies, --retain-calls and --retain-changes,
        which runs keep to by themselves when they stand in the file of settings.

        The space is free for new rows at once. The file itself shrinks only with --vacuum, which rewrites
        it and needs twice its size on disk.

        \b
        Examples:
          crawler prune --older-than 90d --dry-run
          crawler prune --older-than 90d
          crawler prune --older-than 365d --vacuum
          crawler prune --retain-replies 30d --retain-changes 365d
        """
    )
)
@click.option(
    "--older-than", metavar="SPAN", help=_("Remove raw replies and calls older than this: 12h, 90d, 365d.")
)
@setting_options(*RETENTION_SETTINGS)
@db_option
@click.option("--dry-run", is_flag=True, help=_("Only report what would be removed."))
@click.option("--vacuum", is_flag=True, help=_("Rewrite the file so that it shrinks."))
@click.option("--json", "as_json", is_flag=True, help=_("The figures as one JSON object."))
@click.pass_context
def prune(
    context: click.Context,
    /,
    older_than: str | None,
    db: Path,
    dry_run: bool,
    vacuum: bool,
    as_json: bool,
    **_given: Any,
) -> None:
    """Removes what is old, or says what would go."""
    retention = Retention(**setting_values(context, RETENTION_SETTINGS))
    if older_than is None and not retention.asked_for:
        raise click.UsageError(
            _("say how old is too old: give --older-than 90d, or set retain-replies and the like")
        )
    age = retention if older_than is None else parse_span(older_than)
    with reading(db):
        pass
    pruned = preview(db, age) if dry_run else remove(db, age, vacuum=vacuum)
    if as_json:
        figures = asdict(pruned)
        click.echo(json.dumps({"db": str(db), "dry_run": dry_run} | figures.pop("removed") | figures))
    else:
        say("\n".join(_lines(pruned, dry_run)))


def _lines(pruned: Pruned, dry_run: bool) -> list[str]:
    values = {
        "before": None if pruned.before is None else shanghai_time(pruned.before),
        "what": removed_text(pruned.removed),
    }
    if dry_run:
        if pruned.before is None:
            return [_("To be removed, by age: %(what)s.") % values]
        return [_("To be removed, older than %(before)s: %(what)s.") % values]
    sizes = {"free": size(pruned.free_bytes), "size": size(pruned.file_bytes)}
    removed = (
        _("Removed, older than %(before)s: %(what)s.") if pruned.before else _("Removed, by age: %(what)s.")
    )
    lines = [removed % values]
    if pruned.file_bytes < pruned.file_bytes_before:
        freed = size(pruned.file_bytes_before - pruned.file_bytes)
        lines.append(_("The file is smaller by %(freed)s: %(size)s.") % (sizes | {"freed": freed}))
    else:
        lines.append(_("Free for new rows: %(free)s of %(size)s.") % sizes)
    if pruned.free_bytes:
        lines.append(_("--vacuum returns the free space to the disk."))
    return lines
