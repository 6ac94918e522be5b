"""Views for what several of the questions, `verify`, the report and the views for people ask alike."""

from __future__ import annotations

from sqlite_utils import Database

# `crawler.analysis.multi_value_cells` writes several keywords into one text in the same way.
# A pruned page stands for its call, which is gone.
# Of the pages, counting comes first, so that only keywords with a gap are looked through page by page.
_VIEWS = """
DROP VIEW creators_with_keywords;
DROP VIEW keyword_performance;
DROP VIEW daily_spend;

CREATE VIEW creators_with_keywords AS
SELECT users.name, users.red_id, users.fans, users.fans_text, users.fans_exact, users.verified,
       users.verify_label, users.bio,
       (SELECT count(DISTINCT sightings.keyword_id)
          FROM sightings
         WHERE sightings.user_key = users.key)                       AS keyword_count,
       (SELECT group_concat(replace(found.text, '|', '｜'), ' | ')
          FROM (SELECT keywords.text
                  FROM sightings
                  JOIN keywords ON keywords.id = sightings.keyword_id
                 WHERE sightings.user_key = users.key
                 GROUP BY keywords.id
                 ORDER BY min(sightings.first_seen_at), keywords.id) AS found) AS keywords,
       users.profile_url, users.image,
       date(users.first_seen_at, '+8 hours')                         AS first_seen_day,
       date(users.last_seen_at, '+8 hours')                          AS last_seen_day,
       users.first_seen_at, users.last_seen_at, users.id, users.key
  FROM users;

CREATE VIEW keyword_activity AS
SELECT keyword_id, endpoint_id, sent_at AS at,
       1                                                             AS calls,
       charge = 'charged'                                            AS charged,
       0                                                             AS new_creators
  FROM calls
 UNION ALL
SELECT keyword_id, endpoint_id, fetched_at, call_id IS NULL, call_id IS NULL, users_new
  FROM pages;

CREATE VIEW keyword_performance AS
WITH activity AS (
    SELECT keyword_id, sum(calls) AS calls, sum(charged) AS charged, sum(new_creators) AS new_creators
      FROM keyword_activity
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
           coalesce(activity.new_creators, 0)                        AS new_creators,
           coalesce(activity.calls, 0)                               AS calls,
           coalesce(activity.charged, 0)                             AS charged
      FROM keywords
      LEFT JOIN found    ON found.keyword_id = keywords.id
      LEFT JOIN activity ON activity.keyword_id = keywords.id
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
       sum(iif(charge = 'unknown', calls, 0))                        AS unknown,
       max(quota_reached)                                            AS quota_reached
  FROM (SELECT date(sent_at, '+8 hours')                             AS day,
               charge,
               count(*)                                              AS calls,
               max(error IS 'daily_quota')                           AS quota_reached
          FROM calls
         GROUP BY 1, 2
         UNION ALL
        SELECT day, charge, calls, 0
          FROM pruned_calls)
 GROUP BY day;

CREATE VIEW missing_pages AS
WITH uneven AS MATERIALIZED (
    SELECT checkpoints.keyword_id, checkpoints.endpoint_id, checkpoints.generation, next_page, state
      FROM checkpoints
      LEFT JOIN pages
             ON pages.keyword_id = checkpoints.keyword_id AND pages.endpoint_id = checkpoints.endpoint_id
            AND pages.generation = checkpoints.generation AND pages.page < next_page
     GROUP BY checkpoints.keyword_id, checkpoints.endpoint_id
    HAVING count(pages.page) < max(next_page - 1, state = 'done')
),
steps AS (
    SELECT keyword_id, endpoint_id, generation, page
      FROM uneven
      JOIN pages USING (keyword_id, endpoint_id, generation)
     WHERE page < next_page
     UNION ALL
    SELECT keyword_id, endpoint_id, generation, max(next_page, 1 + (state = 'done'))
      FROM uneven
),
spans AS (
    SELECT keyword_id, endpoint_id, generation,
           lag(page, 1, 0) OVER (PARTITION BY keyword_id, endpoint_id ORDER BY page) + 1 AS page,
           page - 1                                                  AS last_page
      FROM steps
)
SELECT keywords.text AS keyword, page, last_page, keyword_id, endpoint_id, generation
  FROM spans
  JOIN keywords ON keywords.id = keyword_id
 WHERE page <= last_page;

CREATE VIEW charged_calls_without_page AS
SELECT keywords.text AS keyword, calls.page, calls.sent_at, calls.id AS call_id,
       calls.keyword_id, calls.endpoint_id, calls.generation
  FROM calls
  JOIN keywords ON keywords.id = calls.keyword_id
 WHERE charge = 'charged' AND error IS NULL
   AND NOT EXISTS (SELECT 1 FROM pages WHERE pages.call_id = calls.id);
"""


def create_shared_views(db: Database) -> None:
    """Migration 0004."""
    db.executescript(_VIEWS)
