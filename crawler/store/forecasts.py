"""What was forecast of a run, kept with it, beside the charged calls that it came to."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from functools import partial

from crawler.forecast import Forecast, ForecastAccuracy, Interval, compare_forecast
from crawler.store.quota_waits import quota_wait_seconds

_KEEP = """
INSERT OR REPLACE INTO forecasts
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)
"""

_END = "UPDATE forecasts SET charged = ? WHERE run_id = ?"

END_OF_THE_DEAD = """
UPDATE forecasts
   SET charged = (SELECT count(*)
                    FROM calls
                   WHERE calls.run_id = forecasts.run_id
                     AND charge = 'charged'
                     AND sent_at >= (SELECT started_at FROM runs WHERE runs.id = forecasts.run_id))
 WHERE charged IS NULL
"""

_READ = """
SELECT forecasts.*, runs.outcome, runs.reason, runs.seconds, runs.users_new
  FROM forecasts
  JOIN runs ON runs.id = forecasts.run_id
 WHERE forecasts.run_id IN (SELECT value FROM json_each(?)) AND runs.outcome IS NOT NULL
"""


_LATEST = "SELECT run_id FROM forecasts ORDER BY run_id DESC LIMIT ?"


def keep_forecast(connection: sqlite3.Connection, run_id: int, forecast: Forecast) -> None:
    """Writes down what is expected of a run; inside the caller's transaction."""
    creators = forecast.creators or Interval(None, 0.0, 0.0)
    known = None if forecast.creators is None else 1
    row = (
        run_id, *_columns(forecast.calls), *_columns(forecast.calls_in_full), *_columns(forecast.minutes),
        creators.expected, known and creators.low, known and creators.high, json.dumps(forecast.growth),
    )  # fmt: skip
    connection.execute(_KEEP, row)


def end_forecast(connection: sqlite3.Connection, run_id: int, charged: int) -> None:
    """Writes down what a run came to; inside the caller's transaction."""
    connection.execute(_END, (charged, run_id))


def _columns(interval: Interval) -> tuple[float | None, float, float]:
    return interval.expected, interval.low, interval.high


def read_forecast_accuracy(connection: sqlite3.Connection, run_ids: list[int]) -> dict[int, ForecastAccuracy]:
    """How far the forecasts of these runs were off, of those that have ended and had one."""
    return _read(connection, run_ids, partial(quota_wait_seconds, connection))


def _read(
    connection: sqlite3.Connection, run_ids: list[int], asleep: Callable[[int], float]
) -> dict[int, ForecastAccuracy]:
    found = {}
    cursor = connection.execute(_READ, (json.dumps(run_ids),))
    names = [column[0] for column in cursor.description]
    for values in cursor.fetchall():
        row = dict(zip(names, values, strict=True))
        if row["charged"] is None:  # the process died, and no run has come since
            continue
        told = compare_forecast(
            _forecast(row),
            outcome=row["outcome"],
            reason=row["reason"],
            charged=row["charged"],
            seconds=max(0.0, row["seconds"] - asleep(row["run_id"])),
            creators=row["users_new"],
        )
        if told is not None:
            found[row["run_id"]] = told
    return found


def latest_forecast_accuracy(connection: sqlite3.Connection, runs: int) -> list[ForecastAccuracy]:
    """How far the latest forecasts were off, of so many runs at most; of their time as if none had slept for
    the quota, which takes longer to find out."""
    ids = [row[0] for row in connection.execute(_LATEST, (runs,))]
    return list(_read(connection, ids, lambda _run_id: 0.0).values())


def _forecast(row: dict[str, object]) -> Forecast:
    def interval(name: str) -> Interval:
        return Interval(*(row[f"{name}_{part}"] for part in ("expected", "low", "high")))  # type: ignore[arg-type]

    growth = tuple((calls, creators) for calls, creators in json.loads(str(row["growth"])))
    known = row["creators_low"] is not None
    return Forecast(
        interval("calls"), interval("calls_in_full"), interval("minutes"),
        interval("creators") if known else None, growth,
    )  # fmt: skip
