-- title: Keywords that only repeat others
-- description: Keywords all of whose creators other keywords find too, with the calls of a reading, the most first. Without one of them another may be needed: `crawler coverage` says which can be left out together.
WITH chosen AS (
    SELECT keywords.id, keywords.text, max(1, checkpoints.next_page - 1) AS calls
      FROM keywords
      JOIN checkpoints ON checkpoints.keyword_id = keywords.id
     WHERE keywords.retired_at IS NULL
       AND (:tag IS NULL OR EXISTS (SELECT 1 FROM json_each(keywords.tags) WHERE value = :tag))
)
SELECT text AS keyword, calls,
       (SELECT count(*) FROM sightings WHERE keyword_id = chosen.id)   AS creators
  FROM chosen
 WHERE EXISTS (SELECT 1 FROM sightings WHERE keyword_id = chosen.id)
   AND (SELECT mine.user_key
          FROM sightings AS mine
         WHERE mine.keyword_id = chosen.id
           AND NOT EXISTS (SELECT 1
                             FROM sightings AS others
                            WHERE others.user_key = mine.user_key
                              AND others.keyword_id <> mine.keyword_id)
         ORDER BY mine.user_key DESC  -- who came last is the likeliest to be its own
         LIMIT 1) IS NULL
 ORDER BY calls DESC, creators DESC, keyword
 LIMIT :limit
