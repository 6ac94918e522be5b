-- title: What is incomplete
-- description: Keywords never crawled, not finished, seen in part or not asked for, pages missing below a checkpoint, charged calls without their page; `crawler verify` proves the rest.
WITH gaps AS (
    SELECT keywords.id AS keyword_id,
           CASE WHEN checkpoints.state IS NULL    THEN 'never crawled'
                WHEN checkpoints.state = 'failed' THEN 'failed'
                ELSE 'not finished' END           AS gap,
           coalesce(checkpoints.next_page, 1)     AS page
      FROM keywords
      LEFT JOIN checkpoints ON checkpoints.keyword_id = keywords.id
     WHERE checkpoints.state IS NOT 'done'
       AND keywords.retired_at IS NULL
     UNION ALL
    SELECT checkpoints.keyword_id, 'seen down to the page before', checkpoints.next_page
      FROM checkpoints
      JOIN keywords ON keywords.id = checkpoints.keyword_id
     WHERE checkpoints.state = 'done'
       AND checkpoints.stop_reason = 'not_worthwhile'
       AND keywords.retired_at IS NULL
     UNION ALL
    SELECT not_asked.keyword_id, 'not asked for', 1
      FROM not_asked
      JOIN keywords ON keywords.id = not_asked.keyword_id
     WHERE keywords.retired_at IS NULL
     UNION ALL
    SELECT keyword_id, 'page missing', page
      FROM missing_pages
     UNION ALL
    SELECT keyword_id, 'charged call without its page', page
      FROM charged_calls_without_page
)
SELECT keywords.text AS keyword, gaps.gap, gaps.page, keywords.source
  FROM gaps
  JOIN keywords ON keywords.id = gaps.keyword_id
 WHERE (:keyword IS NULL OR keywords.identity = :keyword)
   AND (:tag IS NULL OR EXISTS (SELECT 1 FROM json_each(keywords.tags) WHERE value = :tag))
 ORDER BY keywords.id, gaps.page, gaps.gap
 LIMIT :limit
