"""How joined rows are numbered and written into the result, named as in `sql`.

Of the crawls of a keyword the one that counts comes last, so that `crawler verify` and the next run go on
from it; pages of the others are kept as those of earlier ones.
"""

from __future__ import annotations

TOPS = """
INSERT INTO tops (keyword, endpoint_id, top)
SELECT keyword, endpoint_id, 1 + max(place)
  FROM (SELECT keyword, endpoint_id,
               row_number() OVER (PARTITION BY keyword, endpoint_id, page ORDER BY id) AS place
          FROM pages
         WHERE ahead IS NULL
         UNION ALL
        SELECT keyword, endpoint_id, 1 FROM sightings WHERE ahead IS NULL
         UNION ALL
        SELECT of_keyword, of_endpoint, 0 FROM current)
 GROUP BY keyword, endpoint_id
"""

PAGES = """
INSERT INTO result.pages (id, keyword_id, run_id, call_id, unsighted, generation, {columns})
SELECT id, pages.keyword, run, call, unsighted,
       iif(ahead IS NULL,
           row_number() OVER (PARTITION BY pages.keyword, pages.endpoint_id, page, ahead IS NULL ORDER BY id),
           top + ahead),
       {columns}
  FROM pages
  JOIN tops USING (keyword, endpoint_id)
 ORDER BY id
"""

# A call without a page belongs to the crawl that counts where it was sent after that had begun.
CALLS = """
INSERT INTO result.calls (id, keyword_id, run_id, generation, {columns})
SELECT id, calls.keyword, run,
       coalesce((SELECT generation FROM result.pages WHERE call_id = calls.id),
                iif(sent_at < (SELECT started_at
                                 FROM result.checkpoints AS checkpoints
                                WHERE checkpoints.keyword_id = calls.keyword
                                  AND checkpoints.endpoint_id = calls.endpoint_id),
                    max(1, top - 1), top),
                1),
       {columns}
  FROM calls
  LEFT JOIN tops USING (keyword, endpoint_id)
 ORDER BY id
"""

CHECKPOINTS = """
INSERT INTO result.checkpoints (keyword_id, run_id, generation, {columns})
SELECT keyword, run_id, top, {columns}
  FROM checkpoints_in
  JOIN tops USING (keyword, endpoint_id)
 WHERE input = (SELECT min(current.input)
                  FROM current
                 WHERE counts AND of_keyword = keyword AND of_endpoint = endpoint_id)
"""

SIGHTINGS = """
INSERT INTO result.sightings (endpoint_id, keyword_id, user_key, generation, first_seen_at, first_page,
                              first_rank, last_seen_at, last_page, last_rank)
SELECT sightings.endpoint_id, sightings.keyword, user_of.final,
       iif(ahead IS NULL, max(1, top - 1), top + ahead),
       first_seen_at, first_page, first_rank, last_seen_at, last_page, last_rank
  FROM sightings
  JOIN user_of USING (n)
  JOIN tops USING (keyword, endpoint_id)
 ORDER BY sightings.keyword, user_of.final
"""

CHANGES = """
INSERT INTO result.changes (user_key, run_id, field, old, new, old_fans, new_fans, changed_at)
SELECT user_of.final, run, field, old, new, old_fans, new_fans, changed_at
  FROM changes
  JOIN user_of USING (n)
 ORDER BY changed_at, run, user_of.final, field, old, new
"""

REJECTS = """
INSERT INTO result.rejects (keyword_id, run_id, call_id, {columns})
SELECT keyword, run, any_call, {columns}
  FROM (SELECT *, max(call) OVER same AS any_call,
               row_number() OVER (same ORDER BY json_array({columns})) AS place
          FROM rejects_in
        WINDOW same AS (PARTITION BY run, keyword, endpoint_id, page, rank, entry, rejected_at, nth))
 WHERE place = 1
 ORDER BY rejected_at, run, keyword, page, rank
"""

# Later runs have higher numbers. What was asked for elsewhere after the run that left it out is asked for.
NOT_ASKED = """
INSERT INTO result.not_asked (keyword_id, run_id, {columns})
SELECT keyword_of.final, run_of.final, {columns}
  FROM {s}.not_asked AS noted
  JOIN keyword_of ON keyword_of.input = {i} AND keyword_of.id = keyword_id
  JOIN run_of ON run_of.input = {i} AND run_of.id = run_id
  JOIN result.runs AS runs ON runs.id = run_of.final
 WHERE NOT EXISTS (SELECT 1
                     FROM result.checkpoints AS since
                    WHERE since.keyword_id = keyword_of.final AND since.endpoint_id = noted.endpoint_id
                          AND since.updated_at > runs.started_at)
    ON CONFLICT (keyword_id, endpoint_id) DO UPDATE
   SET run_id = excluded.run_id, expected = excluded.expected, stop_below = excluded.stop_below
 WHERE excluded.run_id > run_id
"""

