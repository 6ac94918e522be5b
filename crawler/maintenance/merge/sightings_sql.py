"""How sightings and changes are joined, named as in `sql`, and moved to the holder of a red_id."""

from __future__ import annotations

from crawler.maintenance.merge.sql import AHEAD

SIGHTINGS = f"""
INSERT INTO sightings (endpoint_id, keyword, n, ahead, first_seen_at, first_page, first_rank,
                       last_seen_at, last_page, last_rank)
SELECT found.endpoint_id, found.keyword, found.n, {AHEAD}, first_seen_at, first_page, first_rank,
       last_seen_at, last_page, last_rank
  FROM (SELECT sightings.*, keyword_of.final AS keyword, creators.n, sightings.generation AS generation_in
          FROM {{s}}.sightings
          JOIN keyword_of ON keyword_of.input = {{i}} AND keyword_of.id = keyword_id
          JOIN {{s}}.users AS users ON users.key = user_key
          JOIN creators ON creators.id = users.id) AS found
  LEFT JOIN current ON input = {{i}} AND of_keyword = keyword AND of_endpoint = endpoint_id
 WHERE true
"""

_FIRST = """(excluded.first_seen_at, excluded.first_page, excluded.first_rank)
                           < (first_seen_at, first_page, first_rank)"""
_LAST = """(excluded.last_seen_at, excluded.last_page, excluded.last_rank)
                           > (last_seen_at, last_page, last_rank)"""

JOIN_SIGHTINGS = f"""
ON CONFLICT (keyword, n, endpoint_id) DO UPDATE
   SET ahead      = iif(ahead IS NULL, excluded.ahead, max(ahead, coalesce(excluded.ahead, 0))),
       first_page = iif({_FIRST}, excluded.first_page, first_page),
       first_rank = iif({_FIRST}, excluded.first_rank, first_rank),
       first_seen_at = min(first_seen_at, excluded.first_seen_at),
       last_page  = iif({_LAST}, excluded.last_page, last_page),
       last_rank  = iif({_LAST}, excluded.last_rank, last_rank),
       last_seen_at = max(last_seen_at, excluded.last_seen_at)
"""

MOVE_SIGHTINGS = f"""
INSERT INTO sightings (endpoint_id, keyword, n, ahead, first_seen_at, first_page, first_rank,
                       last_seen_at, last_page, last_rank)
SELECT endpoint_id, keyword, holders.n, ahead, first_seen_at, first_page, first_rank,
       last_seen_at, last_page, last_rank
  FROM holders
  JOIN sightings ON sightings.n = holders.provisional
 WHERE true
{JOIN_SIGHTINGS}"""

# What an earlier merge noted of red_ids that were lost is left out: it is noted anew from what is known now.
CHANGES = """
INSERT OR IGNORE INTO changes (n, run, field, old, new, old_fans, new_fans, changed_at, nth)
SELECT creators.n, run_of.final, field, {old}, {new}, old_fans, new_fans, changed_at,
       row_number() OVER (PARTITION BY user_key, run_id, field, old, new, old_fans, new_fans, changed_at
                          ORDER BY found.id)
  FROM {s}.changes AS found
  JOIN run_of ON run_of.input = {i} AND run_of.id = run_id
  JOIN {s}.users AS users ON users.key = user_key
  JOIN creators ON creators.id = users.id
 WHERE NOT (field = 'red_id' AND (old IS NULL OR new IS NULL)
            AND EXISTS (SELECT 1
                          FROM {s}.lost_red_ids AS lost
                         WHERE lost.seen_at = changed_at AND lost.red_id = coalesce(old, new)))
   AND {kept}
"""

MOVE_CHANGES = """
UPDATE OR IGNORE changes
   SET n = (SELECT n FROM holders WHERE provisional = changes.n)
 WHERE n IN (SELECT provisional FROM holders)
"""

NOTE_LOSSES = """
INSERT OR IGNORE INTO changes (n, run, field, old, new, changed_at, nth)
SELECT losers.n, written_run, 'red_id', losers.red_id, NULL, seen_at, 1
  FROM losers
  JOIN creators ON creators.n = losers.n
 WHERE NOT EXISTS (SELECT 1
                     FROM changes
                    WHERE changes.n = losers.n AND field = 'red_id' AND old = losers.red_id AND new IS NULL)
 UNION ALL
SELECT losers.winner, written_run, 'red_id', NULL, losers.red_id, seen_at, 1
  FROM losers
  JOIN creators ON creators.n = losers.n
"""
