-- title: Top creators
-- description: Creators by followers; with --since only those first seen since then.
SELECT name, red_id, creators.fans, fans_text, verify_label, keywords, profile_url
  FROM (SELECT key, fans
          FROM users
         WHERE users.first_seen_at >= coalesce(:since, '')
           AND users.first_seen_at < coalesce(:until, '9999')
           AND /* creators */ 1
         ORDER BY users.fans DESC, users.key
         LIMIT :limit) AS biggest
 CROSS JOIN creators_with_keywords AS creators USING (key)
 ORDER BY biggest.fans DESC, biggest.key
