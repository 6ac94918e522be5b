"""Why a keyword stands where it does, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import orjson

from crawler.engine.keyword_history import Explanation
from crawler.i18n import _, ngettext
from crawler.i18n.counts import new_creators_text
from crawler.ui.table import stdout_cells, table_lines
from crawler.untrusted_text import sanitize


def explanation_json(found: Explanation, place: int, of: int) -> str:
    """The factors of a keyword's next page, its place and among how many, for programs."""
    return orjson.dumps({**asdict(found), "place": place, "of": of}).decode()


def explanation(text: str, found: Explanation, place: int, of: int) -> Iterator[str]:
    """The same for people."""
    heading = _("%(keyword)s, page %(page)d: place %(place)s of %(of)s, %(value)s new creators a call")
    yield sanitize(
        heading
        % {
            "keyword": text,
            "page": found.page,
            "place": f"{place:,}",
            "of": f"{of:,}",
            "value": f"{found.value:.2f}",
        }
    )
    yield ""
    if found.days is None:
        rows = [(_("a page never looked at, on average of all keywords"), f"{found.base:.2f}")]
    else:
        rows = [
            (_("new creators a day of such a page, on average of all keywords"), f"{found.base:.2f}"),
            (_("× keywords that find the same creators"), f"{found.neighbours:.2f}"),
            (_("× this keyword beside them"), f"{found.keyword:.2f}"),
            (_("× days since it was looked at"), f"{found.days:.2f}"),
        ]
    rows.append((_("= new creators expected on this page"), f"{found.expected:.2f}"))
    if found.facts_days:
        rows.append((_("days that the facts of its creators are old, together"), f"{found.facts_days:,.0f}"))
    yield from table_lines((_("what counts"), _("value")), rows, stdout_cells())
    yield ""
    looked = ngettext(
        "It was looked at %(looks)s time and brought %(found)s.",
        "It was looked at %(looks)s times and brought %(found)s.",
        found.looks,
    )
    yield looked % {"looks": f"{found.looks:,}", "found": new_creators_text(found.found)}
