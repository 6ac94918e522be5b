"""Every statement of a sweep, named. `:before` is the stamp before which rows are old, `:ids` a JSON list.

A look reads the next `:rows` rows behind `:after` in the order of their numbers, which is that of time: for
each whether it is old, and whether it may go.
"""

from __future__ import annotations

FIRST_REPLY = "SELECT coalesce(min(page_id), 0) - 1 FROM replies"

LOOK_AT_REPLIES = """
SELECT id, fetched_at < :before, fetched_at < :before
  FROM pages
 WHERE id > :after
 ORDER BY id
 LIMIT :rows
"""

COUNT_REPLIES = """
SELECT count(*), coalesce(sum(length(body)), 0)
  FROM replies
 WHERE page_id IN (SELECT value FROM json_each(:ids))
"""

COUNT_OLD_REPLIES = """
SELECT count(*), coalesce(sum(length(body)), 0)
  FROM replies
  JOIN pages ON pages.id = page_id
 WHERE fetched_at < :before
"""

DELETE_REPLIES = "DELETE FROM replies WHERE page_id IN (SELECT value FROM json_each(:ids))"

LOOK_AT_REJECTS = """
SELECT id, rejected_at < :before, rejected_at < :before
  FROM rejects
 WHERE id > :after
 ORDER BY id
 LIMIT :rows
"""

COUNT_OLD_REJECTS = "SELECT count(*) FROM rejects WHERE rejected_at < :before"

DELETE_REJECTS = "DELETE FROM rejects WHERE id IN (SELECT value FROM json_each(:ids))"

# The throttle asks for the last call, and a charged call without its page is for `crawler verify` to find.
OLD_CALLS = """
      sent_at < :before
  AND id <> (SELECT id FROM calls ORDER BY sent_at DESC, id DESC LIMIT 1)
  AND NOT (charge = 'charged' AND NOT EXISTS (SELECT 1 FROM pages WHERE pages.call_id = calls.id))
"""

FIND_CALLS = f"SELECT id FROM calls WHERE {OLD_CALLS} ORDER BY sent_at LIMIT :rows"

COUNT_OLD_CALLS = f"SELECT count(*) FROM calls WHERE {OLD_CALLS}"

ADD_UP_CALLS = """
INSERT INTO pruned_calls (day, endpoint_id, charge, calls)
SELECT date(sent_at, '+8 hours'), endpoint_id, charge, count(*)
  FROM calls
 WHERE id IN (SELECT value FROM json_each(:ids))
 GROUP BY date(sent_at, '+8 hours'), endpoint_id, charge
ON CONFLICT (day, endpoint_id, charge) DO UPDATE SET calls = calls + excluded.calls
"""

KEEP_QUOTAS = """
INSERT OR IGNORE INTO pruned_quotas (day, account)
SELECT date(sent_at, '+8 hours'), coalesce(account, '')
  FROM calls
 WHERE id IN (SELECT value FROM json_each(:ids)) AND error = 'daily_quota'
"""

ADD_UP_RUNS = """
INSERT INTO pruned_runs (run_id, day, endpoint_id, charge, account, calls)
SELECT run_id, date(sent_at, '+8 hours'), endpoint_id, charge, coalesce(account, ''), count(*)
  FROM calls
 WHERE id IN (SELECT value FROM json_each(:ids))
 GROUP BY run_id, date(sent_at, '+8 hours'), endpoint_id, charge, coalesce(account, '')
ON CONFLICT (run_id, day, endpoint_id, charge, account) DO UPDATE SET calls = calls + excluded.calls
"""

ADD_UP_PRICES = """
INSERT INTO pruned_prices (day, charge, price, currency, calls)
SELECT date(sent_at, '+8 hours'), charge, price, currency, count(*)
  FROM calls
  JOIN run_prices AS paid ON paid.run_id = calls.run_id AND paid.account IS calls.account
 WHERE calls.id IN (SELECT value FROM json_each(:ids)) AND price IS NOT NULL AND currency IS NOT NULL
 GROUP BY date(sent_at, '+8 hours'), charge, price, currency
ON CONFLICT (day, charge, price, currency) DO UPDATE SET calls = calls + excluded.calls
"""

