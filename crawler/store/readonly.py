"""A connection that cannot write, for everything that reads the database."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from crawler.errors import InputError
from crawler.i18n import _

DEMO_DB = Path("data/demo.db")
"""Where a night against the simulator leaves its creators."""

EXPORT_OF = "an export of "
"""What an exported database writes before the name of the service its creators came from."""


def exported(service: str | None) -> str | None:
    """The service from which an export has its creators; None where a crawl filled the database."""
    if service is None or not service.startswith(EXPORT_OF):
        return None
    return service.removeprefix(EXPORT_OF)


def open_readonly(path: Path) -> sqlite3.Connection:
    """A connection to the database at `path` that is read-only by construction; rows read as `sqlite3.Row`.

    Raises InputError where there is no such file, or no database of this crawler in it.
    """
    if not path.is_file():
        if DEMO_DB.is_file():
            message = _("there is no database at %s: `crawler run` makes one; --db %s has invented creators")
            raise InputError(message % (path, DEMO_DB))
        raise InputError(_("there is no database at %s: `crawler run` makes one") % path)
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=10.0)
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA cache_size = -65536")
            connection.execute("SELECT 1 FROM users LIMIT 1")
        except BaseException:
            connection.close()
            raise
    except sqlite3.DatabaseError as exc:
        raise InputError(_("%s is not a database of creator-crawler: %s") % (path, exc)) from exc
    return connection
