-- title: Creators found by several keywords
-- description: Creators found by two or more keywords, most keywords first: the core of a niche.
SELECT name, red_id, creators.fans, shared.keyword_count, keywords, profile_url
  FROM (SELECT users.key, users.fans, found.keyword_count
          FROM (SELECT user_key, count(*) AS keyword_count
                  FROM sightings
                 GROUP BY user_key
                HAVING count(*) > 1) AS found
          JOIN users ON users.key = found.user_key
         WHERE users.first_seen_at >= coalesce(:since, '')
           AND users.first_seen_at < coalesce(:until, '9999')
           AND /* creators */ 1
         ORDER BY found.keyword_count DESC, users.fans DESC, users.key
         LIMIT :limit) AS shared
 CROSS JOIN creators_with_keywords AS creators USING (key)
 ORDER BY shared.keyword_count DESC, shared.fans DESC, shared.key
