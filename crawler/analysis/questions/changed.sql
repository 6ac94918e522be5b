-- title: Changed creators
-- description: What changed (name, red_id, followers, verification, bio) in the last night that made a call, or since --since; the latest change first.
SELECT users.name, users.red_id, changes.field, changes.old, changes.new,
       changes.new_fans - changes.old_fans       AS fans_gained,
       date(changes.changed_at, '+8 hours')      AS changed_day,
       users.profile_url
  FROM changes
  JOIN users ON users.key = changes.user_key
 WHERE changes.run_id >= iif(coalesce(:since, :until) IS NULL, (SELECT min(run) FROM last_night), 0)
   AND changes.changed_at >= coalesce(:since, '')
   AND changes.changed_at < coalesce(:until, '9999')
   AND /* creators */ 1
 ORDER BY changes.id DESC
 LIMIT :limit