# Who knows the run and has lost its note has taken the keyword up again, perhaps without a call as yet.
TAKEN_UP_AGAIN = """
DELETE FROM result.not_asked
 WHERE run_id IN (SELECT final FROM run_of WHERE input = {i})
   AND keyword_id IN (SELECT final FROM keyword_of WHERE input = {i})
   AND NOT EXISTS (SELECT 1
                     FROM {s}.not_asked AS noted
                     JOIN keyword_of ON keyword_of.input = {i} AND keyword_of.id = noted.keyword_id
                    WHERE keyword_of.final = result.not_asked.keyword_id
                          AND noted.endpoint_id = result.not_asked.endpoint_id)
"""

PRUNED_RUNS = """
INSERT INTO result.pruned_runs (run_id, day, endpoint_id, charge, account, calls)
SELECT run, day, endpoint_id, charge, account, max(calls) - max(there) AS pruned
  FROM (SELECT run, day, endpoint_id, charge, account, calls, 0 AS there
          FROM totals_in
         UNION ALL
        SELECT run, date(sent_at, '+8 hours') AS day, endpoint_id, charge, coalesce(account, ''), 0, count(*)
          FROM calls
         GROUP BY 1, 2, 3, 4, 5)
 GROUP BY run, day, endpoint_id, charge, account
HAVING pruned > 0
"""

PRUNED_CALLS = """
INSERT INTO result.pruned_calls (day, endpoint_id, charge, calls)
SELECT day, endpoint_id, charge, sum(calls) FROM result.pruned_runs GROUP BY day, endpoint_id, charge
"""

PRUNED_PRICES = """
INSERT INTO result.pruned_prices (day, charge, price, currency, calls)
SELECT day, charge, price, currency, sum(calls)
  FROM result.pruned_runs AS pruned
  JOIN result.run_prices AS paid ON paid.run_id = pruned.run_id AND paid.account IS nullif(pruned.account, '')
 WHERE price IS NOT NULL AND currency IS NOT NULL
 GROUP BY day, charge, price, currency
"""

PRUNED_QUOTAS = """
INSERT OR IGNORE INTO result.pruned_quotas (day, account) SELECT day, account FROM {s}.pruned_quotas
"""

PRUNED_PAGES = """
INSERT INTO result.pruned_pages (keyword_id, endpoint_id, origin, pages, users_new, last_at)
WITH there AS (
    SELECT keyword, endpoint_id, origin, count(*) AS pages, sum(pages.users_new) AS users_new
      FROM pages
      JOIN result.runs AS runs ON runs.id = run
     GROUP BY 1, 2, 3
)
SELECT keyword, endpoint_id, origin, max(totals.pages) - coalesce(there.pages, 0) AS gone,
       max(0, max(totals.users_new) - coalesce(there.users_new, 0)), max(last_at)
  FROM page_totals_in AS totals
  LEFT JOIN there USING (keyword, endpoint_id, origin)
 GROUP BY keyword, endpoint_id, origin
HAVING gone > 0 AND max(last_at) IS NOT NULL
"""

LATEST_LIMITS = """
INSERT INTO result.rate_limits ({columns})
SELECT {columns}
  FROM (SELECT *, row_number() OVER (PARTITION BY account, endpoint_id
                                     ORDER BY learnt_at DESC, json_array({columns}) DESC) AS place
          FROM rate_limits_in)
 WHERE place = 1
"""

REPLAYS = """
INSERT INTO result.replays ({columns})
SELECT DISTINCT {columns} FROM replays_in ORDER BY replayed_at, {columns}
"""

FORGOTTEN = (
    "INSERT INTO result.forgotten (fingerprint, forgotten_at) SELECT fingerprint, forgotten_at FROM forgotten"
)

# The accounts of a run are the same in every database that has it, but for one that saw it before its end.
RUN_ACCOUNTS = """
INSERT INTO result.run_accounts (run_id, {columns})
SELECT final, {columns}
  FROM {s}.run_accounts
  JOIN run_of ON run_of.input = {i} AND run_of.id = run_id
 WHERE true
ON CONFLICT (run_id, account) DO UPDATE
   SET reason         = coalesce(reason, excluded.reason),
       reason_details = coalesce(reason_details, excluded.reason_details)
"""

# A run has one, made before its first call: every database that has it has the same.
FORECASTS = """
INSERT OR IGNORE INTO result.forecasts (run_id, {columns})
SELECT final, {columns}
  FROM {s}.forecasts
  JOIN run_of ON run_of.input = {i} AND run_of.id = run_id
"""
