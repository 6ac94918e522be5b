"""`crawler split`: keyword files for several machines, none of which pays for a keyword of another."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from crawler.cli.keyword_problems import usable
from crawler.cli.output import ended_cleanly, say
from crawler.i18n import _, ngettext
from crawler.keywords import read_keywords
from crawler.keywords.split import PARTS_MAX, split_keywords
from crawler.ui.program_name import program_name


@click.command(
    help=_(
        """Divide keyword files into PARTS files, one for each machine that crawls.

        A keyword belongs to one part, however it is spelled and in whichever file it stands. Adding keywords
        moves none of the others; with one more part, keywords move to the new part alone. Priorities, page
        limits and tags go along. Lines that give no keyword are named and left out.

        The parts are JSON lines in a new folder; nothing is ever overwritten. Afterwards `crawler merge`
        makes one database of what the machines found.

        \b
        Examples:
          crawler split keywords/ 3
          crawler split keywords/beauty.txt keywords/food.csv 2 -o for-two
        """
    )
)
@click.argument("paths", nargs=-1, required=True, metavar="PATHS...", type=click.Path(path_type=Path))
@click.argument("parts", type=click.IntRange(2, PARTS_MAX))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("keyword-parts"),
    show_default=True,
    help=_("The folder to make."),
)
def split(paths: tuple[Path, ...], parts: int, output: Path) -> None:
    """Writes the parts and says what each holds."""
    with ended_cleanly():
        made = split_keywords(usable(read_keywords(paths)), parts, output, paths)
    for path, count in made:
        line = ngettext("%(file)s: %(keywords)s keyword", "%(file)s: %(keywords)s keywords", count)
        say(line % {"file": path, "keywords": f"{count:,}"})
    first = next(path for path, count in made if count)  # with few keywords a part can be without any
    command = f"{program_name()} run {shlex.quote(str(first))}"
    say(_("next, on each machine its part: %s") % command, err=True)
