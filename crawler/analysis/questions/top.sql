-- title: Top creators
-- description: Creators by followers; with --since only those first seen since then.
-- options: --keyword --tag --min-fans --max-fans --verified --since --limit
SELECT name, red_id, fans, fans_text, verify_label,
       (SELECT group_concat(DISTINCT keywords.text)
          FROM sightings
          JOIN keywords ON keywords.id = sightings.keyword_id
         WHERE sightings.user_key = biggest.key) AS keywords,
       profile_url
  FROM (SELECT *
          FROM users
         WHERE users.first_seen_at >= coalesce(:since, '')
           AND /* creators */ 1
         ORDER BY users.fans DESC, users.key
         LIMIT :limit) AS biggest
