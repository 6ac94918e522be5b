-- title: Creators found by several keywords
-- description: Creators found by two or more keywords, most keywords first: the core of a niche.
WITH found AS MATERIALIZED (
    SELECT user_key, count(*) AS keyword_count
      FROM sightings
     GROUP BY user_key
    HAVING count(*) > 1
),
-- Enough creators are found by so many keywords; whoever is found by fewer is looked at only where the
-- options leave too few of these.
many AS MATERIALIZED (
    SELECT keyword_count
      FROM found
     ORDER BY keyword_count DESC
     LIMIT 1 OFFSET max(:limit - 1, 0)
),
first AS MATERIALIZED (
    SELECT users.key, users.fans, found.keyword_count
      FROM found
     CROSS JOIN users ON users.key = found.user_key
     WHERE found.keyword_count >= (SELECT keyword_count FROM many)
       AND users.first_seen_at >= coalesce(:since, '')
       AND users.first_seen_at < coalesce(:until, '9999')
       AND /* creators */ 1
),
others AS (
    SELECT users.key, users.fans, found.keyword_count
      FROM (SELECT 1 WHERE :limit < 0 OR (SELECT count(*) FROM first) < :limit)
     CROSS JOIN found
     CROSS JOIN users ON users.key = found.user_key
     WHERE found.keyword_count < coalesce((SELECT keyword_count FROM many), 9e99)
       AND users.first_seen_at >= coalesce(:since, '')
       AND users.first_seen_at < coalesce(:until, '9999')
       AND /* creators */ 1
)
SELECT name, red_id, creators.fans, shared.keyword_count, keywords, profile_url
  FROM (SELECT key, fans, keyword_count FROM first
         UNION ALL
        SELECT key, fans, keyword_count FROM others
         ORDER BY keyword_count DESC, fans DESC, key
         LIMIT :limit) AS shared
 CROSS JOIN creators_with_keywords AS creators USING (key)
 ORDER BY shared.keyword_count DESC, shared.fans DESC, shared.key
