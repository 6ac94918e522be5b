"""What the columns mean, for those who have not read the code."""

from __future__ import annotations

from crawler.analysis.export.creators import COLUMNS as EXPORTED
from crawler.column import Source
from crawler.creator import COLUMNS
from crawler.i18n import N_, _

_CHARGE = N_("charged, free, or unknown: the answer did not come back.")

_OTHERS = {
    "keyword_performance": {
        "creators": N_("Creators that this keyword found."),
        "new_creators": N_("Creators that no keyword had found before."),
        "charged": N_("Calls that were charged."),
        "creators_per_charge": N_("Creators per charged call."),
        "new_per_charge": N_("New creators per charged call."),
        "already_known_share": N_("The share of its creators that other keywords had found already."),
        "state": N_("open: not finished yet; done; failed: asked for again next time."),
    },
    "calls": {
        "charge": _CHARGE,
        "code": N_("The API's own code; 0 is success."),
        "attempt": N_("The number of the attempt at this page."),
        "milliseconds": N_("How long the answer took."),
        "error": N_("Why the call brought no page."),
    },
    "checkpoints": {
        "next_page": N_("The page to ask for next."),
        "state": N_("open: not finished yet; done; failed: asked for again next time."),
        "stop_reason": N_("Why the keyword ended or failed."),
        "generation": N_("How often the keyword was started afresh."),
    },
    "runs": {
        "outcome": N_("done, failed, stopped, interrupted or crashed; empty while it runs."),
        "users_new": N_("Creators never seen before."),
        "users_seen": N_("All creators seen in the run."),
        "rate_limited": N_("How often the service asked for slower calls."),
    },
    "sightings": {
        "first_rank": N_("The place on the page where the keyword first showed the creator."),
        "last_rank": N_("The place on the page where the keyword last showed the creator."),
    },
    "changes": {
        "field": N_("What changed."),
        "old_fans": N_("Followers before, as a number."),
        "new_fans": N_("Followers after, as a number."),
    },
    "rejects": {"entry": N_("The entry as it came."), "reason": N_("Why it could not be read.")},
    "daily_spend": {"unknown": N_("Calls that may or may not have been charged.")},
}
"""By table or view, then by column; what explains itself is left out."""

_CREATORS = {
    "users": [column for column in COLUMNS if column.source is not Source.COMPUTED],
    "creators_with_keywords": [
        column for column in COLUMNS if column.name == "key" or column.name in set(EXPORTED) - {"tags"}
    ],
}


def meanings(table: str) -> dict[str, str]:
    """What the columns of a table or view mean, in the reader's language."""
    if table in _CREATORS:
        return {column.name: column.description.text() for column in _CREATORS[table]}
    return {name: _(text) for name, text in _OTHERS.get(table, {}).items()}
