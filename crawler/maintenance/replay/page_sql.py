"""What a replay makes of pages, replies and rejects: every statement about them, named."""

from __future__ import annotations

BETTER_PAGES = """
CREATE TEMP TABLE better_pages AS
SELECT page_id, run_id, endpoint_id, keyword_id, page, fetched_at
  FROM {replayed}.pages_read AS again
  JOIN main.pages ON pages.id = page_id
 WHERE again.entries - again.rejected > pages.entries - pages.rejected
"""

UPDATE_PAGES = """
UPDATE main.pages
   SET entries = again.entries, rejected = again.rejected,
       oddity = again.oddity, oddity_details = again.oddity_details
  FROM {replayed}.pages_read AS again
 WHERE again.page_id = pages.id AND pages.id IN (SELECT page_id FROM better_pages)
"""

_OF_BETTER_PAGES = """
(run_id, endpoint_id, keyword_id, page, rejected_at)
   IN (SELECT run_id, endpoint_id, keyword_id, page, fetched_at FROM better_pages)
"""

DELETE_REJECTS = f"DELETE FROM main.rejects WHERE rank > 0 AND {_OF_BETTER_PAGES}"

_REJECT = """
run_id, endpoint_id, keyword_id, call_id, page, rank, reason, reason_details, entry, rejected_at
"""

INSERT_REJECTS = f"""
INSERT INTO main.rejects ({_REJECT})
SELECT {_REJECT} FROM replayed.rejects WHERE {_OF_BETTER_PAGES} ORDER BY id
"""

INSERT_REJECTS_OF_CALL = f"""
INSERT INTO main.rejects ({_REJECT}) SELECT {_REJECT} FROM replayed.rejects WHERE call_id = ? ORDER BY id
"""

# Where no reply was kept, what could not be read of the page is all there is of it.
COPY_REJECTS = f"""
INSERT INTO main.rejects ({_REJECT})
SELECT {_REJECT}
  FROM source.rejects
 WHERE rank > 0
   AND (run_id, endpoint_id, keyword_id, page, rejected_at)
       NOT IN (SELECT run_id, endpoint_id, keyword_id, page, fetched_at
                 FROM source.pages
                 JOIN source.replies ON page_id = pages.id)
 ORDER BY id
"""

INSERT_PAGE = """
INSERT INTO main.pages (endpoint_id, keyword_id, generation, page, call_id, run_id, entries, users_new,
                        new_to_keyword, rejected, oddity, oddity_details, fetched_at, reread_at)
VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?)
"""

INSERT_REPLY = "INSERT INTO main.replies (page_id, body) VALUES (?, ?)"
DELETE_REJECT = "DELETE FROM main.rejects WHERE id = ?"
SETTLE_CALL = "UPDATE main.calls SET charge = 'charged', error = NULL, error_details = NULL WHERE id = ?"

GO_ON = """
UPDATE main.checkpoints
   SET next_page = next_page + 1, state = ?, stop_reason = ?, stop_details = ?, updated_at = ?,
       finished_at = coalesce(?, finished_at), complete_at = coalesce(?, complete_at)
 WHERE keyword_id = ? AND endpoint_id = ? AND generation = ? AND next_page = ?
"""

ANYBODY_ERASED = "SELECT EXISTS (SELECT 1 FROM forgotten)"

PAGES_WITHOUT_REPLY = """
SELECT count(*) + (SELECT coalesce(sum(pages), 0) FROM pruned_pages)
  FROM pages
 WHERE entries > 0 AND NOT EXISTS (SELECT 1 FROM replies WHERE page_id = pages.id)
"""

RECORD = """
INSERT INTO replays (replayed_at, version, pages, users_new, users_changed, sightings, changes, reread)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
