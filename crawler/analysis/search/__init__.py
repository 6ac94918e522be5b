"""Creators by what they are called, say of themselves, or were found by; exact, with an index or without."""

from crawler.analysis.search.find import COLUMNS, LIMIT, Found, read_found, search_creators
from crawler.analysis.search.index import forget_from_index, update_search_index

__all__ = [
    "COLUMNS",
    "LIMIT",
    "Found",
    "forget_from_index",
    "read_found",
    "search_creators",
    "update_search_index",
]
