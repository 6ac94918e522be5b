"""`crawler forget`: erases creators who asked for it."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

import click

from crawler.cli.confirmation import confirmed
from crawler.cli.output import say, until_enough_is_read
from crawler.cli.shared_options import db_option
from crawler.errors import InputError
from crawler.i18n import _
from crawler.maintenance.erasure import Erased, admit, is_known, known_as
from crawler.maintenance.erasure import forget as erase
from crawler.store.readonly import reading
from crawler.untrusted_text import sanitize


@click.command(
    help=_(
        """Erase creators everywhere, and never let them in again.

        NAMES are ids, red_ids (小红书号) or profile addresses. A creator's row, sightings, changes, rejected
        entries, raw replies and search index entries go, and the file is written anew so that no byte stays
        behind; in what others say of themselves the name is taken out. What is kept is a salted hash of id
        and red_id, by which later runs pass the creator over, also under the same id with another red_id, or
        by red_id alone. A name that is not in the database is remembered all the same, once you say so:
        --undo lets it in again.

        Exports, reports and backups made earlier are yours to delete.

        \b
        Examples:
          crawler forget 5f3c1a2b000000000101abcd
          crawler forget 26814156493 4m1rr22 --yes
          crawler forget https://www.xiaohongshu.com/user/profile/5f3c1a2b000000000101abcd
          crawler forget --undo 26814156493

        \b
        Exit codes:
          0  everyone asked for is erased, or was before
          1  somebody was not in the database (and is remembered), or bytes may remain
        """
    )
)
@click.argument("names", nargs=-1, required=True)
@db_option
@click.option(
    "--undo",
    is_flag=True,
    help=_("Let NAMES in again, id and red_id each by itself; what was erased does not return."),
)
@click.option("--yes", is_flag=True, help=_("Do not ask; needed where there is no terminal."))
@click.option(
    "--vacuum/--no-vacuum",
    default=True,
    help=_("Rewrite the file (needs twice its size on disk), or leave its free space as it is."),
)
def forget(names: tuple[str, ...], db: Path, undo: bool, yes: bool, vacuum: bool) -> None:
    """Asks, erases, and says what went."""
    if any(not name.strip() for name in names):
        raise InputError(_("a name cannot be empty"))
    with reading(db):
        pass  # nothing is made where there is no database
    if undo:
        _undo(db, names)
    if not yes:
        names = _confirmed(db, names)
    done = erase(db, names, vacuum=vacuum)
    with until_enough_is_read():
        for erased in done.erased:
            say(_line(erased))
        if done.remnants is not None:
            say(_("%(db)s: %(why)s.") % {"db": db, "why": done.remnants})
        click.echo(_("Exports, reports and backups made earlier are yours to delete."))
    unknown = any(not erased.creators and not erased.remembered for erased in done.erased)
    sys.exit(1 if unknown or (vacuum and done.remnants is not None) else 0)


def _undo(db: Path, names: tuple[str, ...]) -> NoReturn:
    """Lets names in again and ends the process."""
    admitted = admit(db, names)
    stays_out = _("Its creator stays out until id and red_id are both given to --undo; one of them was not.")
    with until_enough_is_read():
        for name, found in admitted.items():
            message = _("%s can be collected again.") if found.had_been_erased else _("%s was not forgotten.")
            say(message % name)
            if found.stays_out:
                say(stays_out)
    sys.exit(0 if all(found.had_been_erased for found in admitted.values()) else 1)


def _confirmed(db: Path, names: tuple[str, ...]) -> tuple[str, ...]:
    """The names that somebody at the terminal agrees to; who is there, and each that nobody here has."""
    if not sys.stdin.isatty():
        raise InputError(_("nothing is erased: there is no terminal to ask on; give --yes"))
    with reading(db) as connection:
        known = {name: known_as(connection, name) for name in names}
        unknown = [name for name in names if not is_known(connection, name)]
    there = [name for name in names if name not in unknown]
    if there:
        shown = sanitize(", ".join(_named(name, known[name]) for name in there))
        confirmed(_("Erase %s from %s for ever?") % (shown, sanitize(str(db))), abort=True)
    for name in unknown:
        question = _("No creator in %s is %s. Remember the name, so that it is never collected?")
        if confirmed(question % (sanitize(str(db)), sanitize(name))):
            there.append(name)
    if not there:
        raise click.Abort
    return tuple(there)


def _line(erased: Erased) -> str:
    if erased.creators:
        message = _(
            "%(name)s is erased: creators %(creators)d, sightings %(sightings)d, changes %(changes)d, "
            "rejected entries %(rejects)d, raw replies %(replies)d."
        )
    elif erased.remembered:
        message = _("%(name)s was forgotten before.")
    else:
        message = _(
            "%(name)s is not in the database (rejected entries erased %(rejects)d, raw replies %(replies)d); "
            "it is remembered and will not come in."
        )
    line = message % (asdict(erased) | {"name": _named(erased.name, erased.known_as)})
    if erased.mentions:
        line += " " + _("Removed from what other creators say: %d.") % erased.mentions
    return line


def _named(name: str, known_as: tuple[str, ...]) -> str:
    """What was typed, and who that is: an id alone does not show whether it is the right one."""
    return f"{name} ({', '.join(known_as)})" if known_as else name
