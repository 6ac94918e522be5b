"""`crawler restore`: puts a backup back, after saying what is lost by it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from crawler.cli.confirmation import someone_is_there
from crawler.cli.output import ended_cleanly, say
from crawler.cli.shared_options import db_option
from crawler.errors import InputError
from crawler.i18n import _, ngettext
from crawler.i18n.formatting import shanghai_time
from crawler.maintenance.restore import restore as put_back
from crawler.maintenance.restore_loss import Loss
from crawler.ui.program_name import db_argument, program_name


@click.command(
    help=_(
        """Put a backup in the place of the database, which is kept beside it.

        What the database holds and the backup does not is told first: runs, creators, and calls whose pages
        would be paid for again. A terminal is asked; elsewhere --yes is needed. Creators who were erased
        since the backup are erased again. A run that goes on is never disturbed: restore then waits for
        another time.

        \b
        Examples:
          crawler restore data/backups/creators-20261126T013000Z.db
          crawler restore copy.db --db data/creators.db --yes
        """
    )
)
@click.argument("file", type=click.Path(path_type=Path))
@db_option
@click.option("--yes", is_flag=True, help=_("Ask nothing."))
def restore(file: Path, db: Path, yes: bool) -> None:
    """Tells, asks, restores and says what was kept."""

    def approve(loss: Loss | None) -> bool:
        if loss is None:
            return True
        say("\n".join(_told(loss, db)), err=True)
        if yes or loss.nothing:
            return True
        if not someone_is_there():
            raise InputError(_("nothing is restored: there is no terminal to ask on; give --yes"))
        return click.confirm(_("Restore the backup?"), default=False, err=True)

    with ended_cleanly():
        done = put_back(db, file, approve)
    if done is None:
        raise InputError(_("nothing was restored"))
    say(_("Restored: %(db)s is as %(file)s was.") % {"db": db, "file": file})
    for kept in done.kept:
        say(_("What was there is kept: %s") % kept)
    if done.erased_again:
        say(_("Creators erased since then, and now again: %s.") % f"{done.erased_again:,}")
    if done.gaps:
        command = f"{program_name()} verify{db_argument(db)}"
        say(_("Gaps: %(gaps)s; %(command)s names them.") % {"gaps": f"{done.gaps:,}", "command": command})


def _told(loss: Loss, db: Path) -> Iterator[str]:
    """What is lost, in words."""
    if loss.unreadable is not None:
        message = _("%(db)s cannot be read (%(error)s): what it holds beyond the backup cannot be told.")
        yield message % {"db": db, "error": loss.unreadable}
        return
    if loss.nothing:
        yield _("The backup holds every call and creator that %s does.") % db
        return
    since = shanghai_time(loss.since) if loss.since else _("before the first call")
    yield _("The backup ends at %(since)s. %(db)s holds since then, and would lose:") % {
        "since": since,
        "db": db,
    }
    yield _("  new creators: %s") % f"{loss.creators:,}"
    money = ", ".join(map(str, loss.money))
    calls = f"{loss.calls:,}" + (_(" (%s)") % money if money else "")
    yield ngettext(
        "  charged calls: %(calls)s in %(runs)s run; the same pages would be paid again",
        "  charged calls: %(calls)s in %(runs)s runs; the same pages would be paid again",
        loss.runs,
    ) % {"calls": calls, "runs": f"{loss.runs:,}"}
    if loss.calls_today:
        line = _(
            "  of them today: %s; caps of a day no longer count them, so for today lower "
            "--max-calls-per-day and --budget-per-day by that"
        )
        yield line % f"{loss.calls_today:,}"
