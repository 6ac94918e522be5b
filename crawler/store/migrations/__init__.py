"""Every migration in its order. One that has landed is never edited, nor are two of them exchanged."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlite_utils.migrations import Migrations

from crawler.clock import utc_now
from crawler.store.migrations.accounts import add_accounts
from crawler.store.migrations.archive import create_archive
from crawler.store.migrations.base_views import create_shared_views
from crawler.store.migrations.forecasts import create_forecasts
from crawler.store.migrations.last_seen import derive_last_seen
from crawler.store.migrations.merging import prepare_merging
from crawler.store.migrations.order_indexes import create_order_indexes
from crawler.store.migrations.prices import create_prices
from crawler.store.migrations.rate_limits import create_rate_limits
from crawler.store.migrations.reasons import split_reasons
from crawler.store.migrations.refreshes import add_refreshes
from crawler.store.migrations.retention import keep_sums
from crawler.store.migrations.retired_keywords import add_retirement
from crawler.store.migrations.tables import create_tables
from crawler.store.migrations.views import create_views
from crawler.store.sql_scripts import ScriptDatabase

# A reader takes the last one for the sign that all have been applied: the order stands here, and does not
# follow from which module happens to be imported first.
_IN_ORDER = (
    ("0001_tables", create_tables),
    ("0002_views", create_views),
    ("0003_reasons", split_reasons),
    ("0004_shared_views", create_shared_views),
    ("0005_rate_limits", create_rate_limits),
    ("0008_retired_keywords", add_retirement),
    ("0009_prices", create_prices),
    ("0010_replies", create_archive),
    ("0011_forecasts", create_forecasts),
    ("0012_refreshes", add_refreshes),
    ("0013_last_seen", derive_last_seen),
    ("0014_order_indexes", create_order_indexes),
    ("0016_merging", prepare_merging),
    ("0017_accounts", add_accounts),
    ("0018_retention", keep_sums),
)

migrations = Migrations("crawler")
for _name, _apply in _IN_ORDER:
    migrations(name=_name)(_apply)


NEW_DATABASE = Path(__file__).with_name("new_database.sql")
"""All that the migrations make, without their records."""

_RECORD = "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES (?, ?, ?)"


def migrate(connection: sqlite3.Connection) -> None:
    """Applies what is missing, each migration with its record in one transaction, or within the caller's.

    An empty database gets in one go what all of them make, in a tenth of the time.
    """
    db = ScriptDatabase(connection)
    if connection.execute("SELECT 1 FROM sqlite_schema").fetchone():
        migrations.apply(db)
        return
    with db.atomic():
        migrations.ensure_migrations_table(db)
        db.executescript(NEW_DATABASE.read_text(encoding="utf-8"))
        moment = str(utc_now())
        connection.executemany(_RECORD, [(migrations.name, name, moment) for name, _apply in _IN_ORDER])


def applied_migrations(connection: sqlite3.Connection) -> set[str]:
    """The names of the migrations that a database has had; nothing is written."""
    return {migration.name for migration in migrations.applied(ScriptDatabase(connection))}


def known_migrations() -> set[str]:
    """The names of those that this version knows."""
    return {name for name, _apply in _IN_ORDER}
