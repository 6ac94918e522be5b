"""What was learnt of each account's rate limit, by endpoint: kept for the next run."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from crawler.clock import Now, stamp
from crawler.rate import FASTEST_PER_SECOND, LearntLimit
from crawler.store.runs import SENT_LATER_SECONDS

DEFAULT_ACCOUNT = "default"
"""The account of the token that was given: a name, never the token or anything made of it."""

LATELY_SECONDS = 60.0
"""The longest window that a limit is looked for in."""

SLOWEST_PER_SECOND, WINDOW_SECONDS_MAX = 1e-4, 86_400.0
"""What is slower, or counts for longer, was never learnt."""

TABLE_EXISTS = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'rate_limits'"

READ_LIMIT = """
SELECT calls_per_second, found, window_seconds, fixed_window, learnt_at
  FROM rate_limits
 WHERE account = ? AND endpoint_id = ?
"""

KEEP_LIMIT = """
INSERT INTO rate_limits (account, endpoint_id, calls_per_second, found, window_seconds, fixed_window,
                         learnt_at)
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (account, endpoint_id) DO UPDATE
   SET calls_per_second = excluded.calls_per_second,
       found            = excluded.found,
       window_seconds   = excluded.window_seconds,
       fixed_window     = excluded.fixed_window,
       learnt_at        = excluded.learnt_at
"""

# What a wrong clock has dated in the future says nothing of the last minute.
CALLS_LATELY = "SELECT sent_at FROM calls WHERE sent_at BETWEEN ? AND ? AND account IS ?"


@dataclass(frozen=True, slots=True)
class KeptLimit:
    """A learnt limit and when it was written down."""

    learnt: LearntLimit
    learnt_at: str


def read_limit(
    connection: sqlite3.Connection, endpoint_id: int, account: str = DEFAULT_ACCOUNT
) -> KeptLimit | None:
    """What is known of the limit, None where nothing is, as in a database of an earlier version, or where
    somebody else has written what is no limit."""
    if connection.execute(TABLE_EXISTS).fetchone() is None:
        return None
    row = connection.execute(READ_LIMIT, (account, endpoint_id)).fetchone()
    if row is None:
        return None
    per_second, found, window_seconds, fixed, learnt_at = row
    if not (_is_within(per_second, SLOWEST_PER_SECOND, FASTEST_PER_SECOND) and isinstance(learnt_at, str)):
        return None
    if not (window_seconds is None or _is_within(window_seconds, 0.0, WINDOW_SECONDS_MAX)):
        window_seconds = None
    limit = LearntLimit(per_second, bool(found), window_seconds, None if fixed is None else bool(fixed))
    return KeptLimit(limit, learnt_at)


def _is_within(value: object, least: float, most: float) -> bool:
    return isinstance(value, int | float) and least < value <= most


class LimitKeeper:
    """What a run knows of its limit, written down where it is news, so that a kill does not lose it."""

    def __init__(
        self, connection: sqlite3.Connection, endpoint_id: int, now: Now, account: str = DEFAULT_ACCOUNT
    ) -> None:
        self._connection = connection
        self._endpoint_id = endpoint_id
        self._now = now
        self._account = account
        kept = read_limit(connection, endpoint_id, account)
        self.known = kept.learnt if kept else None
        self._learnt: Callable[[], LearntLimit | None] = lambda: None

    def learn_from(self, learnt: Callable[[], LearntLimit | None]) -> None:
        """From here on `learnt` says what is known by now."""
        self._learnt = learnt

    def keep(self, *, always: bool = False) -> None:
        """Writes down what was learnt, in the caller's transaction or one of its own."""
        learnt = self._learnt()
        if learnt is None or not (always or learnt.differs_from(self.known)):
            return
        if self.known is not None and self.known.says_more_than(learnt):
            return
        row = (
            self._account, self._endpoint_id, learnt.per_second, learnt.found, learnt.window_seconds,
            learnt.fixed, stamp(self._now()),
        )  # fmt: skip
        self._connection.execute(KEEP_LIMIT, row)
        self.known = learnt

    def calls_lately_seconds_ago(self) -> list[float]:
        """How long ago, at least, each call of the account in the last minute was sent, those of other runs
        included."""
        moment = self._now()
        since = stamp(moment - timedelta(seconds=LATELY_SECONDS))
        sender = None if self._account == DEFAULT_ACCOUNT else self._account
        rows = self._connection.execute(CALLS_LATELY, (since, stamp(moment), sender))
        ages = ((moment - datetime.fromisoformat(sent_at)).total_seconds() for (sent_at,) in rows)
        return [max(0.0, age - SENT_LATER_SECONDS) for age in ages]
