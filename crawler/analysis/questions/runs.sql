-- title: How the runs went
-- description: Every run with its outcome, its keywords and its creators, the latest first.
SELECT run, day, started, minutes, outcome, reason AS reason_code, reason_details, keywords_due, keywords_done, keywords_failed,
       new_creators, changed_creators, seen_creators, rate_limited
  FROM run_history
 WHERE started_at >= coalesce(:since, '')
   AND started_at < coalesce(:until, '9999')
 ORDER BY run DESC
 LIMIT :limit
