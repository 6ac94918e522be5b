-- title: Top creators
-- description: Creators by followers; with --since only those first seen since then.
-- The biggest have an index; the others are looked through where the options leave too few of these.
WITH big AS MATERIALIZED (
    SELECT key, fans
      FROM users
     WHERE users.fans >= 100000
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
       AND users.first_seen_at >= coalesce(:since, '')
       AND users.first_seen_at < coalesce(:until, '9999')
       AND /* creators */ 1
)
SELECT name, red_id, creators.fans, fans_text, verify_label, keywords, profile_url
  FROM (SELECT key, fans FROM big
         UNION ALL
        SELECT key, fans FROM others
         ORDER BY fans DESC, key
         LIMIT :limit) AS biggest
 CROSS JOIN creators_with_keywords AS creators USING (key)
 ORDER BY biggest.fans DESC, biggest.key
