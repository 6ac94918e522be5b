"""The options that held down what the last run spent, for whoever names the command that goes on."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime

from crawler.errors import InputError
from crawler.reasons import Outcome
from crawler.settings.spending import SPENDING_SETTINGS, SpendingOptions, for_another_run

_NAME = "spending_options"
_FORGET = "DELETE FROM settings WHERE name = ?"
_KEEP = "INSERT INTO settings (name, value) VALUES (?, ?)"
_READ = "SELECT value FROM settings WHERE name = ?"
_LAST_RUN = "SELECT started_at, outcome FROM runs ORDER BY id DESC LIMIT 1"


def keep_spending_options(connection: sqlite3.Connection, options: SpendingOptions) -> None:
    """Puts the options of a run in the place of those of the run before; inside the caller's transaction."""
    connection.execute(_FORGET, (_NAME,))
    if options:
        connection.execute(_KEEP, (_NAME, json.dumps(dict(options))))


def read_spending_options(connection: sqlite3.Connection) -> dict[str, str]:
    """The options of the run that began last; none where it had none, or was of a version that kept none."""
    row = connection.execute(_READ, (_NAME,)).fetchone()
    try:
        found = {} if row is None else json.loads(row[0])
        return {
            setting.key: found[setting.key]
            for setting in SPENDING_SETTINGS
            if setting.key in found and setting.read(found[setting.key], setting.key) is not None
        }
    except (InputError, ValueError, TypeError, AttributeError):  # written by somebody else
        return {}


def options_for_next_run(connection: sqlite3.Connection, now: datetime) -> dict[str, str]:
    """The same for a run that begins at `now`, and goes on with that run where it did not come to its end."""
    last = connection.execute(_LAST_RUN).fetchone()
    begun = None if last is None or last[1] == Outcome.DONE else datetime.fromisoformat(last[0])
    return for_another_run(read_spending_options(connection), now, begun)
