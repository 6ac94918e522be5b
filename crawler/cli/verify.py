"""`crawler verify`: whether everything that was paid for is there."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from crawler.cli.next_run import next_run
from crawler.cli.output import say, terminal_json, until_enough_is_read
from crawler.cli.shared_options import db_option
from crawler.errors import InputError
from crawler.i18n import _, english
from crawler.i18n.reasons import english_text, reason_text
from crawler.maintenance.verify import Findings, Gap, Repaired, Totals, examine
from crawler.maintenance.verify import repair as repair_database
from crawler.reasons import Reason
from crawler.settings.run import REFRESH
from crawler.store.readonly import exported, reading
from crawler.ui.program_name import db_argument, program_name
from crawler.untrusted_text import sanitize

SHOWN_MAX = 50
"""Gaps of one kind that are written out for people; `--json` has them all."""


@click.command(
    help=_(
        """Prove that the database is complete, or list every gap and the command that repairs it.

        Every finished keyword has its pages from the first to the last and a reason to stop there; an
        unfinished one has every page before the next; every charged call has its page and every page its
        charge; creators, sightings and checkpoints agree; no red_id is held twice; the file is sound. A run
        may be going on meanwhile. Calls whose charge is unknown and strange answers are reported, but
        are not gaps; nor are keywords that --refresh worthwhile saw in part or --stop-below left out.

        --repair fixes what can be fixed in place and makes the keywords of all other gaps due, so
        that the next `crawler run` asks for them again, first of all.

        \b
        Examples:
          crawler verify
          crawler verify --db data/demo.db --json
          crawler verify --repair && crawler run

        \b
        Exit codes:
          0  nothing is missing of what was crawled
             (with --repair: every gap could be repaired)
          1  gaps, each named on standard output
        """
    )
)
@db_option
@click.option("--repair", is_flag=True, help=_("Repair the gaps; needs exclusive use of the database."))
@click.option("--mend", is_flag=True, hidden=True)  # its name in earlier versions
@click.option("--json", "as_json", is_flag=True, help=_("The findings as one JSON object."))
def verify(db: Path, repair: bool, mend: bool, as_json: bool) -> None:
    """Checks, repairs if asked to, and shows what was found."""
    result = _result(db, repair or mend)
    with until_enough_is_read():
        if as_json:
            click.echo(terminal_json(json.dumps(_as_json(db, result), ensure_ascii=False)))
        else:
            say("\n".join(_lines(db, result)))
    sys.exit(0 if result.after.complete else 1)


def _result(db: Path, repairs: bool) -> Repaired:
    with reading(db) as connection:
        try:
            service = connection.execute("SELECT value FROM settings WHERE name = 'service'").fetchone()
            if service and exported(service[0]) is not None:
                raise InputError(_("%s is an export: verify the database it came from") % db)
            found = examine(connection)
        except sqlite3.OperationalError as exc:
            raise InputError(_("cannot verify %s: %s") % (db, exc)) from exc
    if repairs and any(gap.repairable for gap in found.gaps):
        return repair_database(db)
    return Repaired(found, found, ())


def _as_json(db: Path, result: Repaired) -> dict[str, Any]:
    left = set(result.after.gaps)
    return {
        "complete": result.after.complete,
        "db": str(db),
        "gaps": [
            {
                "kind": gap.kind,
                "keyword": gap.keyword,
                "page": gap.page,
                "message": english(gap.message),
                "mendable": gap.repairable,
                "mended": gap not in left,
            }
            for gap in result.before.gaps
        ],
        "keywords_again": list(result.keywords),
        "in_part": [asdict(each) for each in result.after.in_part],
        "not_asked": [asdict(each) for each in result.after.not_asked],
        "oddities": {english_text(oddity): pages for oddity, pages in result.after.oddities},
        "oddity_codes": {oddity.code.value: pages for oddity, pages in result.after.oddities},
        "totals": None if result.after.totals is None else asdict(result.after.totals),
    }


def _lines(db: Path, result: Repaired) -> Iterator[str]:
    """The findings for people: the gaps, what to do about them, and what was looked at."""
    yield from _gap_lines(result.before.gaps)
    if result.before.gaps:
        yield ""
        yield from _advice(db, result)
    elif result.after.totals is not None:
        yield _verdict(db, result.after.totals)
        yield from _left_out(db, result.after)
    if result.after.totals is not None:
        yield from _totals(result.after.totals)
        yield from _oddities(db, result.after.oddities)


def _verdict(db: Path, totals: Totals) -> str:
    left = totals.keywords_unfinished + totals.keywords_never
    if not left and totals.keywords_in_part:
        return _(
            "%(db)s: nothing is missing of what was asked for, nothing contradicts; "
            "keywords seen in part: %(in_part)s."
        ) % {"db": db, "in_part": f"{totals.keywords_in_part:,}"}
    if not left:
        return _("%s is complete: nothing is missing, nothing contradicts.") % db
    return _(
        "%(db)s: nothing is missing so far, nothing contradicts; "
        "keywords that are unfinished or were never asked: %(left)s."
    ) % {"db": db, "left": f"{left:,}"}


def _left_out(db: Path, found: Findings) -> Iterator[str]:
    """What runs did not look at because they were told to: no gap, and named all the same."""
    for part in found.in_part[:SHOWN_MAX]:
        seen = _("%(keyword)s: seen down to page %(page)s on %(day)s; complete on %(complete)s")
        shown = {"keyword": part.keyword, "page": part.page, "day": part.day}
        yield sanitize(seen % (shown | {"complete": part.complete_day or "–"}))
    yield from _more(len(found.in_part))
    if found.in_part:
        yield _("To read the rest of them: %s") % next_run(db, {REFRESH.key: "full"})
    for left in found.not_asked[:SHOWN_MAX]:
        line = _("not asked: %(keyword)s, %(expected).2f new creators per call expected on %(day)s")
        yield sanitize(line % {"keyword": left.keyword, "expected": left.expected, "day": left.day})
    yield from _more(len(found.not_asked))


def _more(found: int) -> Iterator[str]:
    if found > SHOWN_MAX:
        yield _("… and %s more like the last (--json has them all)") % f"{found - SHOWN_MAX:,}"


def _gap_lines(gaps: Sequence[Gap]) -> Iterator[str]:
    for _kind, alike in groupby(gaps, key=lambda gap: gap.kind):
        same = list(alike)
        for gap in same[:SHOWN_MAX]:
            where = "" if gap.keyword is None else f"{gap.keyword}: "
            yield sanitize(where + gap.message)
        yield from _more(len(same))


def _advice(db: Path, result: Repaired) -> Iterator[str]:
    gaps, left = result.before.gaps, result.after.gaps
    if result.before is result.after:
        yield _("Gaps: %s.") % f"{len(gaps):,}"
        if any(gap.repairable for gap in gaps):
            command = f"{program_name()} verify --repair{db_argument(db)} && {next_run(db)}"
            yield _("To repair them: %s") % command
    else:
        yield _("Gaps: %s, of which %s are repaired.") % (f"{len(gaps):,}", f"{len(gaps) - len(left):,}")
    if result.keywords:
        names = ", ".join(result.keywords[:10]) + (", …" if len(result.keywords) > 10 else "")
        yield sanitize(
            _("Keywords to crawl again: %s (%s). Run: %s")
            % (f"{len(result.keywords):,}", names, next_run(db))
        )
    if any(not gap.repairable for gap in left):
        yield _("What cannot be repaired needs a backup of the database.")


def _totals(totals: Totals) -> Iterator[str]:
    counts = {name: f"{count:,}" for name, count in asdict(totals).items()}
    yield (
        _(
            "Checked: keywords %(keywords_done)s finished, %(keywords_unfinished)s unfinished, "
            "%(keywords_never)s never asked; "
            "pages %(pages)s; charged calls %(calls_charged)s; creators %(users)s; sightings %(sightings)s."
        )
        % counts
    )
    if totals.calls_unknown:
        yield _unknown(totals) % counts
    if totals.calls_lost:
        lost = _(
            "Charged calls whose page was lost and has been, or will be, asked for again: %(calls_lost)s."
        )
        yield lost % counts


def _unknown(totals: Totals) -> str:
    if not totals.calls_open:
        return _(
            "Calls with an unknown charge: %(calls_unknown)s. They lost their connection, were given up, or "
            "were cut off by a crash; each may or may not be on the bill."
        )
    if totals.calls_open < totals.calls_unknown:
        return _(
            "Calls with an unknown charge: %(calls_unknown)s (%(calls_open)s in flight now). The others "
            "lost their connection, were given up, or were cut off by a crash; each may or may not be on "
            "the bill."
        )
    return _("Calls with an unknown charge: %(calls_unknown)s, all of them in flight now.")


def _oddities(db: Path, oddities: Sequence[tuple[Reason, int]]) -> Iterator[str]:
    if not oddities:
        return
    yield _("Pages whose whole answer was strange: %(pages)s (%(oddities)s); %(command)s lists them.") % {
        "pages": f"{sum(pages for _oddity, pages in oddities):,}",
        "oddities": sanitize("; ".join(f"{reason_text(oddity)}: {pages:,}" for oddity, pages in oddities)),
        "command": f"{program_name()} query odd{db_argument(db)}",
    }
