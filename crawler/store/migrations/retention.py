"""Migration 0018: what retention removes leaves its sums behind.

`pruned_pages` adds up, by keyword, pages of earlier crawls whose call was pruned before them; `origin` is
that of their runs, empty for this database's own, so that no page counts twice where databases are merged.
`runs.users_new_pruned` is the part of `users_new` that such pages brought. `pruned_quotas` are the days on
which a pruned call met the end of the quota of its account, '' where it has no name. `sweeps` has a row for
each sweep that removed something. The views of spending count all of it, by account too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database


_RETENTION = """
CREATE TABLE pruned_pages (
    keyword_id  INTEGER NOT NULL REFERENCES keywords(id),
    endpoint_id INTEGER NOT NULL REFERENCES endpoints(id),
    origin      TEXT NOT NULL,
    pages       INTEGER NOT NULL,
    users_new   INTEGER NOT NULL,
    last_at     TEXT NOT NULL,
    PRIMARY KEY (keyword_id, endpoint_id, origin)
) WITHOUT ROWID;

ALTER TABLE runs ADD COLUMN users_new_pruned INTEGER NOT NULL DEFAULT 0;

CREATE TABLE pruned_quotas (
    day     TEXT NOT NULL,
    account TEXT NOT NULL,
    PRIMARY KEY (day, account)
) WITHOUT ROWID;

CREATE TABLE sweeps (
    id          INTEGER PRIMARY KEY,
    swept_at    TEXT NOT NULL,
    replies     INTEGER NOT NULL,
    reply_bytes INTEGER NOT NULL,
    calls       INTEGER NOT NULL,
    pages       INTEGER NOT NULL,
    rejects     INTEGER NOT NULL,
    changes     INTEGER NOT NULL,
    complete    INTEGER NOT NULL
);

DROP VIEW keyword_activity;

CREATE VIEW keyword_activity AS
SELECT keyword_id, endpoint_id, sent_at AS at,
       1                                                             AS calls,
       charge = 'charged'                                            AS charged,
       0                                                             AS new_creators
  FROM calls
 UNION ALL
SELECT keyword_id, endpoint_id, fetched_at, call_id IS NULL, call_id IS NULL, users_new
  FROM pages
 UNION ALL
SELECT keyword_id, endpoint_id, last_at, pages, pages, users_new
  FROM pruned_pages;

CREATE VIEW spend_by_account AS
WITH sent AS (
    SELECT date(sent_at, '+8 hours') AS day, run_id, account, charge, count(*) AS calls,
           max(error IS 'daily_quota') AS quota_reached
      FROM calls
     GROUP BY 1, 2, 3, 4
     UNION ALL
    SELECT day, run_id, nullif(account, ''), charge, calls, 0
      FROM pruned_runs
     UNION ALL
    SELECT day, NULL, nullif(account, ''), 'free', 0, 1
      FROM pruned_quotas
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
  LEFT JOIN run_prices AS paid ON paid.run_id = sent.run_id AND paid.account IS sent.account
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
     UNION ALL
    SELECT day, 'free', NULL, NULL, 0, 1
      FROM pruned_quotas
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


def keep_sums(db: Database) -> None:
    """Migration 0018."""
    db.executescript(_RETENTION)
