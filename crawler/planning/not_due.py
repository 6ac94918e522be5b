"""Why a run would not ask for a keyword."""

from __future__ import annotations

import sqlite3

from crawler.i18n import _
from crawler.i18n.formatting import shanghai_time

# A keyword that was listed and never asked for would be due.
_LISTED = """
SELECT checkpoints.updated_at,
       keywords.refresh_after_seconds IS NOT NULL,
       keywords.id IN (SELECT keyword_id FROM not_asked)
  FROM incoming
  JOIN keywords ON keywords.id = incoming.keyword_id
  LEFT JOIN checkpoints ON checkpoints.keyword_id = keywords.id AND checkpoints.endpoint_id = ?
 WHERE keywords.identity = ?
"""


def why_not_due(worklist: sqlite3.Connection, endpoint_id: int, identity: str) -> str:
    """What keeps a keyword off the work list that was made on this connection, or would bring it back."""
    row = worklist.execute(_LISTED, (endpoint_id, identity)).fetchone()
    if row is None:
        return _("%s stands in none of the keyword files that were read") % identity
    asked_at, own_span, left_out = row
    if left_out:
        return _("%s is not asked for: less is expected of it than --stop-below wants") % identity
    if own_span:
        told = _("%(keyword)s is not due again: asked for at %(when)s, and its file has a refresh_after")
    else:
        told = _(
            "%(keyword)s is not due again: asked for at %(when)s; with --refresh-after 0s it is explained now"
        )
    return told % {"keyword": identity, "when": shanghai_time(asked_at)}
