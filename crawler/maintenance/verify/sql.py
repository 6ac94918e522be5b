"""The questions of `crawler verify`: each finds what must not be, and where.

A row holds what its message shows and what its repairs bind; one about a keyword has `keyword`, `page`,
`keyword_id`, `endpoint_id` and `generation`. Only a keyword's current generation, the one of its checkpoint,
must have all its pages: an earlier one has been superseded, perhaps by a repair.
"""

from __future__ import annotations

STOP_REASON = """
SELECT keywords.text AS keyword, next_page - 1 AS page, keyword_id, endpoint_id, generation
  FROM checkpoints
  JOIN keywords ON keywords.id = checkpoints.keyword_id
 WHERE state = 'done'
   AND (finished_at IS NULL
        OR coalesce(stop_reason, '')
           NOT IN ('empty_page', 'no_content', 'no_more', 'nothing_new', 'page_limit', 'not_worthwhile'))
"""

# A reading that stopped for want of worth is no complete one, whatever came before it.
COMPLETE_IN_PART = """
SELECT keywords.text AS keyword, next_page - 1 AS page, keyword_id, endpoint_id, generation
  FROM checkpoints
  JOIN keywords ON keywords.id = checkpoints.keyword_id
 WHERE state = 'done' AND complete_at IS NOT finished_at AND stop_reason <> 'not_worthwhile'
    OR state = 'done' AND complete_at >= started_at AND stop_reason = 'not_worthwhile'
"""

LAST_PAGE = """
SELECT keywords.text AS keyword, pages.page, checkpoints.stop_reason,
       checkpoints.keyword_id, checkpoints.endpoint_id, checkpoints.generation
  FROM checkpoints
  JOIN pages USING (keyword_id, endpoint_id, generation)
  JOIN keywords ON keywords.id = checkpoints.keyword_id
 WHERE state = 'done' AND pages.page = next_page - 1
   AND (stop_reason IN ('empty_page', 'no_content') AND entries > 0
        OR stop_reason = 'nothing_new' AND new_to_keyword > 0)
"""

PAGE_MISSING = """
SELECT keyword, page, iif(page = last_page, page, page || '–' || last_page) AS pages,
       keyword_id, endpoint_id, generation
  FROM missing_pages
"""

PAGE_AHEAD = """
SELECT keywords.text AS keyword, min(pages.page) AS page, checkpoints.next_page,
       pages.keyword_id, pages.endpoint_id, pages.generation
  FROM pages
  LEFT JOIN checkpoints USING (keyword_id, endpoint_id)
  JOIN keywords ON keywords.id = pages.keyword_id
 WHERE checkpoints.generation IS NULL
    OR pages.generation > checkpoints.generation
    OR pages.generation = checkpoints.generation AND pages.page >= next_page
 GROUP BY pages.keyword_id, pages.endpoint_id
"""

# In a merged database another crawl of the keyword, now superseded, may have seen the creator last.
SIGHTING_AHEAD = """
SELECT keywords.text AS keyword, sightings.last_page AS page, users.id AS user,
       sightings.keyword_id, sightings.endpoint_id, sightings.generation
  FROM sightings
  LEFT JOIN checkpoints USING (keyword_id, endpoint_id)
  JOIN keywords ON keywords.id = sightings.keyword_id
  JOIN users ON users.key = sightings.user_key
 WHERE checkpoints.generation IS NULL
    OR sightings.generation > checkpoints.generation
    OR sightings.generation = checkpoints.generation AND sightings.last_page >= next_page
   AND NOT EXISTS (SELECT 1
                     FROM pages
                    WHERE pages.keyword_id = sightings.keyword_id
                      AND pages.endpoint_id = sightings.endpoint_id
                      AND pages.generation < sightings.generation
                      AND pages.page = sightings.last_page
                      AND pages.fetched_at = sightings.last_seen_at)
"""

