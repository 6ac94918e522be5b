-- title: New creators
-- description: Creators first seen in the last night that made a call (an interrupted run counts with the run that resumed it), or since --since; most followers first.
SELECT name, red_id, creators.fans, verify_label, keywords, first_seen_day, profile_url
  FROM (SELECT key, fans
          FROM users
         WHERE iif(coalesce(:since, :until) IS NULL,
                   users.first_run_id >= (SELECT min(run) FROM last_night),
                   users.first_seen_at >= coalesce(:since, ''))
           AND users.first_seen_at < coalesce(:until, '9999')
           AND /* creators */ 1
         ORDER BY users.fans DESC, users.key
         LIMIT :limit) AS fresh
 CROSS JOIN creators_with_keywords AS creators USING (key)
 ORDER BY fresh.fans DESC, fresh.key
