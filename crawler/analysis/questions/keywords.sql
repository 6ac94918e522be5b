-- title: What each keyword brings
-- description: Creators, new creators, calls, creators per charged call, and the share of its creators that were known before it found them; with --since only what came since then.
WITH chosen AS (
    SELECT id, text
      FROM keywords
     WHERE (:keyword IS NULL OR identity = :keyword)
       AND (:tag IS NULL OR EXISTS (SELECT 1 FROM json_each(tags) WHERE value = :tag))
),
activity AS (
    SELECT keyword_id, sum(calls) AS calls, sum(charged) AS charged, sum(new_creators) AS new_creators
      FROM keyword_activity
     WHERE at >= coalesce(:since, '')
       AND at < coalesce(:until, '9999')
     GROUP BY keyword_id
),
ranked AS (
    SELECT chosen.id, chosen.text,
           coalesce(activity.new_creators, 0)                        AS new_creators,
           coalesce(activity.calls, 0)                               AS calls,
           coalesce(activity.charged, 0)                             AS charged
      FROM chosen
      LEFT JOIN activity ON activity.keyword_id = chosen.id
),
-- Creators are counted only for keywords that can be among the first: that reads their sightings.
performance AS (
    SELECT text AS keyword, new_creators, calls, charged,
           (SELECT count(DISTINCT user_key)
              FROM sightings
             WHERE keyword_id = ranked.id
               AND last_seen_at >= coalesce(:since, '')
               AND first_seen_at < coalesce(:until, '9999'))         AS creators
      FROM ranked
     WHERE new_creators >= (SELECT min(new_creators)
                              FROM (SELECT new_creators FROM ranked ORDER BY new_creators DESC LIMIT :limit))
)
SELECT keyword, creators, new_creators, calls, charged,
       round(1.0 * creators / nullif(charged, 0), 2)                 AS creators_per_charge,
       round(1.0 * new_creators / nullif(charged, 0), 2)             AS new_per_charge,
       round(max(0.0, 1.0 - 1.0 * new_creators / nullif(creators, 0)), 3) AS already_known_share
  FROM performance
 ORDER BY new_creators DESC, creators DESC, keyword
 LIMIT :limit
