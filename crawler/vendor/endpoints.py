"""The endpoints the crawler can ask: each is a row, a path and a function that reads its pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from crawler.model import Page
from crawler.vendor.search_user_v2 import parse_user_search


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One paged keyword search. `id` is its row in `endpoints`; `read_page` takes the decoded `data`."""

    id: int
    name: str
    path: str
    read_page: Callable[[Any], Page]


SEARCH_USER_V2 = Endpoint(
    1, "xiaohongshu/search-user/v2", "/api/xiaohongshu/search-user/v2", parse_user_search
)
