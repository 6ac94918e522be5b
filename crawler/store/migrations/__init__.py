"""Every migration in its order. One that has landed is never edited, nor are two of them exchanged."""

from __future__ import annotations

from sqlite_utils.migrations import Migrations

from crawler.store.archive import create_archive
from crawler.store.forecasts import create_forecasts
from crawler.store.merging import prepare_merging
from crawler.store.migrations.last_seen import derive_last_seen
from crawler.store.migrations.order_indexes import create_order_indexes
from crawler.store.migrations.prices import create_prices
from crawler.store.migrations.reasons import split_reasons
from crawler.store.migrations.refreshes import add_refreshes
from crawler.store.migrations.retention import keep_sums
from crawler.store.migrations.retired_keywords import add_retirement
from crawler.store.migrations.shared_views import create_shared_views
from crawler.store.migrations.tables import create_tables
from crawler.store.migrations.views import create_views
from crawler.store.rate_limits import create_rate_limits

__all__ = ["migrations"]

migrations = Migrations("crawler")

# A reader takes the last one for the sign that all have been applied: the order stands here, and does not
# follow from which module happens to be imported first.
for _name, _apply in (
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
    ("0018_retention", keep_sums),
):
    migrations(name=_name)(_apply)
