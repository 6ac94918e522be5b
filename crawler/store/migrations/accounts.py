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

CREATE VIEW spend_by_account AS
WITH sent AS (
    SELECT date(sent_at, '+8 hours') AS day, run_id, account, charge, count(*) AS calls,
           max(error IS 'daily_quota') AS quota_reached
      FROM calls
     GROUP BY 1, 2, 3, 4
     UNION ALL
    SELECT day, run_id, nullif(account, ''), charge, calls, 0
      FROM pruned_runs
)
SELECT day,
       coalesce(sent.account, 'default')                             AS account,
       sum(calls)                                                    AS calls,
       sum(iif(charge = 'charged', calls, 0))                        AS charged,
       sum(iif(charge = 'free', calls, 0))                           AS free,
       sum(iif(charge = 'unknown', calls, 0))                        AS unknown,
       max(quota_reached)                                            AS quota_reached,
       iif(count(DISTINCT currency) = 1,
           sum(iif(charge = 'charged', calls * CAST(price AS REAL), 0)), NULL) AS money,
       iif(count(DISTINCT currency) = 1,
           sum(iif(charge <> 'free', calls * CAST(price AS REAL), 0)), NULL)   AS money_at_most,
       iif(count(DISTINCT currency) = 1, max(currency), NULL)        AS currency
  FROM sent
  JOIN run_prices AS paid ON paid.run_id = sent.run_id AND paid.account IS sent.account
 GROUP BY day, sent.account;

DROP VIEW daily_spend;

CREATE VIEW daily_spend AS
WITH spent AS (
    SELECT date(sent_at, '+8 hours') AS day, charge, price, currency, count(*) AS calls,
           max(error IS 'daily_quota') AS quota_reached
      FROM calls
      JOIN run_prices AS paid ON paid.run_id = calls.run_id AND paid.account IS calls.account
     GROUP BY 1, 2, 3, 4
     UNION ALL
    SELECT day, charge, price, currency, calls, 0
      FROM pruned_prices
     UNION ALL
    SELECT day, charge, NULL, NULL,
           sum(calls) - coalesce((SELECT sum(priced.calls)
                                    FROM pruned_prices AS priced
                                   WHERE priced.day = pruned_calls.day
                                     AND priced.charge = pruned_calls.charge), 0),
           0
      FROM pruned_calls
     GROUP BY day, charge
)
SELECT day,
       sum(calls)                                                    AS calls,
       sum(iif(charge = 'charged', calls, 0))                        AS charged,
       sum(iif(charge = 'free', calls, 0))                           AS free,
       sum(iif(charge = 'unknown', calls, 0))                        AS unknown,
       max(quota_reached)                                            AS quota_reached,
       iif(count(DISTINCT currency) = 1,
           sum(iif(charge = 'charged', calls * CAST(price AS REAL), 0)), NULL) AS money,
       iif(count(DISTINCT currency) = 1,
           sum(iif(charge <> 'free', calls * CAST(price AS REAL), 0)), NULL)   AS money_at_most,
       iif(count(DISTINCT currency) = 1, max(currency), NULL)        AS currency,
       count(DISTINCT currency)                                      AS currencies,
       sum(iif(price IS NULL AND charge = 'charged', calls, 0))      AS charged_unpriced,
       sum(iif(price IS NULL AND charge <> 'free', calls, 0))        AS at_most_unpriced
  FROM spent
 GROUP BY day;
"""


def add_accounts(db: Database) -> None:
    """Migration 0017."""
    db.executescript(_ACCOUNTS)
