"""The statements of the work list: keywords as their files have them, and which are due."""

from __future__ import annotations

INCOMING_TABLE = """
CREATE TEMP TABLE IF NOT EXISTS incoming (
    keyword_id INTEGER PRIMARY KEY,
    position   INTEGER NOT NULL
)
"""

# The first line that names a keyword says what it is like; later ones find it in `incoming` already.
KNOWN_KEYWORD = """
ON CONFLICT (identity) DO UPDATE
   SET text      = excluded.text,
       priority  = excluded.priority,
       pages_max = excluded.pages_max,
       tags      = excluded.tags,
       source    = excluded.source,
       refresh_after_seconds = excluded.refresh_after_seconds
 WHERE (keywords.source, keywords.text, keywords.priority, keywords.tags, keywords.pages_max,
        keywords.refresh_after_seconds)
       IS NOT (excluded.source, excluded.text, excluded.priority, excluded.tags, excluded.pages_max,
               excluded.refresh_after_seconds)
   AND keywords.id NOT IN (SELECT keyword_id FROM incoming)
"""

MERGE_KEYWORD = f"""
INSERT INTO keywords (identity, text, priority, pages_max, tags, refresh_after_seconds, source,
                      first_seen_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
{KNOWN_KEYWORD}"""

# A keyword that is its own identity, without options: fewer values to hand over, for up to a million rows.
MERGE_PLAIN_KEYWORD = f"""
INSERT INTO keywords (identity, text, priority, pages_max, tags, source, first_seen_at)
VALUES (?, ?, 0, NULL, '[]', ?, ?)
{KNOWN_KEYWORD}"""

LAST_KEYWORD = "SELECT coalesce(max(id), 0) FROM keywords"

# New keywords got rising numbers in the order they were read.
INSERT_INCOMING_NEW = """
INSERT INTO incoming (keyword_id, position)
SELECT id, ? + id - ? - 1
  FROM keywords
 WHERE id > ?
"""

INSERT_INCOMING = """
INSERT OR IGNORE INTO incoming (keyword_id, position)
SELECT keywords.id, ? + listed.key
  FROM json_each(?) AS listed
 CROSS JOIN keywords ON keywords.identity = listed.value
"""

# A source is `file:line`. A keyword is retired where its file was read and lists it no more, or is gone while
# its folder is there (`files`), and comes back when it is listed again.
UNLISTED_FILES = """
SELECT DISTINCT rtrim(rtrim(source, '0123456789'), ':')
  FROM keywords
 WHERE retired_at IS NULL AND id NOT IN (SELECT keyword_id FROM incoming)
"""

KNOWN_FILES = """
SELECT DISTINCT rtrim(rtrim(source, '0123456789'), ':')
  FROM keywords
 WHERE retired_at IS NULL
 ORDER BY 1
"""

FILES_READ = """
SELECT DISTINCT rtrim(rtrim(source, '0123456789'), ':')
  FROM incoming
  JOIN keywords ON keywords.id = incoming.keyword_id
"""

RETIRE = """
UPDATE keywords
   SET retired_at = ?
 WHERE retired_at IS NULL
   AND id NOT IN (SELECT keyword_id FROM incoming)
   AND rtrim(rtrim(source, '0123456789'), ':') IN (SELECT value FROM json_each(?))
"""

RETURN = """
UPDATE keywords SET retired_at = NULL
 WHERE retired_at IS NOT NULL AND id IN (SELECT keyword_id FROM incoming)
"""

# The order of the work is the table's own: unfinished keywords; those never crawled, by priority; then stale
# and failed ones, longest ago first, so that none holds up the others and none is forgotten; last what a
# refresh left unread. `whole` keywords are read to their end, whatever their pages bring.
DUE_TABLE = """
CREATE TEMP TABLE IF NOT EXISTS due (
    stage       INTEGER NOT NULL,
    urgency     INTEGER NOT NULL,
    finished_at TEXT NOT NULL,
    position    INTEGER NOT NULL,
    keyword_id  INTEGER NOT NULL,
    generation  INTEGER NOT NULL,
    page        INTEGER NOT NULL,
    pages_max   INTEGER NOT NULL,
    whole       INTEGER NOT NULL,
    PRIMARY KEY (stage, urgency, finished_at, position)
) WITHOUT ROWID
"""

FIND_NEVER_ASKED = """
INSERT INTO due (stage, urgency, finished_at, position, keyword_id, generation, page, pages_max, whole)
SELECT 1, -priority, '', position, keywords.id, 1, 1, coalesce(keywords.pages_max, :pages_max), 1
  FROM incoming
  JOIN keywords ON keywords.id = incoming.keyword_id
 WHERE keywords.id NOT IN (SELECT keyword_id FROM checkpoints WHERE endpoint_id = :endpoint_id)
"""


