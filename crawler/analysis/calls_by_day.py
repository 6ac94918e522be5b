"""The calls of each day in Shanghai, as a part of statements that read no more days than they show."""

from __future__ import annotations


def calls_by_day(since: str) -> str:
    """The table `by_day`, for behind a WITH: `day`, `sent`, `charged`, `free`, `unknown`, `quota_reached`.

    Of calls those sent from the moment on that the expression `since` gives; of what was pruned all, which is
    few rows a day.
    """
    return f"""\
counted AS (
    SELECT date(sent_at, '+8 hours') AS day, charge, 1 AS calls, error IS 'daily_quota' AS quota_reached
      FROM calls
     WHERE sent_at >= {since}
     UNION ALL
    SELECT day, charge, calls, 0
      FROM pruned_calls
     UNION ALL
    SELECT day, 'free', 0, 1
      FROM pruned_quotas
),
by_day AS (
    SELECT day, sum(calls)                        AS sent,
           sum(iif(charge = 'charged', calls, 0)) AS charged,
           sum(iif(charge = 'free', calls, 0))    AS free,
           sum(iif(charge = 'unknown', calls, 0)) AS unknown,
           max(quota_reached)                     AS quota_reached
      FROM counted
     GROUP BY day
)"""
