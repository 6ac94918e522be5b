"""The options that held down what the last run spent, for whoever names the command that goes on."""

from __future__ import annotations

import json
import sqlite3

from crawler.errors import InputError
from crawler.settings.spending import SPENDING_SETTINGS, SpendingOptions

_NAME = "spending_options"
_FORGET = "DELETE FROM settings WHERE name = ?"
_KEEP = "INSERT INTO settings (name, value) VALUES (?, ?)"
_READ = "SELECT value FROM settings WHERE name = ?"


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
