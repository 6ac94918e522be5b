-- title: New creators
-- description: Creators first seen in the last night that made a call (an interrupted run counts with the run that resumed it), or since --since; most followers first.
-- options: --keyword --tag --min-fans --max-fans --verified --since --limit
SELECT name, red_id, fans, verify_label,
       (SELECT group_concat(DISTINCT keywords.text)
          FROM sightings
          JOIN keywords ON keywords.id = sightings.keyword_id
         WHERE sightings.user_key = fresh.key)  AS keywords,
       date(first_seen_at, '+8 hours')          AS first_seen_day,
       profile_url
  FROM (SELECT *
          FROM users
         WHERE iif(:since IS NULL,
                   users.first_run_id >= (SELECT min(run) FROM last_night),
                   users.first_seen_at >= :since)
           AND /* creators */ 1
         ORDER BY users.fans DESC, users.key
         LIMIT :limit) AS fresh
