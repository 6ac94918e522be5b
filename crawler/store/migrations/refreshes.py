"""Migration 0012: how keywords are looked at again.

`keywords.refresh_after_seconds` is a keyword's own `refresh_after`. `checkpoints.complete_at` is when a
keyword was last read to its end, which a refresh that stopped before it leaves as it was. `not_asked` has the
keywords that the last run over them left out, as too little was expected of them.
"""

from __future__ import annotations

from sqlite_utils import Database

# Of a keyword that failed, or that a repair asked for again, nobody knows that it was complete.
_REFRESHES = """
ALTER TABLE keywords    ADD COLUMN refresh_after_seconds REAL;
ALTER TABLE checkpoints ADD COLUMN complete_at TEXT;

UPDATE checkpoints SET complete_at = finished_at WHERE state = 'done';

CREATE TABLE not_asked (
    endpoint_id INTEGER NOT NULL REFERENCES endpoints(id),
    keyword_id  INTEGER NOT NULL REFERENCES keywords(id),
    run_id      INTEGER NOT NULL REFERENCES runs(id),
    expected    REAL NOT NULL,
    stop_below  REAL NOT NULL,
    PRIMARY KEY (keyword_id, endpoint_id)
);
"""


def add_refreshes(db: Database) -> None:
    """Migration 0012."""
    db.executescript(_REFRESHES)
