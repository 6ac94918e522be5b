"""Every migration: each module registers its own by being imported, so that their order here is theirs."""

# ruff: noqa: F401, I001 - imported for their order alone

from crawler.store.schema import migrations
from crawler.store import views
from crawler.store import reason_columns
from crawler.store import shared_views
from crawler.store import rate_limits
from crawler.store import retired_keywords
from crawler.store import prices
from crawler.store import archive

__all__ = ["migrations"]
