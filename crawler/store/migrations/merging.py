"""Migration 0016: what a database must know to be merged with others: any number of times, in any order.

`runs.origin` is the database that a run was made in, empty for this one. `pruned_runs` tells by run what
`pruned_calls` adds up, so that no call counts twice where another database still has its row.

`older_facts` says of a merged creator's fact that it was seen earlier than the creator was last; it holds as
long as the fact has that `digest`. `lost_red_ids` are those that somebody else was seen with later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database


_TABLES = """
ALTER TABLE runs ADD COLUMN origin TEXT;

CREATE TABLE pruned_runs (
    run_id      INTEGER NOT NULL REFERENCES runs(id),
    day         TEXT NOT NULL,
    endpoint_id INTEGER NOT NULL REFERENCES endpoints(id),
    charge      TEXT NOT NULL,
    calls       INTEGER NOT NULL,
    PRIMARY KEY (run_id, day, endpoint_id, charge)
);

INSERT INTO pruned_runs (run_id, day, endpoint_id, charge, calls)
SELECT (SELECT min(id) FROM runs WHERE runs.price = priced.price AND runs.currency = priced.currency) AS run,
       day,
       (SELECT min(endpoint_id) FROM pruned_calls WHERE pruned_calls.day = priced.day),
       charge, calls
  FROM pruned_prices AS priced
 WHERE run IS NOT NULL;

CREATE TABLE older_facts (
    user_key INTEGER NOT NULL REFERENCES users(key) ON DELETE CASCADE,
    field    TEXT NOT NULL,
    digest   TEXT NOT NULL,
    seen_at  TEXT NOT NULL,
    PRIMARY KEY (user_key, field)
) WITHOUT ROWID;

CREATE TABLE lost_red_ids (
    user_key INTEGER PRIMARY KEY REFERENCES users(key) ON DELETE CASCADE,
    red_id   TEXT NOT NULL,
    seen_at  TEXT NOT NULL
);
"""


def prepare_merging(db: Database) -> None:
    """Migration 0016."""
    db.executescript(_TABLES)
