"""Views for whatever opens the database: DB Browser, Datasette, DuckDB, pandas. Days are days in Shanghai.

None of them sorts or aggregates all creators, so that the first rows of a million come at once.
"""

from __future__ import annotations

from sqlite_utils import Database

VIEWS = (
    "creators_with_keywords",
    "keyword_performance",
    "daily_spend",
    "spend_by_account",
    "run_prices",
    "new_creators_by_run",
    "changed_creators_by_run",
    "run_history",
    "last_night",
    "keyword_activity",
    "missing_pages",
    "charged_calls_without_page",
)
"""The views, in the order in which they are listed for people."""

_VIEWS = """
CREATE VIEW creators_with_keywords AS
SELECT users.name, users.red_id, users.fans, users.fans_text, users.fans_exact, users.verified,
       users.verify_label, users.bio,
       (SELECT count(DISTINCT sightings.keyword_id)
          FROM sightings
         WHERE sightings.user_key = users.key)                       AS keyword_count,
       (SELECT group_concat(DISTINCT keywords.text)
          FROM sightings
          JOIN keywords ON keywords.id = sightings.keyword_id
         WHERE sightings.user_key = users.key)                       AS keywords,
       users.profile_url, users.image,
       date(users.first_seen_at, '+8 hours')                         AS first_seen_day,
       date(users.last_seen_at, '+8 hours')                          AS last_seen_day,
       users.first_seen_at, users.last_seen_at, users.id, users.key
  FROM users;

CREATE VIEW keyword_performance AS
WITH spent AS (
    SELECT keyword_id,
           count(*)                                                  AS calls,
           count(*) FILTER (WHERE charge = 'charged')                AS charged
      FROM calls
     GROUP BY keyword_id
),
brought AS (
    SELECT keyword_id,
           sum(users_new)                                            AS new_creators,
           count(*) FILTER (WHERE call_id IS NULL)                   AS pruned
      FROM pages
     GROUP BY keyword_id
),
found AS (
    SELECT keyword_id, count(DISTINCT user_key)                      AS creators
      FROM sightings
     GROUP BY keyword_id
),
performance AS (
    SELECT keywords.id, keywords.text, keywords.tags,
           coalesce(found.creators, 0)                               AS creators,
           coalesce(brought.new_creators, 0)                         AS new_creators,
           coalesce(spent.calls, 0) + coalesce(brought.pruned, 0)    AS calls,
           coalesce(spent.charged, 0) + coalesce(brought.pruned, 0)  AS charged
      FROM keywords
      LEFT JOIN found   ON found.keyword_id = keywords.id
      LEFT JOIN brought ON brought.keyword_id = keywords.id
      LEFT JOIN spent   ON spent.keyword_id = keywords.id
)
SELECT performance.text                                              AS keyword,
       performance.tags, performance.creators, performance.new_creators,
       performance.calls, performance.charged,
       round(1.0 * creators / nullif(charged, 0), 2)                 AS creators_per_charge,
       round(1.0 * new_creators / nullif(charged, 0), 2)             AS new_per_charge,
       round(max(0.0, 1.0 - 1.0 * new_creators / nullif(creators, 0)), 3) AS already_known_share,
       checkpoints.state, checkpoints.stop_reason,
       date(checkpoints.finished_at, '+8 hours')                     AS finished_day,
       performance.id                                                AS keyword_id
  FROM performance
  LEFT JOIN checkpoints ON checkpoints.keyword_id = performance.id AND checkpoints.endpoint_id = 1;

CREATE VIEW daily_spend AS
SELECT day,
       sum(calls)                                                    AS calls,
       sum(iif(charge = 'charged', calls, 0))                        AS charged,
       sum(iif(charge = 'free', calls, 0))                           AS free,
       sum(iif(charge = 'unknown', calls, 0))                        AS unknown
  FROM (SELECT date(sent_at, '+8 hours') AS day, charge, count(*) AS calls
          FROM calls
         GROUP BY 1, 2
         UNION ALL
        SELECT day, charge, calls
          FROM pruned_calls)
 GROUP BY day;

CREATE VIEW new_creators_by_run AS
SELECT users.first_run_id                                            AS run,
       date(runs.started_at, '+8 hours')                             AS day,
       users.name, users.red_id, users.fans, users.verified, users.verify_label, users.profile_url,
       users.first_seen_at, users.id, users.key
  FROM users
  JOIN runs ON runs.id = users.first_run_id;

CREATE VIEW changed_creators_by_run AS
SELECT changes.run_id                                                AS run,
       date(runs.started_at, '+8 hours')                             AS day,
       users.name, users.red_id, changes.field, changes.old, changes.new,
       changes.new_fans - changes.old_fans                           AS fans_gained,
       users.profile_url, changes.changed_at, users.id, users.key
  FROM changes
  JOIN users ON users.key = changes.user_key
  JOIN runs  ON runs.id = changes.run_id;

CREATE VIEW run_history AS
SELECT runs.id                                                       AS run,
       date(runs.started_at, '+8 hours')                             AS day,
       time(runs.started_at, '+8 hours')                             AS started,
       round(runs.seconds / 60, 1)                                   AS minutes,
       coalesce(runs.outcome, 'running')                             AS outcome,
       runs.reason, runs.keywords_due, runs.keywords_done, runs.keywords_failed,
       runs.users_new                                                AS new_creators,
       runs.users_changed                                            AS changed_creators,
       runs.users_seen                                               AS seen_creators,
       runs.rate_limited, runs.started_at, runs.ended_at
  FROM runs;

CREATE VIEW last_night AS
WITH RECURSIVE crawled AS (
    SELECT id, started_at, coalesce(outcome, 'crashed') IN ('done', 'failed') AS finished
      FROM runs
     WHERE users_seen > 0
        OR keywords_done > 0
        OR EXISTS (SELECT 1
                     FROM calls
                    WHERE calls.sent_at BETWEEN runs.started_at AND coalesce(runs.ended_at, '9999')
                      AND calls.run_id = runs.id)
),
night AS (
    SELECT id, started_at, started_at AS latest
      FROM crawled
     WHERE id = (SELECT max(id) FROM crawled)
     UNION ALL
    SELECT earlier.id, earlier.started_at, night.latest
      FROM night
      JOIN crawled AS earlier ON earlier.id = (SELECT max(id) FROM crawled WHERE id < night.id)
     WHERE NOT earlier.finished
       AND julianday(night.latest) - julianday(earlier.started_at) < 20 / 24.0
)
SELECT id AS run, started_at FROM night;
"""


def create_views(db: Database) -> None:
    """Migration 0002."""
    db.executescript(_VIEWS)
