"""The database the crawler writes: one transaction for everything that belongs together."""

from crawler.store.database import open_database, store_errors
from crawler.store.journal import Journal
from crawler.store.store import Store

__all__ = ["Journal", "Store", "open_database", "store_errors"]
