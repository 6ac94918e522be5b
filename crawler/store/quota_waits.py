"""How long a run slept because the day's quota was used up, which says nothing of how fast it was."""

from __future__ import annotations

import sqlite3

WAIT_SECONDS = 60
"""The shortest pause that may have been such a sleep: the least that the quota is waited for."""

_FIRST_REFUSAL = """
SELECT min(sent_at)
  FROM calls
 WHERE run_id = :run_id AND sent_at BETWEEN :started_at AND :ended_at AND code = '303'
"""

_WAITED = """
WITH moments AS (
    SELECT sent_at AS moment, code = '303' AS refused
      FROM calls
     WHERE run_id = :run_id AND sent_at BETWEEN :first_refusal AND :ended_at
     UNION ALL
    SELECT :ended_at, 0
),
pauses AS (
    SELECT moment, refused, (julianday(moment) - julianday(lag(moment) OVER in_time)) * 86400 AS seconds
      FROM moments
    WINDOW in_time AS (ORDER BY moment)
),
bursts AS (
    SELECT refused, iif(seconds >= :wait_seconds, seconds, NULL) AS pause,
           total(seconds >= :wait_seconds) OVER (ORDER BY moment ROWS UNBOUNDED PRECEDING) AS burst
      FROM pauses
)
SELECT total(pause)
  FROM (SELECT max(pause) AS pause, lag(max(coalesce(refused, 0))) OVER (ORDER BY burst) AS was_refused
          FROM bursts
         GROUP BY burst)
 WHERE was_refused
"""

_SPAN = "SELECT started_at, ended_at FROM runs WHERE id = ?"


def quota_wait_seconds(connection: sqlite3.Connection, run_id: int, ended_at: str | None = None) -> float:
    """How long a run slept after answers that the quota is used up, until it sent calls again or ended, which
    it may be about to at `ended_at`."""
    started_at, ended = connection.execute(_SPAN, (run_id,)).fetchone()
    values = {"run_id": run_id, "started_at": started_at, "ended_at": ended_at or ended}
    (refused,) = connection.execute(_FIRST_REFUSAL, values).fetchone()
    if refused is None:  # as mostly: then no pause is looked for among all calls
        return 0.0
    values |= {"first_refusal": refused, "wait_seconds": WAIT_SECONDS}
    return float(connection.execute(_WAITED, values).fetchone()[0])
