-- title: Keywords that failed
-- description: Keywords whose last crawl failed, at which page and why; they are due again in the next run.
SELECT keywords.text                              AS keyword,
       checkpoints.next_page                      AS page,
       checkpoints.stop_reason                    AS reason_code,
       checkpoints.stop_details                   AS reason_details,
       date(checkpoints.updated_at, '+8 hours')   AS day,
       checkpoints.run_id                         AS run,
       keywords.source
  FROM checkpoints
  JOIN keywords ON keywords.id = checkpoints.keyword_id
 WHERE checkpoints.state = 'failed'
   AND keywords.retired_at IS NULL
   AND checkpoints.updated_at >= coalesce(:since, '')
   AND checkpoints.updated_at < coalesce(:until, '9999')
   AND (:keyword IS NULL OR keywords.identity = :keyword)
   AND (:tag IS NULL OR EXISTS (SELECT 1 FROM json_each(keywords.tags) WHERE value = :tag))
 ORDER BY checkpoints.updated_at DESC, keywords.id
 LIMIT :limit
