"""`crawler coverage`: how much of the niche is found, and which keywords only repeat."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click
import orjson

from crawler.analysis.coverage import LOSS_MAX, Coverage, read_coverage
from crawler.cli.shared_options import db_option
from crawler.i18n import _, ngettext
from crawler.store.readonly import reading
from crawler.ui.table import stdout_cells, table_lines
from crawler.vendor.search_user_v2 import SEARCH_USER_V2

SHOWN_MAX = 20


@click.command(
    help=_(
        """How many creators the keywords' niche holds, and which keywords could be left out.

        The niche is estimated from how keywords overlap: those whom one keyword alone found, and those whom
        two found, tell how many none has found yet (Chao2, with its 95 % interval; sample coverage). It
        supposes that each keyword finds a part of the niche by chance. Keywords differ in what they find,
        so that there are rather more creators than that: take it as a lower bound.

        Redundant keywords are left out one after the other, first what loses fewest creators for its calls,
        until together they lose --lose percent of the creators.

        \b
        Examples:
          crawler coverage
          crawler coverage --tag 户外 --lose 2
          crawler coverage --json
        """
    )
)
@db_option
@click.option("--tag", metavar="TEXT", help=_("Only keywords with this tag."))
@click.option(
    "--lose",
    type=click.FloatRange(0, 100),
    default=100 * LOSS_MAX,
    show_default=True,
    metavar="PERCENT",
    help=_("How many of the creators redundant keywords may lose together."),
)
@click.option("--json", "as_json", is_flag=True, help=_("One JSON object."))
def coverage(db: Path, tag: str | None, lose: float, as_json: bool) -> None:
    """Reads the overlap and shows what it tells."""
    with reading(db) as connection:
        found = read_coverage(connection, endpoint_id=SEARCH_USER_V2.id, tag=tag, loss_max=lose / 100)
    click.echo(orjson.dumps(asdict(found)).decode() if as_json else "\n".join(_lines(found)))


def _lines(found: Coverage) -> Iterator[str]:
    estimate = found.estimate
    yield _(
        "creators found by %(keywords)s keywords: %(found)s; by one keyword alone %(once)s, by two %(twice)s"
    ) % {
        "keywords": f"{estimate.keywords:,}",
        "found": f"{estimate.found:,}",
        "once": f"{estimate.once:,}",
        "twice": f"{estimate.twice:,}",
    }
    yield _("in the niche, at least: about %(total)s (Chao2, 95 %%: %(low)s to %(high)s)") % {
        "total": f"{estimate.total:,.0f}",
        "low": f"{estimate.low:,.0f}",
        "high": f"{estimate.high:,.0f}",
    }
    yield _("of all that one more keyword would show, %s %% is known already (sample coverage)") % (
        f"{100 * estimate.coverage:.1f}"
    )
    yield ""
    if not found.redundant:
        yield _("No keyword can be left out: any one would lose more creators than --lose allows.")
        return
    yield ngettext(
        "Without this keyword: %(calls)s %% fewer calls, %(creators)s %% fewer creators.",
        "Without these %(keywords)s keywords: %(calls)s %% fewer calls, %(creators)s %% fewer creators.",
        len(found.redundant),
    ) % {
        "keywords": f"{len(found.redundant):,}",
        "calls": f"{100 * found.calls_saved / max(1, found.calls):.0f}",
        "creators": f"{100 * found.creators_lost / max(1, estimate.found):.1f}",
    }
    yield ""
    names = (_("keyword"), _("calls"), _("creators"), _("lost"))
    rows = [(one.keyword, one.calls, one.creators, one.lost) for one in found.redundant[:SHOWN_MAX]]
    yield from table_lines(names, rows, stdout_cells())
    if len(found.redundant) > SHOWN_MAX:
        yield _("… and %d more (--json has them all)") % (len(found.redundant) - SHOWN_MAX)
