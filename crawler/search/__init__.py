"""Creators by what they are called, say of themselves, or were found by; exact, with an index or without."""

from crawler.search.find import Found, search
from crawler.search.index import forget_from_index, update_search_index

__all__ = ["Found", "forget_from_index", "search", "update_search_index"]
