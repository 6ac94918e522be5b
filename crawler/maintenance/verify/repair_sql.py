"""What `crawler verify --repair` does for each thing found; a row of the finding is bound."""

from __future__ import annotations

CRAWL_AGAIN = """
INSERT INTO checkpoints (endpoint_id, keyword_id, generation, next_page, state, started_at, updated_at,
                         run_id)
SELECT :endpoint_id, :keyword_id,
       1 + max(coalesce((SELECT max(generation) FROM pages
                          WHERE keyword_id = :keyword_id AND endpoint_id = :endpoint_id), 0),
               coalesce((SELECT max(generation) FROM sightings
                          WHERE keyword_id = :keyword_id AND endpoint_id = :endpoint_id), 0),
               coalesce((SELECT generation FROM checkpoints
                          WHERE keyword_id = :keyword_id AND endpoint_id = :endpoint_id), 0)),
       1, 'open', :now, :now, (SELECT max(id) FROM runs)
 WHERE :generation >= coalesce((SELECT generation FROM checkpoints
                            WHERE keyword_id = :keyword_id AND endpoint_id = :endpoint_id), 0)
ON CONFLICT (keyword_id, endpoint_id) DO UPDATE
   SET generation  = excluded.generation,
       next_page   = excluded.next_page,
       state       = excluded.state,
       stop_reason = NULL,
       stop_details = NULL,
       complete_at = NULL,
       started_at  = excluded.started_at,
       updated_at  = excluded.updated_at
"""

NOTE_LOST_PAGE = """
UPDATE calls SET error = 'page_lost', error_details = NULL WHERE id = :call_id
"""

SETTLE_AS_CHARGED = (
    "UPDATE calls SET charge = 'charged', error = NULL, error_details = NULL WHERE id = :call_id"
)

COUNT_AS_PRUNED = """
INSERT INTO pruned_calls (day, endpoint_id, charge, calls)
VALUES (:day, :endpoint_id, 'charged', :excess)
ON CONFLICT (day, endpoint_id, charge) DO UPDATE SET calls = calls + excluded.calls
"""

DELETE_SIGHTINGS_OF = "DELETE FROM sightings WHERE user_key = :user_key"

FORGET_CALL = "UPDATE pages SET call_id = NULL WHERE id = :page_id"

DANGLING = {
    ("changes", "users"): "DELETE FROM changes WHERE id = :row",
    ("rejects", "calls"): "UPDATE rejects SET call_id = NULL WHERE id = :row",
    ("replies", "pages"): "DELETE FROM replies WHERE page_id = :row",
}
"""What becomes of a row of the first table that refers to one of the second that is gone."""

_LAST_HOLDER = """
(SELECT key
   FROM users
  WHERE red_id = :red_id
  ORDER BY (SELECT max(last_seen_at) FROM sightings WHERE user_key = key) DESC, key DESC
  LIMIT 1)
"""

NOTE_OLD_HOLDERS = f"""
INSERT INTO changes (user_key, run_id, field, old, new, changed_at)
SELECT key, written_run_id, 'red_id', :red_id, NULL, :now
  FROM users
 WHERE red_id = :red_id
   AND key <> {_LAST_HOLDER}"""

KEEP_LAST_HOLDER = f"""
UPDATE users
   SET red_id = NULL
 WHERE red_id = :red_id
   AND key <> {_LAST_HOLDER}"""

COUNT_RUN_AGAIN = "UPDATE runs SET users_new = :found WHERE id = :run_id"
