"""Every statement that writes, named.

A value that is needed twice is bound twice: CPython before 3.12.4 warns of numbered marks (`?1`).
"""

from __future__ import annotations

from crawler.column import Source
from crawler.creator import COLUMNS

OPEN_CALL = """
INSERT INTO calls (run_id, endpoint_id, keyword_id, generation, page, attempt, account, sent_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""

SETTLE_CALL = """
UPDATE calls
   SET charge = ?, code = ?, http_status = ?, milliseconds = ?, error = ?, error_details = ?,
       settled_at = ?
 WHERE id = ?
"""

DROP_CALL = "DELETE FROM calls WHERE id = ? AND settled_at IS NULL"

INSERT_PAGE = """
INSERT INTO pages (endpoint_id, keyword_id, generation, page, call_id, run_id, entries, users_new,
                   new_to_keyword, rejected, unsighted, oddity, oddity_details, fetched_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

INSERT_REPLY = "INSERT INTO replies (page_id, body) SELECT id, ? FROM pages WHERE call_id = ?"

INSERT_REJECT = """
INSERT INTO rejects (run_id, endpoint_id, keyword_id, call_id, page, rank, reason, reason_details,
                     entry, rejected_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

# What goes on in a generation that was done was not complete after all.
SAVE_CHECKPOINT = """
INSERT INTO checkpoints (endpoint_id, keyword_id, generation, next_page, state, stop_reason,
                         stop_details, started_at, updated_at, finished_at, complete_at, run_id)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (keyword_id, endpoint_id) DO UPDATE
   SET started_at  = iif(generation = excluded.generation, started_at, excluded.started_at),
       generation  = excluded.generation,
       next_page   = excluded.next_page,
       state       = excluded.state,
       stop_reason = excluded.stop_reason,
       stop_details = excluded.stop_details,
       updated_at  = excluded.updated_at,
       finished_at = coalesce(excluded.finished_at, finished_at),
       complete_at = iif(state = 'done' AND generation = excluded.generation, excluded.complete_at,
                         coalesce(excluded.complete_at, complete_at)),
       run_id      = excluded.run_id
"""

USER_FIELDS = ("key", *(column.name for column in COLUMNS if column.source is Source.REPLY), "written_run_id")
"""A creator's row as it is read and bound: in this order."""

_USER_FIELDS = ", ".join(USER_FIELDS)
_SET_USER = ", ".join(f"{name} = ?" for name in USER_FIELDS[1:])

# A list is one parameter: with a mark for each value the statement would be prepared anew for every length.
USERS_BY_ID = f"SELECT {_USER_FIELDS} FROM users WHERE id IN (SELECT value FROM json_each(?))"
USERS_BY_RED_ID = f"SELECT {_USER_FIELDS} FROM users WHERE red_id IN (SELECT value FROM json_each(?))"

# Their rows, and where their sightings are: what saving a page looks up. The name stands for the row.
READ_AHEAD = """
SELECT sum(length(users.name)), count(sightings.user_key)
  FROM json_each(?) AS looked_up
  JOIN users ON users.id = looked_up.value
  LEFT JOIN sightings ON sightings.user_key = users.key
"""
COUNT_CREATORS = "SELECT count(*) FROM users"
LAST_USER_KEY = "SELECT coalesce(max(key), 0) FROM users"

INSERT_USER = f"""
INSERT INTO users ({_USER_FIELDS}, first_run_id, first_seen_at, written_at)
VALUES ({", ".join("?" * (len(USER_FIELDS) + 3))})
"""

UPDATE_USER = f"UPDATE users SET {_SET_USER}, written_at = ? WHERE key = ?"

INSERT_CHANGE = """
INSERT INTO changes (user_key, run_id, field, old, new, old_fans, new_fans, changed_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""

SAVE_SIGHTING = """
INSERT INTO sightings (endpoint_id, keyword_id, user_key, generation, first_seen_at, first_page, first_rank,
                       last_seen_at, last_page, last_rank)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (keyword_id, user_key, endpoint_id) DO UPDATE
   SET generation   = excluded.generation,
       last_seen_at = excluded.last_seen_at,
       last_page    = excluded.last_page,
       last_rank    = excluded.last_rank
"""

# Both sightings of a creator who was taken for two: when it came first, and when last.
JOIN_SIGHTINGS = """\
ON CONFLICT (keyword_id, user_key, endpoint_id) DO UPDATE
   SET generation    = max(generation, excluded.generation),
       first_page    = iif(excluded.first_seen_at < first_seen_at, excluded.first_page, first_page),
       first_rank    = iif(excluded.first_seen_at < first_seen_at, excluded.first_rank, first_rank),
       first_seen_at = min(first_seen_at, excluded.first_seen_at),
       last_page     = iif(excluded.last_seen_at > last_seen_at, excluded.last_page, last_page),
       last_rank     = iif(excluded.last_seen_at > last_seen_at, excluded.last_rank, last_rank),
       last_seen_at  = max(last_seen_at, excluded.last_seen_at)"""

MOVE_SIGHTINGS = f"""
INSERT INTO sightings (endpoint_id, keyword_id, user_key, generation, first_seen_at, first_page, first_rank,
                       last_seen_at, last_page, last_rank)
SELECT endpoint_id, keyword_id, ?, generation, first_seen_at, first_page, first_rank,
       last_seen_at, last_page, last_rank
  FROM sightings
 WHERE user_key = ?
{JOIN_SIGHTINGS}
"""

MOVE_CHANGES = "UPDATE changes SET user_key = ? WHERE user_key = ?"

KEEP_FIRST_SEEN = """
UPDATE users
   SET first_seen_at = min(users.first_seen_at, old.first_seen_at),
       first_run_id  = min(users.first_run_id, old.first_run_id)
  FROM users AS old
 WHERE users.key = ? AND old.key = ?
"""

DELETE_USER = "DELETE FROM users WHERE key = ?"

CLEAR_RED_ID = "UPDATE users SET red_id = NULL WHERE key = ?"

COUNT_RUN = """
UPDATE runs
   SET users_new       = users_new + ?,
       users_changed   = users_changed + ?,
       users_seen      = users_seen + ?,
       keywords_done   = keywords_done + ?
 WHERE id = ?
"""

START_RUN = """
INSERT INTO runs (started_at, pid, host, version, price, currency) VALUES (?, ?, ?, ?, ?, ?)
"""

END_RUN = """
UPDATE runs
   SET ended_at = ?, outcome = ?, reason = ?, reason_details = ?, exit_code = ?, keywords_due = ?,
       keywords_done = ?, keywords_failed = ?, rate_limited = ?, seconds = ?
 WHERE id = ?
"""

CLOSE_DEAD_RUNS = """
UPDATE runs
   SET ended_at = ?, outcome = 'crashed', reason = 'crashed'
 WHERE ended_at IS NULL
"""

COUNT_CALLS = "SELECT charge, count(*) FROM calls WHERE run_id = ? GROUP BY charge"

COUNT_CALLS_BY_ACCOUNT = """
SELECT account, charge, count(*) FROM calls WHERE run_id = ? GROUP BY account, charge
"""

CALLS_SINCE = "SELECT count(*) FROM calls WHERE sent_at >= ? AND charge <> 'free'"

CALLS_SINCE_BY_ACCOUNT = f"{CALLS_SINCE} AND account IS ?"

# Newest first, and not for ever: an account that is new is not looked for in the calls of years.
LAST_SENT = "SELECT sent_at FROM calls WHERE account IS ? AND sent_at > ? ORDER BY sent_at DESC LIMIT 1"

START_ACCOUNT = "INSERT INTO run_accounts (run_id, account, price, currency) VALUES (?, ?, ?, ?)"

END_ACCOUNT = """
UPDATE run_accounts SET reason = ?, reason_details = ? WHERE run_id = ? AND account = ?
"""

SEEN_BY_KEYWORD = """
SELECT users.id
  FROM sightings
  JOIN users ON users.key = sightings.user_key
 WHERE keyword_id = ? AND endpoint_id = ? AND generation = ?
"""