def judged(listed: str) -> str:
    """The parts of a statement that say of each crawled keyword in `listed` (its number and its position)
    whether a run would ask for it (`due`), in which stage of its work, and from which page on: a run lays out
    its work by this, and whoever tells of it goes by the same.

    A keyword that ended at a page limit lower than today's is not finished: it goes on where it stopped. One
    that stopped beyond today's limit is finished by it. What ended in the future ended by a wrong clock. What
    a refresh left unread as not worthwhile is gone on with by a run that reads all.
    """
    return f"""
candidates AS (
    SELECT keywords.id AS keyword_id, keywords.text, priority, position,
           coalesce(keywords.pages_max, :pages_max) AS pages_max,
           checkpoints.state, checkpoints.generation, checkpoints.next_page, checkpoints.stop_reason,
           checkpoints.stop_details, checkpoints.updated_at, checkpoints.complete_at,
           iif(checkpoints.state = 'done', checkpoints.finished_at, checkpoints.updated_at) AS finished_at,
           checkpoints.finished_at AS done_at,
           iif(keywords.refresh_after_seconds IS NULL, :stale_before,
               strftime('%Y-%m-%dT%H:%M:%fZ', :now, -keywords.refresh_after_seconds || ' seconds'))
              AS stale_before
      FROM {listed} AS listed
      JOIN keywords ON keywords.id = listed.keyword_id
      JOIN checkpoints
        ON checkpoints.keyword_id = keywords.id AND checkpoints.endpoint_id = :endpoint_id
),
begun AS (
    SELECT *,
           next_page <= pages_max
              AND (state <> 'done' OR done_at > stale_before AND stop_reason = 'page_limit') AS unfinished,
           next_page <= pages_max AND state = 'done' AND done_at > stale_before
              AND stop_reason = 'not_worthwhile' AND NOT :worthwhile AS left_unread
      FROM candidates
),
judged AS (
    SELECT *,
           CASE WHEN state <> 'failed' AND unfinished THEN 0
                WHEN left_unread THEN 3
                ELSE 2 END AS stage,
           iif(unfinished OR left_unread, generation, generation + 1) AS generation_next,
           iif(unfinished OR left_unread, next_page, 1) AS page,
           unfinished OR left_unread OR finished_at <= stale_before OR finished_at > :future AS due
      FROM begun
)"""


# Keywords are read whole again after five to ten days, each after a time of its own, so that they do not all
# come in one night.
FIND_DUE_AGAIN = f"""
WITH {judged("incoming")}
INSERT INTO due (stage, urgency, finished_at, position, keyword_id, generation, page, pages_max, whole)
SELECT stage,
       iif(stage >= 2, 0, -priority),
       iif(stage >= 2, finished_at, ''),
       position,
       keyword_id,
       generation_next,
       page,
       pages_max,
       NOT :worthwhile
          OR complete_at IS NULL
          OR julianday(:now) - julianday(complete_at)
             NOT BETWEEN -0.05 AND 5 + 5 * (keyword_id * 40503 % 65536) / 65536.0
          OR state = 'done' AND unfinished
  FROM judged
 WHERE due
"""

# What failed or stopped on such a date would be due without it.
COUNT_FINISHED_IN_FUTURE = """
SELECT count(*)
  FROM due
  JOIN checkpoints ON checkpoints.keyword_id = due.keyword_id AND checkpoints.endpoint_id = :endpoint_id
 WHERE due.stage = 2 AND due.urgency = 0 AND due.finished_at > :future AND checkpoints.state = 'done'
"""

NEXT_DUE = """
SELECT stage, urgency, finished_at, position, keyword_id, text, generation, page, due.pages_max, whole
  FROM due
  JOIN keywords ON keywords.id = due.keyword_id
 WHERE (stage, urgency, finished_at, position) > (?, ?, ?, ?)
 ORDER BY stage, urgency, finished_at, position
 LIMIT ?
"""

FORGET_NOT_ASKED = """
DELETE FROM not_asked
 WHERE endpoint_id = ? AND EXISTS (SELECT 1 FROM incoming WHERE incoming.keyword_id = not_asked.keyword_id)
"""

NOTE_NOT_ASKED = """
INSERT INTO not_asked (endpoint_id, keyword_id, run_id, expected, stop_below) VALUES (?, ?, ?, ?, ?)
"""

LEAVE_OUT = "DELETE FROM due WHERE keyword_id IN (SELECT keyword_id FROM not_asked WHERE run_id = ?)"

NOT_ASKED = """
SELECT keywords.text, expected
  FROM not_asked
  JOIN keywords ON keywords.id = keyword_id
 WHERE run_id = ?
 ORDER BY expected, keywords.id
"""

PAGES_AHEAD = "SELECT coalesce(sum(pages_max - page + 1), 0) FROM due"
