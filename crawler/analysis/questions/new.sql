-- title: New creators
-- description: Creators first seen in the last night that made a call (an interrupted run counts with the run that resumed it), or since --since; most followers first.
WITH since AS MATERIALIZED (
    SELECT iif(coalesce(:since, :until) IS NULL, (SELECT min(run) FROM last_night), 0) AS run
),
-- The biggest have an index, and so have the runs.
big AS MATERIALIZED (
    SELECT key, fans
      FROM users
     WHERE users.fans >= 100000
       AND users.first_run_id >= (SELECT run FROM since)
       AND users.first_seen_at >= coalesce(:since, '')
       AND users.first_seen_at < coalesce(:until, '9999')
       AND /* creators */ 1
     ORDER BY users.fans DESC, users.key
     LIMIT :limit
),
others AS (
    SELECT key, fans
      FROM (SELECT 1 WHERE :limit < 0 OR (SELECT count(*) FROM big) < :limit)
     CROSS JOIN users
     WHERE users.fans >= 100000 IS NOT TRUE
       AND users.first_run_id >= (SELECT run FROM since)
       AND users.first_seen_at >= coalesce(:since, '')
       AND users.first_seen_at < coalesce(:until, '9999')
       AND /* creators */ 1
)
SELECT name, red_id, creators.fans, verify_label, keywords, first_seen_day, profile_url
  FROM (SELECT key, fans FROM big
         UNION ALL
        SELECT key, fans FROM others
         ORDER BY fans DESC, key
         LIMIT :limit) AS fresh
 CROSS JOIN creators_with_keywords AS creators USING (key)
 ORDER BY fresh.fans DESC, fresh.key