SIGHTING_MISSING = """
WITH expected AS MATERIALIZED (
    SELECT keyword_id, endpoint_id, generation, sum(new_to_keyword - unsighted) AS expected
      FROM checkpoints
      JOIN pages USING (keyword_id, endpoint_id, generation)
     GROUP BY keyword_id, endpoint_id
), found AS MATERIALIZED (
    SELECT keyword_id, endpoint_id, generation, count(*) AS found
      FROM sightings
     GROUP BY keyword_id, endpoint_id, generation
)
SELECT keywords.text AS keyword, NULL AS page, expected, coalesce(found, 0) AS found,
       keyword_id, endpoint_id, generation
  FROM expected
  LEFT JOIN found USING (keyword_id, endpoint_id, generation)
  JOIN keywords ON keywords.id = keyword_id
 WHERE coalesce(found, 0) < expected
"""

SIGHTING_WITHOUT_USER = """
SELECT keywords.text AS keyword, sightings.last_page AS page, user_key,
       sightings.keyword_id, sightings.endpoint_id,
       coalesce(checkpoints.generation, sightings.generation) AS generation
  FROM sightings
  LEFT JOIN checkpoints USING (keyword_id, endpoint_id)
  JOIN keywords ON keywords.id = sightings.keyword_id
 WHERE NOT EXISTS (SELECT 1 FROM users WHERE users.key = user_key)
"""

# A creator's row was written in the same transaction as a page that showed them, at the same moment. One
# whose keyword has been crawled again since then without finding the creator is left alone.
USER_WITHOUT_SIGHTING = """
WITH lost AS MATERIALIZED (
    SELECT id, written_at, written_run_id
      FROM users
     WHERE NOT EXISTS (SELECT 1 FROM sightings WHERE sightings.user_key = users.key)
)
SELECT lost.id AS user, keywords.text AS keyword, pages.page,
       pages.keyword_id, pages.endpoint_id, checkpoints.generation
  FROM lost
  LEFT JOIN pages
         ON pages.fetched_at = lost.written_at AND pages.run_id = lost.written_run_id AND pages.entries > 0
  LEFT JOIN keywords ON keywords.id = pages.keyword_id
  LEFT JOIN checkpoints
         ON checkpoints.keyword_id = pages.keyword_id AND checkpoints.endpoint_id = pages.endpoint_id
 WHERE checkpoints.generation IS NULL
    OR checkpoints.generation = pages.generation
"""

RED_ID_TWICE = """
SELECT red_id, count(*) AS holders
  FROM users
 WHERE red_id IS NOT NULL
 GROUP BY red_id
HAVING count(*) > 1
"""

CALL_WITHOUT_PAGE = """
SELECT keyword, page, call_id, strftime('%Y-%m-%d %H:%M', sent_at, '+8 hours') AS sent_at,
       keyword_id, endpoint_id, generation
  FROM charged_calls_without_page
"""

PAGE_WITHOUT_CHARGE = """
SELECT keywords.text AS keyword, pages.page, calls.id AS call_id, calls.charge
  FROM pages
  JOIN calls ON calls.id = pages.call_id
  JOIN keywords ON keywords.id = pages.keyword_id
 WHERE calls.charge <> 'charged'
"""

PAGE_OF_ANOTHER_CALL = """
SELECT keywords.text AS keyword, pages.page, calls.id AS call_id
  FROM pages
  JOIN calls ON calls.id = pages.call_id
  JOIN keywords ON keywords.id = pages.keyword_id
 WHERE (pages.keyword_id, pages.endpoint_id, pages.generation, pages.page)
       <> (calls.keyword_id, calls.endpoint_id, calls.generation, calls.page)
"""

CALL_GONE = """
SELECT keywords.text AS keyword, page, pages.id AS page_id, endpoint_id, 1 AS excess,
       date(fetched_at, '+8 hours') AS day
  FROM pages
  JOIN keywords ON keywords.id = pages.keyword_id
 WHERE call_id IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM calls WHERE calls.id = call_id)
"""

