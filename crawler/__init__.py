"""Keyword files in, a database of creators out; what programs and notebooks may use of it.

    from crawler import Filters, crawl_keywords, creators

    summary = crawl_keywords(["keywords/"], token="…", calls_max=100)
    for creator in creators("data/creators.db", Filters(fans_min=10_000)):
        print(creator.name, creator.fans, creator.keywords)

A notebook, or a program with an event loop, awaits `crawl_keywords_async`, which takes the same arguments. A
setting that is not given comes from its variable (CRAWLER_DB, CRAWLER_BASE_URL, …), in the environment or in
a file `.env`, as for `crawler run`; `run_crawl` takes its settings from `RunSettings` alone. Everything else
in this package may change from one version to the next.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crawler.analysis.filters import Filters
    from crawler.creator import CreatorRow
    from crawler.engine.events import Event
    from crawler.engine.shutdown import Shutdown
    from crawler.errors import (
        AlreadyRunning,
        CrawlerError,
        InputError,
        StoreError,
        TokenError,
        WrongService,
    )
    from crawler.keywords import read_keywords
    from crawler.library import crawl_keywords, crawl_keywords_async, creators, keyword, send_notices
    from crawler.model import Keyword, Problem
    from crawler.notices.message import Delivery
    from crawler.run.crawl import run_crawl
    from crawler.settings.run import RunSettings
    from crawler.summary import RunSummary

__all__ = [
    "AlreadyRunning",
    "CrawlerError",
    "CreatorRow",
    "Delivery",
    "Event",
    "Filters",
    "InputError",
    "Keyword",
    "Problem",
    "RunSettings",
    "RunSummary",
    "Shutdown",
    "StoreError",
    "TokenError",
    "WrongService",
    "crawl_keywords",
    "crawl_keywords_async",
    "creators",
    "keyword",
    "read_keywords",
    "run_crawl",
    "send_notices",
]

_HOMES = {
    "settings.run": ("RunSettings",),
    "errors": ("AlreadyRunning", "CrawlerError", "InputError", "StoreError", "TokenError", "WrongService"),
    "engine.events": ("Event",),
    "creator": ("CreatorRow",),
    "analysis.filters": ("Filters",),
    "keywords": ("read_keywords",),
    "library": ("crawl_keywords", "crawl_keywords_async", "creators", "keyword", "send_notices"),
    "model": ("Keyword", "Problem"),
    "notices.message": ("Delivery",),
    "run.crawl": ("run_crawl",),
    "summary": ("RunSummary",),
    "engine.shutdown": ("Shutdown",),
}


def __getattr__(name: str) -> object:
    """Loads a public name when it is first asked for, so that a command loads only what it needs."""
    for module, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"crawler.{module}"), name)
    raise AttributeError(f"module 'crawler' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
