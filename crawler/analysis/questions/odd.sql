-- title: Strange answers
-- description: Pages whose whole answer was strange: null or a list where an object belongs, no users, or no entry that could be read; the newest first.
SELECT keywords.text                                            AS keyword,
       pages.page,
       coalesce(pages.oddity, 'no_entry_read')                  AS oddity_code,
       pages.oddity_details,
       pages.entries - pages.rejected                           AS creators,
       strftime('%Y-%m-%d %H:%M', pages.fetched_at, '+8 hours') AS fetched,
       pages.run_id                                             AS run
  FROM pages
  JOIN keywords ON keywords.id = pages.keyword_id
 WHERE (pages.oddity IS NOT NULL OR pages.rejected > 0 AND pages.rejected = pages.entries)
   AND pages.fetched_at >= coalesce(:since, '')
   AND pages.fetched_at < coalesce(:until, '9999')
   AND (:keyword IS NULL OR keywords.identity = :keyword)
   AND (:tag IS NULL OR EXISTS (SELECT 1 FROM json_each(keywords.tags) WHERE value = :tag))
 ORDER BY pages.id DESC
 LIMIT :limit
