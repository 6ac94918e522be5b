"""What the columns mean, for those who have not read the code."""

from __future__ import annotations

from crawler.i18n import N_

_CREATOR = {
    "id": N_("The platform's id of the creator; it never changes."),
    "red_id": N_("The number or name that people see and type; its owner can change it."),
    "name": N_("The name as last seen."),
    "fans": N_("Followers as a number; empty means unknown, never none."),
    "fans_text": N_("Followers as the search showed them."),
    "fans_exact": N_("1 where the number is exact, 0 where it was rounded."),
    "verified": N_("1 for a verified account."),
    "verify_label": N_("The kind of verification; personal and business are inferred."),
    "bio": N_("The creator's own words, where the search showed them."),
    "profile_url": N_("The creator's page on the web."),
    "image": N_("The address of the picture; it is not loaded here."),
    "first_seen_at": N_("When the creator was first found, UTC."),
    "last_seen_at": N_("When the creator was last found, UTC."),
    "extra": N_("Whatever else the API sent, as JSON."),
}

_CHARGE = N_("charged, free, or unknown: the answer did not come back.")

COLUMNS = {
    "users": {**_CREATOR, "key": N_("The row's own number; other tables refer to it.")},
    "creators_with_keywords": {
        **{name: text for name, text in _CREATOR.items() if name != "extra"},
        "keyword_count": N_("How many keywords found the creator."),
        "keywords": N_("The keywords that found the creator."),
    },
    "keyword_performance": {
        "creators": N_("Creators that this keyword found."),
        "new_creators": N_("Those whom no keyword had found before."),
        "charged": N_("Calls that were charged."),
        "creators_per_charge": N_("Creators per charged call."),
        "new_per_charge": N_("New creators per charged call."),
        "already_known_share": N_("The share of its creators that other keywords had found already."),
        "state": N_("open: to be gone on with; done; failed: asked again next time."),
    },
    "calls": {
        "charge": _CHARGE,
        "code": N_("The API's own code; 0 is success."),
        "attempt": N_("Which try at the page this was."),
        "milliseconds": N_("How long the answer took."),
        "error": N_("Why the call brought no page."),
    },
    "checkpoints": {
        "next_page": N_("The page to ask for next."),
        "state": N_("open: to be gone on with; done; failed: asked again next time."),
        "stop_reason": N_("Why the keyword ended or failed."),
        "generation": N_("How often the keyword was started afresh."),
    },
    "runs": {
        "outcome": N_("done, failed, stopped, interrupted or crashed; empty while it runs."),
        "users_new": N_("Creators never seen before."),
        "users_seen": N_("Creators met at all."),
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
    "daily_spend": {"unknown": N_("Calls of which nobody knows whether they were charged.")},
}
"""By table or view, then by column; what explains itself is left out."""