DELETE_CALLS = "DELETE FROM calls WHERE id IN (SELECT value FROM json_each(:ids))"

# Where databases were merged, a sighting of the present crawl may still be owed to a page of an earlier one.
_SUPERSEDED = """
       pages.generation < coalesce(checkpoints.generation, 0)
   AND NOT (EXISTS (SELECT 1 FROM runs WHERE origin IS NOT NULL)
            AND EXISTS (SELECT 1
                          FROM sightings
                         WHERE sightings.keyword_id = pages.keyword_id
                           AND sightings.endpoint_id = pages.endpoint_id
                           AND sightings.generation = checkpoints.generation
                           AND sightings.last_page = pages.page
                           AND sightings.last_seen_at = pages.fetched_at))
"""

_PAGES = """
  FROM pages
  LEFT JOIN checkpoints
         ON checkpoints.keyword_id = pages.keyword_id AND checkpoints.endpoint_id = pages.endpoint_id
"""

# A page goes when it stands for its pruned call alone: its reply is gone, and its keyword has been crawled
# anew since.
LOOK_AT_PAGES = f"""
SELECT pages.id, fetched_at < :before,
       fetched_at < :before AND call_id IS NULL
   AND NOT EXISTS (SELECT 1 FROM replies WHERE page_id = pages.id)
   AND {_SUPERSEDED} {_PAGES}
 WHERE pages.id > :after
 ORDER BY pages.id
 LIMIT :rows
"""

COUNT_OLD_PAGES = f"""
SELECT count(*) {_PAGES}
 WHERE fetched_at < :before
   AND (call_id IS NULL OR call_id IN (SELECT id FROM calls WHERE sent_at < :calls_before))
   AND (fetched_at < :replies_before OR NOT EXISTS (SELECT 1 FROM replies WHERE page_id = pages.id))
   AND {_SUPERSEDED}
"""

ADD_UP_PAGES = """
INSERT INTO pruned_pages (keyword_id, endpoint_id, origin, pages, users_new, last_at)
SELECT keyword_id, endpoint_id, coalesce(origin, ''), count(*), sum(pages.users_new), max(fetched_at)
  FROM pages
  JOIN runs ON runs.id = pages.run_id
 WHERE pages.id IN (SELECT value FROM json_each(:ids))
 GROUP BY keyword_id, endpoint_id, coalesce(origin, '')
ON CONFLICT (keyword_id, endpoint_id, origin) DO UPDATE
   SET pages     = pages + excluded.pages,
       users_new = users_new + excluded.users_new,
       last_at   = max(last_at, excluded.last_at)
"""

ADD_UP_NEW_CREATORS = """
UPDATE runs
   SET users_new_pruned = users_new_pruned + gone.users_new
  FROM (SELECT run_id, sum(users_new) AS users_new
          FROM pages
         WHERE id IN (SELECT value FROM json_each(:ids))
         GROUP BY run_id) AS gone
 WHERE runs.id = gone.run_id
"""

DELETE_PAGES = "DELETE FROM pages WHERE id IN (SELECT value FROM json_each(:ids))"

# Old red_ids lead to who had them, and a history tells how many fans a creator had at first.
_MAY_GO = """
       changed_at < :before AND field <> 'red_id'
   AND NOT (field = 'fans_text' AND old_fans IS NOT NULL
            AND NOT EXISTS (SELECT 1
                              FROM changes AS earlier
                             WHERE earlier.user_key = changes.user_key
                               AND earlier.field = 'fans_text' AND earlier.old_fans IS NOT NULL
                               AND (earlier.changed_at, earlier.id) < (changes.changed_at, changes.id)))
"""

LOOK_AT_CHANGES = f"""
SELECT id, changed_at < :before, {_MAY_GO}
  FROM changes
 WHERE id > :after
 ORDER BY id
 LIMIT :rows
"""

COUNT_OLD_CHANGES = f"SELECT count(*) FROM changes WHERE {_MAY_GO}"

DELETE_CHANGES = "DELETE FROM changes WHERE id IN (SELECT value FROM json_each(:ids))"
