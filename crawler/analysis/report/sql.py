"""Every question a report asks, named. `:since` is where its period begins, `:run_id` its first run.

Each answer has few rows, whatever the database holds: aggregates, or a LIMIT.
"""

from __future__ import annotations

from crawler.analysis.calls_by_day import calls_by_day

SERVICE = "SELECT value FROM settings WHERE name = 'service'"

# Where no run has made a call yet, the last run counts.
LAST_NIGHT = """
SELECT coalesce((SELECT min(started_at) FROM last_night),
                (SELECT max(started_at) FROM runs))
"""

# Where none is that late, a number beyond all runs.
FIRST_RUN_SINCE = """
SELECT coalesce(min(id), 9223372036854775807)
  FROM runs
 WHERE ended_at IS NULL OR ended_at >= :since
"""

RUNS = """
WITH spent AS (
    SELECT run_id,
           count(*) FILTER (WHERE charge = 'charged') AS charged,
           count(*) FILTER (WHERE charge = 'free')    AS free,
           count(*) FILTER (WHERE charge = 'unknown') AS unknown
      FROM calls
     WHERE sent_at >= :since
     GROUP BY run_id
)
SELECT runs.*, spent.charged, spent.free, spent.unknown,
       count(*) OVER () AS runs, sum(runs.keywords_done) OVER () AS keywords_done_total
  FROM runs
  LEFT JOIN spent ON spent.run_id = runs.id
 WHERE runs.started_at >= :since
 ORDER BY runs.id DESC
 LIMIT :limit
"""

CALLS = """
SELECT count(*) FILTER (WHERE charge = 'charged') AS charged,
       count(*) FILTER (WHERE charge = 'free')    AS free,
       count(*) FILTER (WHERE charge = 'unknown') AS unknown
  FROM calls
 WHERE sent_at >= :since
"""

# Charged calls by what they cost: the price of their account, else of their run, NULL where there was none.
RUN_PRICES = """
SELECT calls.run_id, paid.price, paid.currency, count(*) AS charged
  FROM calls
  JOIN run_prices AS paid ON paid.run_id = calls.run_id AND paid.account IS calls.account
 WHERE calls.sent_at >= :since AND calls.charge = 'charged'
 GROUP BY 1, 2, 3
"""

PRICES = """
SELECT paid.price, paid.currency, count(*) AS charged
  FROM calls
  JOIN run_prices AS paid ON paid.run_id = calls.run_id AND paid.account IS calls.account
 WHERE calls.sent_at >= :since AND calls.charge = 'charged'
 GROUP BY 1, 2
"""

BARREN_PRICES = """
WITH barren AS (
    SELECT calls.keyword_id
      FROM calls
      LEFT JOIN pages ON pages.call_id = calls.id
     WHERE calls.sent_at >= :since AND calls.charge = 'charged'
     GROUP BY calls.keyword_id
    HAVING coalesce(sum(pages.users_new), 0) = 0 AND sum(pages.entries) > 0
)
SELECT paid.price, paid.currency, count(*) AS charged
  FROM calls
  JOIN run_prices AS paid ON paid.run_id = calls.run_id AND paid.account IS calls.account
 WHERE calls.sent_at >= :since AND calls.charge = 'charged'
   AND calls.keyword_id IN (SELECT keyword_id FROM barren)
 GROUP BY 1, 2
"""

DAYS_PRICES = """
SELECT date(calls.sent_at, '+8 hours') AS day, paid.price, paid.currency, count(*) AS charged
  FROM calls
  JOIN run_prices AS paid ON paid.run_id = calls.run_id AND paid.account IS calls.account
 WHERE calls.sent_at >= :since AND calls.charge = 'charged'
 GROUP BY 1, 2, 3
 UNION ALL
SELECT day, price, currency, calls
  FROM pruned_prices
 WHERE day >= date(:since, '+8 hours') AND charge = 'charged'
 UNION ALL
SELECT day, NULL, NULL,
       sum(calls) - coalesce((SELECT sum(priced.calls)
                                FROM pruned_prices AS priced
                               WHERE priced.day = pruned_calls.day AND priced.charge = 'charged'), 0)
  FROM pruned_calls
 WHERE day >= date(:since, '+8 hours') AND charge = 'charged'
 GROUP BY day
"""

# `fans` decides which bucket of the vendor's vocabulary a creator falls into; NULL is a bucket of its own.
BUCKETS = """
SELECT CASE WHEN fans IS NULL     THEN NULL
            WHEN fans < 100       THEN 0
            WHEN fans < 1000      THEN 100
            WHEN fans < 10000     THEN 1000
            WHEN fans < 100000    THEN 10000
            ELSE 100000 END                               AS fans_min,
       count(*)                                           AS users,
       count(*) FILTER (WHERE first_seen_at >= :since)    AS users_new
  FROM users
 GROUP BY 1
"""

NEWCOMERS = """
SELECT key, name, red_id, profile_url, image, verify_label, bio, fans, NULL AS fans_before
  FROM users
 WHERE first_seen_at >= :since
 ORDER BY fans DESC NULLS LAST, key
 LIMIT :limit
"""

# With min(id) beside it, SQLite takes `old_fans` from the row of that id: the count before the first change.
GROWERS = """
WITH before AS (
    SELECT user_key, old_fans, min(id)
      FROM changes
     WHERE run_id >= :run_id AND changed_at >= :since AND field = 'fans_text' AND old_fans IS NOT NULL
     GROUP BY user_key
)
SELECT users.key, users.name, users.red_id, users.profile_url, users.image, users.verify_label,
       users.bio, users.fans, before.old_fans AS fans_before, count(*) OVER () AS growers
  FROM before
  JOIN users ON users.key = before.user_key
 WHERE users.fans > before.old_fans
 ORDER BY users.fans - before.old_fans DESC, users.key
 LIMIT :limit
"""

