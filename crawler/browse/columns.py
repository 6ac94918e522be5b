"""What the columns mean, for those who have not read the code."""

from __future__ import annotations


def _N(message: str) -> str:
    """Marks a message that is translated where it is shown."""
    return message


_CREATOR = {
    "id": _N("The platform's id of the creator; it never changes."),
    "red_id": _N("The number or name that people see and type; its owner can change it."),
    "name": _N("The name as last seen."),
    "fans": _N("Followers as a number; empty means unknown, never none."),
    "fans_text": _N("Followers as the search showed them."),
    "fans_exact": _N("1 where the number is exact, 0 where it was rounded."),
    "verified": _N("1 for a verified account."),
    "verify_label": _N("The kind of verification; personal and business are inferred."),
    "bio": _N("The creator's own words, where the search showed them."),
    "profile_url": _N("The creator's page on the web."),
    "image": _N("The address of the picture; it is not loaded here."),
    "first_seen_at": _N("When the creator was first found, UTC."),
    "last_seen_at": _N("When the creator was last found, UTC."),
    "extra": _N("Whatever else the API sent, as JSON."),
}

_CHARGE = _N("charged, free, or unknown: the answer did not come back.")

COLUMNS = {
    "users": {**_CREATOR, "key": _N("The row's own number; other tables refer to it.")},
    "creators_with_keywords": {
        **{name: text for name, text in _CREATOR.items() if name != "extra"},
        "keyword_count": _N("How many keywords found the creator."),
        "keywords": _N("The keywords that found the creator."),
    },
    "keyword_performance": {
        "creators": _N("Creators that this keyword found."),
        "new_creators": _N("Those whom no keyword had found before."),
        "charged": _N("Calls that were charged."),
        "creators_per_charge": _N("Creators per charged call."),
        "new_per_charge": _N("New creators per charged call."),
        "already_known_share": _N("The share of its creators that other keywords had found already."),
        "state": _N("open: to be gone on with; done; failed: asked again next time."),
    },
    "calls": {
        "charge": _CHARGE,
        "code": _N("The API's own code; 0 is success."),
        "attempt": _N("Which try at the page this was."),
        "milliseconds": _N("How long the answer took."),
        "error": _N("Why the call brought no page."),
    },
    "checkpoints": {
        "next_page": _N("The page to ask for next."),
        "state": _N("open: to be gone on with; done; failed: asked again next time."),
        "stop_reason": _N("Why the keyword ended or failed."),
        "crawl": _N("How often the keyword was started afresh."),
    },
    "runs": {
        "outcome": _N("done, failed, stopped, interrupted or crashed; empty while it runs."),
        "users_new": _N("Creators never seen before."),
        "users_seen": _N("Creators met at all."),
        "rate_limited": _N("How often the service asked for slower calls."),
    },
    "sightings": {
        "first_rank": _N("The place on the page where the keyword first showed the creator."),
        "last_rank": _N("The place on the page where the keyword last showed the creator."),
    },
    "changes": {
        "field": _N("What changed."),
        "old_fans": _N("Followers before, as a number."),
        "new_fans": _N("Followers after, as a number."),
    },
    "rejects": {"entry": _N("The entry as it came."), "reason": _N("Why it could not be read.")},
    "daily_spend": {"unknown": _N("Calls of which nobody knows whether they were charged.")},
}
"""By table or view, then by column; what explains itself is left out."""
