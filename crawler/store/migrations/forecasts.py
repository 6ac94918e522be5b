"""Migration 0011: what was forecast of a run is kept with it, and the charged calls it came to.

`charged` is written at the run's end, for calls may be pruned later; NULL until then. Elsewhere NULL is what
nobody could know. `growth` is JSON, [[calls, creators], …]: how many creators so many calls were to bring.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite_utils import Database


_TABLE = """
CREATE TABLE forecasts (
    run_id                 INTEGER PRIMARY KEY REFERENCES runs(id),
    calls_expected         REAL,
    calls_low              REAL NOT NULL,
    calls_high             REAL NOT NULL,
    calls_in_full_expected REAL,
    calls_in_full_low      REAL NOT NULL,
    calls_in_full_high     REAL NOT NULL,
    minutes_expected       REAL,
    minutes_low            REAL NOT NULL,
    minutes_high           REAL NOT NULL,
    creators_expected      REAL,
    creators_low           REAL,
    creators_high          REAL,
    growth                 TEXT NOT NULL,
    charged                INTEGER
);
"""


def create_forecasts(db: Database) -> None:
    """Migration 0011."""
    db.executescript(_TABLE)