FOUND_BY = """
SELECT sightings.user_key, keywords.text, keywords.tags
  FROM sightings
  JOIN keywords ON keywords.id = sightings.keyword_id
 WHERE sightings.user_key IN (SELECT value FROM json_each(:keys))
 ORDER BY sightings.first_seen_at, sightings.first_page, sightings.first_rank
"""

_YIELDS = """
WITH yields AS (
    SELECT calls.keyword_id,
           count(*)                          AS charged,
           coalesce(sum(pages.entries), 0)   AS entries,
           coalesce(sum(pages.users_new), 0) AS users_new
      FROM calls
      LEFT JOIN pages ON pages.call_id = calls.id
     WHERE calls.sent_at >= :since AND calls.charge = 'charged'
     GROUP BY calls.keyword_id
)
SELECT keywords.text, yields.*, count(*) OVER () AS keywords, sum(yields.charged) OVER () AS charged_total
  FROM yields
  JOIN keywords ON keywords.id = yields.keyword_id
"""

FRUITFUL = f"""{_YIELDS}
 WHERE yields.users_new > 0
 ORDER BY 1.0 * yields.users_new / yields.charged DESC, yields.users_new DESC, keywords.id
 LIMIT :limit
"""

# A keyword that showed no creator repeats none.
BARREN = f"""{_YIELDS}
 WHERE yields.users_new = 0 AND yields.entries > 0
 ORDER BY yields.charged DESC, yields.entries DESC, keywords.id
 LIMIT :limit
"""

# Of these, the keywords all of whose creators other keywords find too.
REPEATERS = f"""{_YIELDS}
 WHERE yields.users_new = 0 AND yields.entries > 0
   AND EXISTS (SELECT 1 FROM sightings WHERE keyword_id = yields.keyword_id)
   AND (SELECT mine.user_key
          FROM sightings AS mine
         WHERE mine.keyword_id = yields.keyword_id
           AND NOT EXISTS (SELECT 1
                             FROM sightings AS others
                            WHERE others.user_key = mine.user_key
                              AND others.keyword_id <> mine.keyword_id)
         ORDER BY mine.user_key DESC  -- who came last is the likeliest to be its own
         LIMIT 1) IS NULL
 ORDER BY yields.charged DESC, yields.entries DESC, keywords.id
 LIMIT :limit
"""

ACCOUNTS = """
SELECT coalesce(calls.account, 'default') AS account, paid.price, paid.currency,
       count(*) FILTER (WHERE charge = 'charged') AS charged,
       count(*) FILTER (WHERE charge = 'free')    AS free,
       count(*) FILTER (WHERE charge = 'unknown') AS unknown
  FROM calls
  JOIN run_prices AS paid ON paid.run_id = calls.run_id AND paid.account IS calls.account
 WHERE sent_at >= :since
 GROUP BY 1, 2, 3
 ORDER BY 1, 2
"""

# Why each stopped, in the latest run that it stopped in.
ACCOUNTS_STOPPED = """
SELECT account, reason, reason_details, max(run_id)
  FROM run_accounts
 WHERE run_id >= :run_id AND reason IS NOT NULL
 GROUP BY account
"""

LAST_CALL = "SELECT max(sent_at) FROM calls"

DAYS = f"""
WITH {calls_by_day(":since")}
SELECT day, charged, free, unknown, quota_reached
  FROM by_day
 WHERE day >= date(:since, '+8 hours')
"""

DAYS_NEW = """
SELECT date(first_seen_at, '+8 hours') AS day, count(*) AS users_new
  FROM users
 WHERE first_seen_at >= :since
 GROUP BY 1
"""

FAILURES = """
WITH failed AS (
    SELECT keywords.id, keywords.text, keywords.priority,
           stop_reason AS reason
      FROM checkpoints
      JOIN keywords ON keywords.id = checkpoints.keyword_id
     WHERE checkpoints.state = 'failed' AND checkpoints.run_id >= :run_id
),
placed AS (
    SELECT reason, text,
           count(*)     OVER (PARTITION BY reason)                            AS keywords,
           row_number() OVER (PARTITION BY reason ORDER BY priority DESC, id) AS place
      FROM failed
)
SELECT reason, text, keywords, place
  FROM placed
 WHERE place <= :examples
 ORDER BY keywords DESC, reason, place
 LIMIT :limit
"""

ANSWERS = """
SELECT error AS reason, paid.price, paid.currency,
       count(*) FILTER (WHERE charge = 'charged') AS charged,
       count(*) FILTER (WHERE charge = 'free')    AS free,
       count(*) FILTER (WHERE charge = 'unknown') AS unknown
  FROM calls
  JOIN run_prices AS paid ON paid.run_id = calls.run_id AND paid.account IS calls.account
 WHERE sent_at >= :since AND (error IS NOT NULL OR settled_at IS NULL)
 GROUP BY 1, 2, 3
 ORDER BY count(*) DESC
 LIMIT :limit
"""

ODDITIES = """
SELECT oddity, oddity_details, count(*) AS pages
  FROM pages
 WHERE run_id >= :run_id AND fetched_at >= :since AND oddity IS NOT NULL
 GROUP BY oddity, oddity_details
 ORDER BY pages DESC, oddity
 LIMIT :limit
"""

# Rank 0 is a whole answer of an unknown code, which `ANSWERS` counts.
REJECTS = """
SELECT count(*)
  FROM rejects
 WHERE run_id >= :run_id AND rejected_at >= :since AND rank > 0
"""
