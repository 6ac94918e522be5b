"""Migration 0009: what a charged call cost is kept with its run, and with the sums of pruned calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database


# Prices are decimal text, as exact as they were given; of pruned calls those with a price are here as well.
_PRICES = """
ALTER TABLE runs ADD COLUMN price TEXT;
ALTER TABLE runs ADD COLUMN currency TEXT;

CREATE TABLE pruned_prices (
    day      TEXT NOT NULL,
    charge   TEXT NOT NULL,
    price    TEXT NOT NULL,
    currency TEXT NOT NULL,
    calls    INTEGER NOT NULL,
    PRIMARY KEY (day, charge, price, currency)
);

DROP VIEW daily_spend;

CREATE VIEW daily_spend AS
WITH spent AS (
    SELECT date(sent_at, '+8 hours') AS day, charge, price, currency, count(*) AS calls,
           max(error IS 'daily_quota') AS quota_reached
      FROM calls
      JOIN runs ON runs.id = calls.run_id
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


def create_prices(db: Database) -> None:
    """Migration 0009."""
    db.executescript(_PRICES)
