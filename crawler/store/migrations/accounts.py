"""Migration 0017: which account sent a call, what it costs by that account, and why that made no more calls.

An account is a name, never the token or anything made of it; NULL is the token of a run that declares no
accounts. `run_accounts.price` is NULL where a call costs what `runs.price` says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database


# `run_prices` is small: a row for each run and for each of its accounts. Of pruned calls the account is in
# their run's sums, where '' is the one without a name.
_ACCOUNTS = """
ALTER TABLE calls ADD COLUMN account TEXT;

CREATE TABLE run_accounts (
    run_id         INTEGER NOT NULL REFERENCES runs(id),
    account        TEXT NOT NULL,
    price          TEXT,
    currency       TEXT,
    reason         TEXT,
    reason_details TEXT,
    PRIMARY KEY (run_id, account)
);

ALTER TABLE pruned_runs RENAME TO pruned_runs_before;
CREATE TABLE pruned_runs (
    run_id      INTEGER NOT NULL REFERENCES runs(id),
    day         TEXT NOT NULL,
    endpoint_id INTEGER NOT NULL REFERENCES endpoints(id),
    charge      TEXT NOT NULL,
    account     TEXT NOT NULL DEFAULT '',
    calls       INTEGER NOT NULL,
    PRIMARY KEY (run_id, day, endpoint_id, charge, account)
);
INSERT INTO pruned_runs (run_id, day, endpoint_id, charge, calls)
SELECT run_id, day, endpoint_id, charge, calls FROM pruned_runs_before;
DROP TABLE pruned_runs_before;

CREATE VIEW run_prices AS
SELECT id AS run_id, NULL AS account, price, currency
  FROM runs
 UNION ALL
SELECT run_id, account, coalesce(run_accounts.price, runs.price),
       iif(run_accounts.price IS NULL, runs.currency, run_accounts.currency)
  FROM run_accounts
  JOIN runs ON runs.id = run_id;
"""


def add_accounts(db: Database) -> None:
    """Migration 0017."""
    db.executescript(_ACCOUNTS)