# Pages whose calls were pruned have none; the pruned calls are still counted by day, and so are the pages
# that went after them by keyword.
PAGE_WITHOUT_CALL = """
SELECT endpoint_id, count(*) AS pages, count(*) - pruned AS excess, pruned,
       date(max(fetched_at), '+8 hours') AS day
  FROM (SELECT endpoint_id, fetched_at,
               coalesce((SELECT sum(calls)
                           FROM pruned_calls
                          WHERE pruned_calls.endpoint_id = pages.endpoint_id AND charge = 'charged'), 0)
             - coalesce((SELECT sum(gone.pages)
                           FROM pruned_pages AS gone
                          WHERE gone.endpoint_id = pages.endpoint_id), 0)
               AS pruned
          FROM pages
         WHERE call_id IS NULL)
 GROUP BY endpoint_id
HAVING count(*) > pruned
"""

# In a merged database pages may be there that one of the others had pruned.
RUN_COUNTERS = """
SELECT runs.id AS run_id, runs.users_new AS counted,
       coalesce(sum(pages.users_new), 0) + users_new_pruned AS found
  FROM runs
  LEFT JOIN pages ON pages.run_id = runs.id
 GROUP BY runs.id
HAVING runs.users_new NOT BETWEEN coalesce(sum(pages.users_new), 0)
                              AND coalesce(sum(pages.users_new), 0) + users_new_pruned
"""

TOTALS = """
SELECT (SELECT count(*) FROM checkpoints WHERE state = 'done')   AS keywords_done,
       (SELECT count(*) FROM checkpoints JOIN keywords ON keywords.id = keyword_id
         WHERE state = 'done' AND stop_reason = 'not_worthwhile'
           AND retired_at IS NULL)                               AS keywords_in_part,
       (SELECT count(*) FROM checkpoints JOIN keywords ON keywords.id = keyword_id
         WHERE state <> 'done' AND retired_at IS NULL)           AS keywords_unfinished,
       (SELECT count(*) FROM keywords
         WHERE id NOT IN (SELECT keyword_id FROM checkpoints)
           AND retired_at IS NULL)                               AS keywords_never,
       (SELECT count(*) FROM pages)                              AS pages,
       (SELECT count(*) FROM calls WHERE charge = 'charged')
     + (SELECT coalesce(sum(calls), 0) FROM pruned_calls
         WHERE charge = 'charged')                               AS calls_charged,
       (SELECT count(*) FROM calls WHERE charge = 'unknown')
     + (SELECT coalesce(sum(calls), 0) FROM pruned_calls
         WHERE charge = 'unknown')                               AS calls_unknown,
       (SELECT count(*) FROM calls JOIN runs ON runs.id = run_id
         WHERE charge = 'unknown' AND settled_at IS NULL AND ended_at IS NULL) AS calls_open,
       (SELECT count(*) FROM calls WHERE charge = 'charged' AND error IS NOT NULL) AS calls_lost,
       (SELECT count(*) FROM users)                              AS users,
       (SELECT count(*) FROM sightings)                          AS sightings
"""

# A page of an earlier generation has been superseded.
ODDITIES = """
SELECT coalesce(oddity, 'no_entry_read') AS oddity, oddity_details, count(*) AS pages
  FROM checkpoints
  JOIN pages USING (keyword_id, endpoint_id, generation)
 WHERE oddity IS NOT NULL OR rejected > 0 AND rejected = entries
 GROUP BY 1, 2
 ORDER BY pages DESC, 1
"""

IN_PART = """
SELECT keywords.text AS keyword, next_page - 1 AS page,
       strftime('%Y-%m-%d', finished_at, '+8 hours') AS day,
       strftime('%Y-%m-%d', complete_at, '+8 hours') AS complete_day
  FROM checkpoints
  JOIN keywords ON keywords.id = checkpoints.keyword_id
 WHERE state = 'done' AND stop_reason = 'not_worthwhile' AND retired_at IS NULL
 ORDER BY complete_at, keywords.id
"""

NOT_ASKED = """
SELECT keywords.text AS keyword, expected, stop_below,
       strftime('%Y-%m-%d', runs.started_at, '+8 hours') AS day
  FROM not_asked
  JOIN keywords ON keywords.id = not_asked.keyword_id
  JOIN runs ON runs.id = not_asked.run_id
 WHERE retired_at IS NULL
 ORDER BY expected, keywords.id
"""
